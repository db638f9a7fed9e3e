package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

// policyFile checks what only a policy file has: approvals of several people, and people who
// are not approvers.
func (r *approverCheck) policyFile(ctx context.Context) {
	r.approvals(ctx)
	r.otherPeople(ctx)
}

// approvals checks that the members of the workspace can give the approvals that
// each role requires.
func (r *approverCheck) approvals(ctx context.Context) {
	const check = "approvals"
	current := r.org.Policy
	forms := map[string]policy.Form{"most requests": {}}
	for _, rule := range current.Roles {
		forms[string(rule.Role)] = policy.Form{Roles: []policy.Role{rule.Role}}
	}
	for _, rule := range current.ProjectRoles {
		forms[string(rule.Role)] = policy.Form{Projects: []policy.ProjectID{"any"}, ProjectRoles: []policy.Role{rule.Role}}
	}
	var impossible []string
	for what, form := range forms {
		preview, err := current.Explain(ctx, r.directory, "", form)
		if err != nil {
			r.refusal(check, "to list a group", err)
			return
		}
		if preview.NoEligibleApprover {
			impossible = append(impossible, what)
		}
	}
	if slices.Sort(impossible); len(impossible) > 0 {
		r.bad(check, "The people there are now cannot give all the approvals of "+strings.Join(impossible, ", ")+".",
			"Add people to the groups in Slack, or ask for fewer approvals in "+r.org.PolicyFile+".")
		return
	}
	r.ok(check, "The people there are now can give the approvals of every role.")
}

// otherPeople checks those whom the file names beside the approvers: requesters, and
// those who may break the glass or need no approval.
func (r *approverCheck) otherPeople(ctx context.Context) {
	const check = "policy people"
	users, groups := r.otherPrincipals()
	found := len(r.findings)
	for _, u := range users {
		standing, err := r.directory.MemberStatus(ctx, policy.Actor{User: u, Team: r.workspace.Team, Enterprise: r.workspace.Enterprise})
		switch {
		case err != nil:
			r.refusal(check, "to look up "+string(u), err)
		case standing != policy.Member:
			r.warn(check, fmt.Sprintf("%s %s.", u, NotMemberReason(standing)), fmt.Sprintf("Take %s out of %s.", u, r.org.PolicyFile))
		}
	}
	if len(groups) > 0 {
		r.otherGroups(ctx, groups)
	}
	if n := len(users) + len(groups); n > 0 && len(r.findings) == found {
		r.ok(check, fmt.Sprintf("All others whom the policy names exist: %s.",
			policyfile.Names(policy.Principals{Users: users, Groups: groups})))
	}
}

func (r *approverCheck) otherGroups(ctx context.Context, groups []policy.GroupID) {
	const check = "policy people"
	listed, err := r.workspace.UserGroups(ctx)
	if err != nil {
		r.refusal(check, "to list the user groups", err)
		return
	}
	for _, id := range groups {
		switch g, there := listed[id]; {
		case !there:
			r.bad(check, fmt.Sprintf("Slack lists no user group %s.", id), "Copy the group's id (People & user groups, the group, ..., Copy group ID).")
		case g.Disabled:
			r.bad(check, fmt.Sprintf("The user group %s is disabled.", called(id, g)), "Enable it in Slack, or name another one in "+r.org.PolicyFile+".")
		}
	}
}

// otherPrincipals returns the users and groups of the policy that are not approvers,
// each once.
func (r *approverCheck) otherPrincipals() ([]policy.UserID, []policy.GroupID) {
	current := r.org.Policy
	all := []policy.Principals{current.ExcludedApprovers, current.BreakGlass.AllowedRequesters}
	for _, rule := range slices.Concat(current.Roles, current.ProjectRoles) {
		all = append(all, rule.AllowedRequesters)
	}
	for _, rule := range current.AutoApprovals {
		all = append(all, rule.AllowedRequesters)
	}
	approvers := current.Approvers()
	var users []policy.UserID
	var groups []policy.GroupID
	for _, who := range all {
		for _, u := range who.Users {
			if !slices.Contains(approvers.Users, u) && !slices.Contains(users, u) {
				users = append(users, u)
			}
		}
		for _, g := range who.Groups {
			if !slices.Contains(approvers.Groups, g) && !slices.Contains(groups, g) {
				groups = append(groups, g)
			}
		}
	}
	return users, groups
}
