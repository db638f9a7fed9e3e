package view

import (
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// isPartial reports whether an approver left less than was asked for, which its
// asker can decline.
func isPartial(r approval.Request) bool { return r.ReducedBy != "" && r.Decision.By != "" }

// removedByApprover says what approvers left out of what was asked for by whom, one after
// the other.
func removedByApprover(r approval.Request, whoAsked mrkdwn.Mrkdwn) mrkdwn.Mrkdwn {
	var all []mrkdwn.Mrkdwn
	for _, a := range r.Approvals {
		all = append(all, removedBy(a, whoAsked))
	}
	return mrkdwn.JoinSentences(all...)
}

// removedBy is empty if an approver left nothing out.
func removedBy(a approval.Approval, whoAsked mrkdwn.Mrkdwn) mrkdwn.Mrkdwn {
	if !a.IsPartial() {
		return ""
	}
	what := mrkdwn.JoinedBy("; ", withoutRoles(a), withoutProjects(a), fewerNetworks(a), shorterLifetime(a))
	if what != "" {
		what = ": " + what
	}
	return mrkdwn.Mrkdwnf(":scissors: *%s approved less than %s*%s.", Mention(a.By), whoAsked, mrkdwn.TruncateMrkdwn(what, 1000))
}

func withoutRoles(a approval.Approval) mrkdwn.Mrkdwn {
	gone := slices.DeleteFunc(slices.Clone(a.Before.Roles), func(role policy.Role) bool { return slices.Contains(a.After.Roles, role) })
	if len(gone) == 0 {
		return ""
	}
	return mrkdwn.Mrkdwnf("without %s", mrkdwn.BotText(mrkdwn.Truncate(Titles(gone), 300)))
}

func withoutProjects(a approval.Approval) mrkdwn.Mrkdwn {
	var gone []mrkdwn.Mrkdwn
	for _, p := range a.Before.Projects {
		if !slices.ContainsFunc(a.After.Projects, func(have policy.ProjectAccess) bool { return have.ID == p.ID }) {
			gone = append(gone, mrkdwn.Mrkdwnf("%s in %s", mrkdwn.BotText(Titles(p.Roles)), projectName(p.Project)))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "without " + mrkdwn.JoinedBy(", ", gone...)
}

func fewerNetworks(a approval.Approval) mrkdwn.Mrkdwn {
	before, now := namedAddresses(a.Before), namedAddresses(a.After)
	if before == now {
		return ""
	}
	return mrkdwn.Mrkdwnf("from %s instead of %s", mrkdwn.Truncate(now, 300), mrkdwn.Truncate(before, 300))
}

func shorterLifetime(a approval.Approval) mrkdwn.Mrkdwn {
	if a.Before.Lifetime == a.After.Lifetime {
		return ""
	}
	return mrkdwn.Mrkdwnf("for %s instead of %s", mrkdwn.BotText(mrkdwn.HumanDuration(a.After.Lifetime)), mrkdwn.BotText(mrkdwn.HumanDuration(a.Before.Lifetime)))
}
