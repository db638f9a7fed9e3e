package slackui

import (
	"slices"

	"atlaskeybot/internal/approval"
)

// isLess reports whether an approver left less than was asked for, which its
// asker can decline.
func isLess(r approval.Request) bool { return r.NarrowedBy != "" && r.Decision.By != "" }

// leftOut says what approvers left out of what was asked for by whom, one after
// the other.
func leftOut(r approval.Request, whoAsked mrkdwn) mrkdwn {
	var all []mrkdwn
	for _, a := range r.Approvals {
		all = append(all, leftOutBy(a, whoAsked))
	}
	return sentences(all...)
}

// leftOutBy is empty if an approver left nothing out.
func leftOutBy(a approval.Approval, whoAsked mrkdwn) mrkdwn {
	if !a.IsLess() {
		return ""
	}
	what := joinedBy("; ", withoutRoles(a), withoutProjects(a), fewerAddresses(a), shorterLife(a))
	if what != "" {
		what = ": " + what
	}
	return say(":scissors: *%s approved less than %s*%s.", mention(a.By), whoAsked, shorten(what, 1000))
}

func withoutRoles(a approval.Approval) mrkdwn {
	gone := slices.DeleteFunc(slices.Clone(a.Before.Roles), func(role approval.Role) bool { return slices.Contains(a.After.Roles, role) })
	if len(gone) == 0 {
		return ""
	}
	return say("without %s", botText(clip(titles(gone), 300)))
}

func withoutProjects(a approval.Approval) mrkdwn {
	var gone []mrkdwn
	for _, p := range a.Before.Projects {
		if !slices.ContainsFunc(a.After.Projects, func(have approval.ProjectAccess) bool { return have.ID == p.ID }) {
			gone = append(gone, say("%s in %s", botText(titles(p.Roles)), projectName(p.Project)))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "without " + joinedBy(", ", gone...)
}

func fewerAddresses(a approval.Approval) mrkdwn {
	before, now := namedAddresses(a.Before), namedAddresses(a.After)
	if before == now {
		return ""
	}
	return say("from %s instead of %s", clip(now, 300), clip(before, 300))
}

func shorterLife(a approval.Approval) mrkdwn {
	if a.Before.Lifetime == a.After.Lifetime {
		return ""
	}
	return say("for %s instead of %s", botText(span(a.After.Lifetime)), botText(span(a.Before.Lifetime)))
}
