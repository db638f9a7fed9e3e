package view

import (
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Mention names a user in a way that Slack shows with their name. A user who
// runs the bot acts beside Slack, which does not know them.
func Mention(u policy.UserID) mrkdwn.Text {
	if u == service.Operator {
		return "the operator"
	}
	return mrkdwn.Textf("<@%s>", u)
}

// maxNamed people and groups are named in one breath; the rest is counted.
const maxNamed = 8

// people names principals, as in "@atlas-approvers, @bob". A message
// that is posted with it notifies them; one that is changed does not.
func people(who policy.Principals) mrkdwn.Text {
	if who.Everyone {
		return "all members of this workspace"
	}
	var all []mrkdwn.Text
	for _, g := range who.Groups {
		all = append(all, mrkdwn.Textf("<!subteam^%s>", g))
	}
	for _, u := range who.Users {
		all = append(all, Mention(u))
	}
	return mrkdwn.JoinedBy(", ", atMost(all)...)
}

// enumerated lists a few with a word before the last: "a, b and c".
func enumerated(all []mrkdwn.Text, last mrkdwn.Text) mrkdwn.Text {
	if all = atMost(all); len(all) < 2 {
		return mrkdwn.JoinedBy("", all...)
	}
	return mrkdwn.JoinedBy(", ", all[:len(all)-1]...) + " " + last + " " + all[len(all)-1]
}

func atMost(all []mrkdwn.Text) []mrkdwn.Text {
	more := len(all) - maxNamed
	if more <= 0 {
		return all
	}
	return append(all[:maxNamed:maxNamed], mrkdwn.Textf("%s more", more))
}
