package slackui

import (
	"slices"

	"atlaskeybot/internal/approval"
)

// isLess reports whether an approver left less than was asked for, which its
// asker can decline.
func isLess(r approval.Request) bool { return r.NarrowedBy != "" && r.Decision.By != "" }

// leftOut says what an approver left out of what was asked for by whom.
func leftOut(r approval.Request, whoAsked mrkdwn) mrkdwn {
	if r.NarrowedBy == "" {
		return ""
	}
	what := joinedBy("; ", withoutRoles(r), withoutProjects(r), fewerAddresses(r), shorterLife(r))
	if what != "" {
		what = ": " + what
	}
	return say(":scissors: *%s approved less than %s*%s.", mention(r.NarrowedBy), whoAsked, shorten(what, 1000))
}

func withoutRoles(r approval.Request) mrkdwn {
	gone := slices.DeleteFunc(slices.Clone(r.Wanted.Roles), func(role approval.Role) bool { return slices.Contains(r.Access.Roles, role) })
	if len(gone) == 0 {
		return ""
	}
	return say("without %s", clip(titles(gone), 300))
}

func withoutProjects(r approval.Request) mrkdwn {
	var gone []mrkdwn
	for _, p := range r.Wanted.Projects {
		if !slices.ContainsFunc(r.Access.Projects, func(have approval.ProjectAccess) bool { return have.ID == p.ID }) {
			gone = append(gone, say("%s in %s", titles(p.Roles), projectName(p.Project)))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "without " + joinedBy(", ", gone...)
}

// fewerAddresses is not said once the owner can have changed them: what is
// different then need not be the approver's doing.
func fewerAddresses(r approval.Request) mrkdwn {
	fixed := r.EndsAt.IsZero() || r.State == approval.Delivered
	before, now := namedAddresses(r.Wanted), namedAddresses(r.Access)
	if !fixed || before == now {
		return ""
	}
	return say("from %s instead of %s", clip(now, 300), clip(before, 300))
}

func shorterLife(r approval.Request) mrkdwn {
	if r.Wanted.Lifetime == r.Access.Lifetime {
		return ""
	}
	return say("for %s instead of %s", span(r.Access.Lifetime), span(r.Wanted.Lifetime))
}
