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
	maxNeeds = 5 // different groups of people for one request
	maxCount = 5
)

// people reads a list of users and groups. None is a wish, too.
func (r *reader) people(n *yaml.Node, what string, stay policy.Principals) policy.Principals {
	if n == nil {
		return stay
	}
	var who policy.Principals
	for _, item := range r.scalars(n, what) {
		switch {
		case userID.MatchString(item.Value):
			who.Users = append(who.Users, policy.UserID(item.Value))
		case groupID.MatchString(item.Value):
			who.Groups = append(who.Groups, policy.GroupID(item.Value))
		default:
			r.add(item.Line, "%s has %q: it wants user ids (U… or W…) and user group ids (S…)", what, item.Value)
		}
	}
	return who
}

// principals is people, of whom there has to be one.
func (r *reader) principals(n *yaml.Node, what string) policy.Principals {
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s names nobody", what)
	return r.people(n, what, policy.Principals{})
}

// optionalPrincipals is somebody, or the word everyone.
func (r *reader) optionalPrincipals(n *yaml.Node, what string) policy.Principals {
	if n.Kind == yaml.ScalarNode && n.Value == "everyone" {
		return policy.Principals{Everyone: true}
	}
	return r.principals(n, what)
}

// needs reads a list of approvals, one at least.
func (r *reader) needs(n *yaml.Node, what string) []policy.Requirement {
	var all []policy.Requirement
	for _, item := range r.list(n, what) {
		m := r.mapping(item, "an entry of "+what, "from", "count")
		if item.Kind != yaml.MappingNode || r.missing(item, "an entry of "+what, m, "from") {
			continue
		}
		need := policy.Requirement{From: r.principals(m["from"], "from"), Count: r.number(m["count"], "count", 1, maxCount, 1)}
		only := len(need.From.Users)
		r.problemIf(item, len(need.From.Groups) == 0 && only > 0 && need.Count > only,
			"%s: count is %d, and from names %d", what, need.Count, only)
		r.problemIf(item, slices.ContainsFunc(all, func(o policy.Requirement) bool { return o.From.Equal(need.From) }),
			"%s has the same people in two entries: write one of them, with a count", what)
		all = append(all, need)
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s has nothing in it: leave it away, or say whose approval it takes", what)
	r.problemIf(n, len(all) > maxNeeds, "%s has %d entries: at most %d", what, len(all), maxNeeds)
	return all
}

// minus reports whether anybody of who may approve, groups taken as full.
func minus(who, never policy.Principals) bool {
	return slices.ContainsFunc(who.Users, func(u policy.UserID) bool { return !slices.Contains(never.Users, u) }) ||
		slices.ContainsFunc(who.Groups, func(g policy.GroupID) bool { return !slices.Contains(never.Groups, g) })
}

// Names writes who as a list for an operator.
func Names(who policy.Principals) string {
	var all []string
	if who.Everyone {
		all = append(all, "everyone")
	}
	for _, u := range who.Users {
		all = append(all, string(u))
	}
	for _, g := range who.Groups {
		all = append(all, string(g))
	}
	return strings.Join(all, ", ")
}
