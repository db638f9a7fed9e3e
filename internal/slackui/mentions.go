package slackui

import "atlaskeybot/internal/approval"

// mention names a person in a way that Slack shows with their name. Whoever
// runs the bot acts beside Slack, which does not know them.
func mention(u approval.UserID) mrkdwn {
	if u == approval.Operator {
		return "the operator"
	}
	return mrkdwnf("<@%s>", u)
}

// maxNamed people and groups are named in one breath; the rest is counted.
const maxNamed = 8

// people names whoever who is, as in "@atlas-approvers, @bob". A message
// that is posted with it notifies them; one that is changed does not.
func people(who approval.Principals) mrkdwn {
	if who.Everyone {
		return "all members of this workspace"
	}
	var all []mrkdwn
	for _, g := range who.Groups {
		all = append(all, mrkdwnf("<!subteam^%s>", g))
	}
	for _, u := range who.Users {
		all = append(all, mention(u))
	}
	return joinedBy(", ", atMost(all)...)
}

// enumerated lists a few with a word before the last: "a, b and c".
func enumerated(all []mrkdwn, last mrkdwn) mrkdwn {
	if all = atMost(all); len(all) < 2 {
		return joinedBy("", all...)
	}
	return joinedBy(", ", all[:len(all)-1]...) + " " + last + " " + all[len(all)-1]
}

func atMost(all []mrkdwn) []mrkdwn {
	more := len(all) - maxNamed
	if more <= 0 {
		return all
	}
	return append(all[:maxNamed:maxNamed], mrkdwnf("%s more", more))
}
