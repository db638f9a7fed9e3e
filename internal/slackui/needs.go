package slackui

import (
	"slices"

	"atlaskeybot/internal/approval"
)

// approvalsNeeded says whose approvals needs are: "1 of @platform and 1 of
// @security (because of Organization Owner)".
func approvalsNeeded(needs []approval.Requirement) mrkdwn {
	all := make([]mrkdwn, len(needs))
	for i, n := range needs {
		all[i] = principalsText(n.From, n.Count)
		sameNext := i+1 < len(needs) && slices.Equal(n.For, needs[i+1].For)
		if len(n.For) > 0 && !sameNext {
			all[i] += mrkdwnf(" (because of %s)", botText(titles(n.For)))
		}
	}
	return enumerated(all, "and")
}

// principalsText says n of who.
func principalsText(who approval.Principals, n int) mrkdwn {
	switch {
	case who.Everyone:
		return mrkdwnf("%s of this workspace", botText(count(n, "member")))
	case len(who.Users) == 1 && len(who.Groups) == 0:
		return mention(who.Users[0])
	}
	return mrkdwnf("%s of %s", n, people(who))
}
