package policyfile

import (
	"cmp"
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// A StaticDirectory is a [policy.Directory] that asks no one. Every group has as
// many members as any policy can require, and no two groups share one, except
// that User is in the groups In. Approvals that this directory cannot satisfy
// cannot be satisfied in any workspace.
type StaticDirectory struct {
	User policy.UserID
	In   []policy.GroupID
}

var _ policy.Directory = StaticDirectory{}

// MemberStatus implements [policy.Directory]: every user is a full member.
func (StaticDirectory) MemberStatus(context.Context, policy.Actor) (policy.MemberStatus, error) {
	return policy.Member, nil
}

// Deactivated implements [policy.Directory].
func (StaticDirectory) Deactivated(context.Context, policy.UserID) (bool, error) { return false, nil }

// Members implements [policy.Directory].
func (d StaticDirectory) Members(_ context.Context, g policy.GroupID) ([]policy.UserID, error) {
	var all []policy.UserID
	for i := range maxRequirements * maxCount {
		all = append(all, policy.UserID(fmt.Sprintf("%s/%d", g, i)))
	}
	for _, in := range d.In {
		if in == g {
			all = append(all, d.User)
		}
	}
	return all, nil
}

// checkSatisfiable refuses required approvals that can never all be given: one
// person counts for one of them, and excluded approvers for none. It evaluates
// the policy itself, and only once everything else is in order.
func (r *reader) checkSatisfiable(m map[string]*yaml.Node) {
	if len(r.problems) > 0 {
		return
	}
	const message = "can never all be given: one person counts for one of them, and excluded_approvers count for none"
	usual := cmp.Or(m["required_approvals"], m["excluded_approvers"])
	r.problemIf(usual, usual != nil && r.unsatisfiable(policy.Form{}), "required_approvals (of %s) %s", r.usualApprovers(), message)
	for role, at := range r.requirementsAt {
		form := policy.Form{Roles: []policy.Role{role}}
		if projectRole.pattern.MatchString(string(role)) {
			form = policy.Form{Projects: []policy.ProjectID{"any"}, ProjectRoles: []policy.Role{role}}
		}
		r.problemIf(at, r.unsatisfiable(form), "required_approvals of %s %s", role, message)
	}
}

func (r *reader) unsatisfiable(form policy.Form) bool {
	preview, err := r.policy.Explain(context.Background(), StaticDirectory{}, "", form)
	return err == nil && preview.NoEligibleApprover
}

// usualApprovers names the people whose approval every request requires.
func (r *reader) usualApprovers() string {
	var all policy.Principals
	for _, requirement := range r.policy.Requirements {
		all.Users = append(all.Users, requirement.From.Users...)
		all.Groups = append(all.Groups, requirement.From.Groups...)
	}
	return Names(all)
}
