package slackui

import (
	"slices"

	"atlaskeybot/internal/approval"
)

// approvalsNeeded says whose approvals needs are: "1 of @platform and 1 of
// @security (because of Organization Owner)".
func approvalsNeeded(needs []approval.Need) mrkdwn {
	all := make([]mrkdwn, len(needs))
	for i, n := range needs {
		all[i] = someOf(n.From, n.Count)
		sameNext := i+1 < len(needs) && slices.Equal(n.For, needs[i+1].For)
		if len(n.For) > 0 && !sameNext {
			all[i] += say(" (because of %s)", botText(titles(n.For)))
		}
	}
	return enumerated(all, "and")
}

// someOf says n of who.
func someOf(who approval.Who, n int) mrkdwn {
	switch {
	case who.Everyone:
		return say("%s of this workspace", botText(count(n, "member")))
	case len(who.Users) == 1 && len(who.Groups) == 0:
		return mention(who.Users[0])
	}
	return say("%s of %s", n, people(who))
}
