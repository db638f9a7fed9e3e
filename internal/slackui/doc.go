// Package slackui turns Slack into the words of package approval and back:
// everything that a person sees or presses. It holds no rules. Who may do what,
// and what follows, is decided by [approval.Service]; what is shown is a pure
// function of an [approval.Request], drawn again whole each time.
//
// [Connect] finds out who we are. From the [Slack] that it returns come the two
// ports that the domain needs, [Slack.Directory] and [Slack.Messenger], and, once
// the service exists, an [App] with one of two doors: [Slack.Socket] or
// [Slack.HTTP]. The doors hand the same deliveries to the same App; the rest
// cannot tell them apart.
package slackui
