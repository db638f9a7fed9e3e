package view

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// PartialForm is the modal in which an approver approves a part of what was asked
// for. All of it is there at first; what is taken away is not granted.
//
//	┌──────────────────────────────────────────────┐
//	│ Approve less                                 │
//	│ @alice asked for … Take away what …          │
//	│ What may it do?        [ roles            ▾ ]│
//	│ In which projects?     [ projects         ▾ ]│
//	│ From which addresses?  [ 203.0.113.7        ]│
//	│ For how long?          [ 8 hours          ▾ ]│
//	│                       [ Cancel ] [ Approve ] │
//	└──────────────────────────────────────────────┘
func PartialForm(p policy.Policy, r approval.Request, metadata string) slack.ModalViewRequest {
	in := inputs{roles: r.Access.Roles, lifetimes: shorterThan(r.Access.Lifetime, p.Lifetimes), filled: FormState{Form: policy.Form{
		Roles: r.Access.Roles, Networks: wholeList(r.Access), Lifetime: r.Access.Lifetime,
	}}}
	blocks := []slack.Block{
		mrkdwn.Section(requestedText(r)),
		mrkdwn.Section(mrkdwn.Textf("Remove what you don't want to grant, then approve. %s sees your changes and can decline. You can't add access.", Mention(r.Requester))),
		in.block(policy.FieldRoles, asking("Organization roles", "")),
	}
	if len(r.Access.Projects) > 0 {
		blocks = append(blocks, in.block(policy.FieldProjects, optionalInput, asking("Projects", "Each with the requested project roles."), requestedProjects(r.Access)))
	}
	m := mrkdwn.Modal(ViewPartial, "Approve with changes", append(blocks,
		in.block(policy.FieldNetworks, asking("IP access list", "Must be within the requested addresses.")),
		in.block(policy.FieldLifetime, asking("Expires after", "Starts when the key is created.")),
	)...)
	m.Submit = mrkdwn.PlainText("Approve")
	m.PrivateMetadata = metadata
	return m
}

// requestedProjects offers the projects of a, all of them chosen.
func requestedProjects(a policy.Access) func(*slack.InputBlock) {
	return func(b *slack.InputBlock) {
		b.Element = mrkdwn.MultiSelect(b.BlockID, "Choose projects", a.Projects,
			func(p policy.ProjectAccess) *slack.OptionBlockObject { return mrkdwn.ProjectOption(p.Project) },
			func(policy.ProjectAccess) bool { return true })
	}
}

// wholeList is every address as a user would type it, also those that were
// picked by a name.
func wholeList(a policy.Access) string {
	return formatAddresses(policy.Access{Networks: a.Networks})
}

// shorterThan are the choices that are shorter than what was requested, and that.
func shorterThan(asked time.Duration, choices []time.Duration) []time.Duration {
	var shorter []time.Duration
	for _, d := range choices {
		if d < asked {
			shorter = append(shorter, d)
		}
	}
	return append(shorter, asked)
}

// PartialApproval is the form as it was sent.
func PartialApproval(v payload.SentView) policy.PartialApproval {
	f := ReadForm(v)
	return policy.PartialApproval{Roles: f.Roles, Projects: f.Projects, Networks: f.Networks, Lifetime: f.Lifetime}
}

// IsApprovedAs reports whether user approved r already and it now is what n
// leaves: the same form, sent again.
func IsApprovedAs(r approval.Request, user policy.UserID, n policy.PartialApproval) bool {
	approved := slices.ContainsFunc(r.Approvals, func(a approval.Approval) bool { return a.By == user })
	networks, problems := policy.Policy{MaxEntries: policy.MaxNetworks}.Networks(n.Networks)
	return approved && len(problems) == 0 && n.Lifetime == r.Access.Lifetime &&
		sameSet(n.Roles, r.Access.Roles) && sameSet(networks, r.Access.Networks) && sameSet(n.Projects, projectIDs(r.Access))
}

func projectIDs(a policy.Access) []policy.ProjectID {
	var ids []policy.ProjectID
	for _, p := range a.Projects {
		ids = append(ids, p.ID)
	}
	return ids
}

// sameSet compares lists in which nothing is twice.
func sameSet[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(it T) bool { return !slices.Contains(b, it) })
}

// isPartial reports whether an approver left less than was asked for, which its
// asker can decline.
func isPartial(r approval.Request) bool { return r.ReducedBy != "" && r.Decision.By != "" }

// removedByApprover says what approvers left out, one after the other.
func removedByApprover(r approval.Request) mrkdwn.Text {
	var all []mrkdwn.Text
	for _, a := range r.Approvals {
		all = append(all, removedBy(a))
	}
	return mrkdwn.JoinSentences(all...)
}

// removedBy is empty if an approver left nothing out.
func removedBy(a approval.Approval) mrkdwn.Text {
	if !a.IsPartial() {
		return ""
	}
	what := mrkdwn.JoinedBy("; ", withoutRoles(a), withoutProjects(a), fewerNetworks(a), shorterLifetime(a))
	if what != "" {
		what = ": " + what
	}
	return mrkdwn.Textf(":scissors: *Reduced* by %s%s.", Mention(a.By), mrkdwn.TruncateText(what, 1000))
}

// approverNote is what the approvers who reduced r wrote to its requester.
func approverNote(r approval.Request) mrkdwn.Text {
	var all []mrkdwn.Text
	for _, a := range r.Approvals {
		if a.Note != "" {
			all = append(all, mrkdwn.Textf("%s: %s.", Mention(a.By), a.Note))
		}
	}
	return mrkdwn.JoinSentences(all...)
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
	return mrkdwn.Textf("%s instead of %s", mrkdwn.Truncate(now, 300), mrkdwn.Truncate(before, 300))
}

func shorterLifetime(a approval.Approval) mrkdwn.Text {
	if a.Before.Lifetime == a.After.Lifetime {
		return ""
	}
	return mrkdwn.Textf("%s instead of %s", mrkdwn.BotText(mrkdwn.Duration(a.After.Lifetime)), mrkdwn.BotText(mrkdwn.Duration(a.Before.Lifetime)))
}
