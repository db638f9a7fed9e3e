package slackui

import (
	"slices"

	"atlaskeybot/internal/approval"
)

// isPartial reports whether an approver left less than was asked for, which its
// asker can decline.
func isPartial(r approval.Request) bool { return r.ReducedBy != "" && r.Decision.By != "" }

// removedByApprover says what approvers left out of what was asked for by whom, one after
// the other.
func removedByApprover(r approval.Request, whoAsked mrkdwn) mrkdwn {
	var all []mrkdwn
	for _, a := range r.Approvals {
		all = append(all, removedBy(a, whoAsked))
	}
	return joinSentences(all...)
}

// removedBy is empty if an approver left nothing out.
func removedBy(a approval.Approval, whoAsked mrkdwn) mrkdwn {
	if !a.IsPartial() {
		return ""
	}
	what := joinedBy("; ", withoutRoles(a), withoutProjects(a), fewerNetworks(a), shorterLifetime(a))
	if what != "" {
		what = ": " + what
	}
	return mrkdwnf(":scissors: *%s approved less than %s*%s.", mention(a.By), whoAsked, truncateMrkdwn(what, 1000))
}

func withoutRoles(a approval.Approval) mrkdwn {
	gone := slices.DeleteFunc(slices.Clone(a.Before.Roles), func(role approval.Role) bool { return slices.Contains(a.After.Roles, role) })
	if len(gone) == 0 {
		return ""
	}
	return mrkdwnf("without %s", botText(truncate(titles(gone), 300)))
}

func withoutProjects(a approval.Approval) mrkdwn {
	var gone []mrkdwn
	for _, p := range a.Before.Projects {
		if !slices.ContainsFunc(a.After.Projects, func(have approval.ProjectAccess) bool { return have.ID == p.ID }) {
			gone = append(gone, mrkdwnf("%s in %s", botText(titles(p.Roles)), projectName(p.Project)))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "without " + joinedBy(", ", gone...)
}

func fewerNetworks(a approval.Approval) mrkdwn {
	before, now := namedAddresses(a.Before), namedAddresses(a.After)
	if before == now {
		return ""
	}
	return mrkdwnf("from %s instead of %s", truncate(now, 300), truncate(before, 300))
}

func shorterLifetime(a approval.Approval) mrkdwn {
	if a.Before.Lifetime == a.After.Lifetime {
		return ""
	}
	return mrkdwnf("for %s instead of %s", botText(humanDuration(a.After.Lifetime)), botText(humanDuration(a.Before.Lifetime)))
}
