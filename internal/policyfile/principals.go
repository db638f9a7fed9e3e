package policyfile

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

var (
	userID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	groupID = regexp.MustCompile(`^S[A-Z0-9]{2,}$`)
)

const (
	maxRequirements = 5 // entries of one list of required approvals
	maxCount        = 5 // approvals of one entry
)

// principals reads a list of users and groups, which may be empty.
func (r *reader) principals(n *yaml.Node, what string, base policy.Principals) policy.Principals {
	if n == nil {
		return base
	}
	var all policy.Principals
	for _, item := range r.scalars(n, what) {
		switch {
		case userID.MatchString(item.Value):
			all.Users = append(all.Users, policy.UserID(item.Value))
		case groupID.MatchString(item.Value):
			all.Groups = append(all.Groups, policy.GroupID(item.Value))
		default:
			r.add(item.Line, "%s has %q: it wants user ids (U… or W…) and user group ids (S…)", what, item.Value)
		}
	}
	return all
}

// nonEmptyPrincipals reads a list of users and groups that may not be empty.
func (r *reader) nonEmptyPrincipals(n *yaml.Node, what string) policy.Principals {
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s is empty: name a user or a group", what)
	return r.principals(n, what, policy.Principals{})
}

// principalsOrEveryone reads a list of users and groups that may not be empty, or
// the word everyone.
func (r *reader) principalsOrEveryone(n *yaml.Node, what string) policy.Principals {
	if n.Kind == yaml.ScalarNode && n.Value == "everyone" {
		return policy.Principals{Everyone: true}
	}
	return r.nonEmptyPrincipals(n, what)
}

// requirements reads a list of required approvals, which may not be empty.
func (r *reader) requirements(n *yaml.Node, what string) []policy.Requirement {
	var all []policy.Requirement
	for _, item := range r.list(n, what) {
		m := r.mapping(item, "an entry of "+what, requirementKeys...)
		if item.Kind != yaml.MappingNode || r.missing(item, "an entry of "+what, m, "from") {
			continue
		}
		requirement := policy.Requirement{From: r.nonEmptyPrincipals(m["from"], "from"), Count: r.number(m["count"], "count", 1, maxCount, 1)}
		users := len(requirement.From.Users)
		r.problemIf(item, len(requirement.From.Groups) == 0 && users > 0 && requirement.Count > users,
			"%s: count is %d, and from names %d", what, requirement.Count, users)
		r.problemIf(item, slices.ContainsFunc(all, func(o policy.Requirement) bool { return o.From.Equal(requirement.From) }),
			"%s has the same people in two entries: write one of them, with a count", what)
		all = append(all, requirement)
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s is empty: leave it out, or say whose approval is required", what)
	r.problemIf(n, len(all) > maxRequirements, "%s has %d entries: at most %d", what, len(all), maxRequirements)
	return all
}

// canApprove reports whether one of candidates could approve although excluded
// may not. Every group is taken to have members outside of excluded groups.
func canApprove(candidates, excluded policy.Principals) bool {
	return slices.ContainsFunc(candidates.Users, func(u policy.UserID) bool { return !slices.Contains(excluded.Users, u) }) ||
		slices.ContainsFunc(candidates.Groups, func(g policy.GroupID) bool { return !slices.Contains(excluded.Groups, g) })
}

// Names lists the users and groups of p for an operator, with commas.
func Names(p policy.Principals) string {
	var all []string
	if p.Everyone {
		all = append(all, "everyone")
	}
	for _, u := range p.Users {
		all = append(all, string(u))
	}
	for _, g := range p.Groups {
		all = append(all, string(g))
	}
	return strings.Join(all, ", ")
}
