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
func removedByApprover(r approval.Request, whoAsked mrkdwn.Text) mrkdwn.Text {
	var all []mrkdwn.Text
	for _, a := range r.Approvals {
		all = append(all, removedBy(a, whoAsked))
	}
	return mrkdwn.JoinSentences(all...)
}

// removedBy is empty if an approver left nothing out.
func removedBy(a approval.Approval, whoAsked mrkdwn.Text) mrkdwn.Text {
	if !a.IsPartial() {
		return ""
	}
	what := mrkdwn.JoinedBy("; ", withoutRoles(a), withoutProjects(a), fewerNetworks(a), shorterLifetime(a))
	if what != "" {
		what = ": " + what
	}
	return mrkdwn.Textf(":scissors: *%s approved less than %s*%s.", Mention(a.By), whoAsked, mrkdwn.TruncateText(what, 1000))
}

func withoutRoles(a approval.Approval) mrkdwn.Text {
	gone := slices.DeleteFunc(slices.Clone(a.Before.Roles), func(role policy.Role) bool { return slices.Contains(a.After.Roles, role) })
	if len(gone) == 0 {
		return ""
	}
	return mrkdwn.Textf("without %s", mrkdwn.BotText(mrkdwn.Truncate(Titles(gone), 300)))
}

func withoutProjects(a approval.Approval) mrkdwn.Text {
	var gone []mrkdwn.Text
	for _, p := range a.Before.Projects {
		if !slices.ContainsFunc(a.After.Projects, func(have policy.ProjectAccess) bool { return have.ID == p.ID }) {
			gone = append(gone, mrkdwn.Textf("%s in %s", mrkdwn.BotText(Titles(p.Roles)), projectName(p.Project)))
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "without " + mrkdwn.JoinedBy(", ", gone...)
}

func fewerNetworks(a approval.Approval) mrkdwn.Text {
	before, now := namedAddresses(a.Before), namedAddresses(a.After)
	if before == now {
		return ""
	}
	return mrkdwn.Textf("from %s instead of %s", mrkdwn.Truncate(now, 300), mrkdwn.Truncate(before, 300))
}

func shorterLifetime(a approval.Approval) mrkdwn.Text {
	if a.Before.Lifetime == a.After.Lifetime {
		return ""
	}
	return mrkdwn.Textf("for %s instead of %s", mrkdwn.BotText(mrkdwn.Duration(a.After.Lifetime)), mrkdwn.BotText(mrkdwn.Duration(a.Before.Lifetime)))
}
