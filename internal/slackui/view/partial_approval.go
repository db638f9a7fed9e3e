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
		mrkdwn.Section(mrkdwn.Textf("Take away what you do not approve, and press *Approve*. %s reads what you took away and by whom, and can decline the rest. Nothing can be added.", Mention(r.Requester))),
		in.block(policy.FieldRoles, asking("What may it do?", "")),
	}
	if len(r.Access.Projects) > 0 {
		blocks = append(blocks, in.block(policy.FieldProjects, optionalInput, asking("In which projects?", "In each with the project roles that were asked for."), requestedProjects(r.Access)))
	}
	m := mrkdwn.Modal(ViewPartial, "Approve with changes", append(blocks,
		in.block(policy.FieldNetworks, asking("From which addresses?", "All of them are among those asked for, or inside of them.")),
		in.block(policy.FieldLifetime, asking("For how long?", "Counted from the moment the key is made.")),
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
