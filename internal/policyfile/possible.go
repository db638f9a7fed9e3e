package policyfile

import (
	"cmp"
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// StaticDirectory is a directory of people that nobody was asked about: every group has
// members enough for whatever is wanted of it, and User is in the groups In.
// What is impossible with it is impossible whoever is in which group.
type StaticDirectory struct {
	User policy.UserID
	In   []policy.GroupID
}

var _ policy.Directory = StaticDirectory{}

// MemberStatus implements [approval.Directory]: everybody is a member.
func (StaticDirectory) MemberStatus(context.Context, policy.Actor) (policy.MemberStatus, error) {
	return policy.Member, nil
}

// Deactivated implements [approval.Directory].
func (StaticDirectory) Deactivated(context.Context, policy.UserID) (bool, error) { return false, nil }

// Members implements [approval.Directory]. No two groups share a member, but
// for User.
func (a StaticDirectory) Members(_ context.Context, g policy.GroupID) ([]policy.UserID, error) {
	var all []policy.UserID
	for i := range maxNeeds * maxCount {
		all = append(all, policy.UserID(fmt.Sprintf("%s/%d", g, i)))
	}
	for _, in := range a.In {
		if in == g {
			all = append(all, a.User)
		}
	}
	return all, nil
}

// satisfiable looks for approvals that could never all be given: one person counts
// for one of them, and those of never_approve for none. It asks the rules
// themselves, once everything else is in order.
func (r *reader) satisfiable(m map[string]*yaml.Node) {
	if len(r.problems) > 0 {
		return
	}
	const says = "can never all be given: one person counts for one of them, and whoever is in never_approve for none"
	usual := cmp.Or(m["approvals"], m["never_approve"])
	r.problemIf(usual, usual != nil && r.cannot(policy.Form{}), "the usual approvals (of %s) %s", r.asked(), says)
	for role, at := range r.roleAt {
		form := policy.Form{Roles: []policy.Role{role}}
		if inProjects.shape.MatchString(string(role)) {
			form = policy.Form{Projects: []policy.ProjectID{"any"}, ProjectRoles: []policy.Role{role}}
		}
		r.problemIf(at, r.cannot(form), "the approvals of %s %s", role, says)
	}
}

func (r *reader) cannot(form policy.Form) bool {
	preview, err := r.policy.Explain(context.Background(), StaticDirectory{}, "", form)
	return err == nil && preview.NoEligibleApprover
}

// asked names those of the usual approvals.
func (r *reader) asked() string {
	var all policy.Principals
	for _, n := range r.policy.Requirements {
		all.Users = append(all.Users, n.From.Users...)
		all.Groups = append(all.Groups, n.From.Groups...)
	}
	return Names(all)
}
