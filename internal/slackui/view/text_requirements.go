package view

import (
	"slices"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// approvalsNeeded says whose approvals needs are: "1 of @platform and 1 of
// @security (because of Organization Owner)".
func approvalsNeeded(needs []policy.Requirement) mrkdwn.Text {
	all := make([]mrkdwn.Text, len(needs))
	for i, n := range needs {
		all[i] = principalsText(n.From, n.Count)
		sameNext := i+1 < len(needs) && slices.Equal(n.For, needs[i+1].For)
		if len(n.For) > 0 && !sameNext {
			all[i] += mrkdwn.Textf(" (because of %s)", mrkdwn.BotText(Titles(n.For)))
		}
	}
	return enumerated(all, "and")
}

// principalsText says n of who.
func principalsText(who policy.Principals, n int) mrkdwn.Text {
	switch {
	case who.Everyone:
		return mrkdwn.Textf("%s of this workspace", mrkdwn.BotText(mrkdwn.Count(n, "member")))
	case len(who.Users) == 1 && len(who.Groups) == 0:
		return Mention(who.Users[0])
	}
	return mrkdwn.Textf("%s of %s", n, people(who))
}
