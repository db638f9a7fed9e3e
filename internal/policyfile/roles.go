package policyfile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// A kind of roles, by how their names begin.
type kind struct {
	shape  *regexp.Regexp
	wanted string
}

var (
	organization = kind{regexp.MustCompile(`^ORG_[A-Z_]+$`), "organization roles look like ORG_READ_ONLY"}
	inProjects   = kind{regexp.MustCompile(`^GROUP_[A-Z_]+$`), "project roles look like GROUP_READ_ONLY"}
)

// roles reads what may be asked for in the organization.
func (r *reader) roles(n *yaml.Node) {
	if n != nil {
		r.policy.Roles = r.rules(n, "roles", organization)
	}
}

// projects reads what may be asked for in projects: the built-in list, or one
// like that of roles.
func (r *reader) projects(n *yaml.Node) {
	if n == nil {
		return
	}
	m := r.mapping(n, "projects", "roles")
	roles := m["roles"]
	switch {
	case n.Kind != yaml.MappingNode || r.missing(n, "projects", m, "roles"):
	case roles.Kind == yaml.ScalarNode && roles.Value == "default":
		r.policy.ProjectRoles = policy.RulesFor(policy.DefaultProjectRoles()...)
	default:
		r.policy.ProjectRoles = r.rules(roles, "roles of projects", inProjects)
	}
}

// rules reads roles in the order in which they are offered.
func (r *reader) rules(n *yaml.Node, what string, k kind) []policy.RoleRule {
	var all []policy.RoleRule
	entries := r.entries(n, what)
	for _, e := range entries {
		if r.problemIf(e.at, !k.shape.MatchString(e.key), "%s has %q: %s", what, e.key, k.wanted) {
			continue
		}
		all = append(all, r.rule(policy.Role(e.key), e.value))
	}
	r.problemIf(n, n.Kind == yaml.MappingNode && len(entries) == 0, "%s has nothing in it", what)
	r.problemIf(n, len(all) > maxChoices, "%s has %d entries: at most %d, since Slack shows no more in a menu", what, len(all), maxChoices)
	return all
}

// rule reads what goes for one role. A role with nothing after it is one with
// nothing special.
func (r *reader) rule(role policy.Role, n *yaml.Node) policy.RoleRule {
	rule := policy.RoleRule{Role: role, AllowedRequesters: policy.Principals{Everyone: true}}
	if isNull(n) {
		return rule
	}
	what := string(role)
	m := r.mapping(n, what, "ask", "approvals", "longest", "widest_ipv4", "widest_ipv6")
	if m["ask"] != nil {
		rule.AllowedRequesters = r.optionalPrincipals(m["ask"], "ask of "+what)
	}
	if m["approvals"] != nil {
		rule.Requirements = r.needs(m["approvals"], "approvals of "+what)
		r.roleAt[role] = m["approvals"]
	}
	rule.MaxLifetime, _ = r.atLeast(m["longest"], "longest of "+what, minLifetime)
	r.fits(m["longest"], "longest of "+what, rule.MaxLifetime)
	rule.MinPrefixIPv4 = r.narrower(m["widest_ipv4"], "widest_ipv4 of "+what, 32, r.policy.MinPrefixIPv4)
	rule.MinPrefixIPv6 = r.narrower(m["widest_ipv6"], "widest_ipv6 of "+what, 128, r.policy.MinPrefixIPv6)
	return rule
}

// fits holds a longest life against the choices that people have.
func (r *reader) fits(n *yaml.Node, what string, longest time.Duration) {
	if longest == 0 || len(r.policy.Lifetimes) == 0 {
		return // that is a problem of its own
	}
	shortest := slices.Min(r.policy.Lifetimes)
	r.problemIf(n, shortest > longest, "%s is %s, and no lifetime is that short: the shortest is %s", what, FormatDuration(longest), FormatDuration(shortest))
}

// narrower reads the widest network of one role, which cannot be wider than that
// of all.
func (r *reader) narrower(n *yaml.Node, what string, bits, all int) int {
	mask := r.mask(n, what, bits, 0)
	r.problemIf(n, n != nil && mask < all && mask > 0, "%s is /%d, which is wider than /%d, the widest for every role: that one goes", what, mask, all)
	return mask
}

func (r *reader) mask(n *yaml.Node, what string, bits, stay int) int {
	if n == nil {
		return stay
	}
	word, ok := r.scalar(n, what)
	if !ok {
		return stay
	}
	mask, err := ParseMask(word)
	switch {
	case r.problemIf(n, err != nil, "%s: %v", what, err):
		return stay
	case r.problemIf(n, mask > bits, "%s is /%d: /0 to /%d", what, mask, bits):
		return stay
	}
	return mask
}

// some reads a list of roles, one at least, of the given kinds.
func (r *reader) some(n *yaml.Node, what string, kinds ...kind) []policy.Role {
	var all []policy.Role
	for _, item := range r.scalars(n, what) {
		known := slices.ContainsFunc(kinds, func(k kind) bool { return k.shape.MatchString(item.Value) })
		if r.problemIf(item, !known, "%s has %q: %s", what, item.Value, wanted(kinds)) {
			continue
		}
		all = append(all, policy.Role(item.Value))
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s has nothing in it", what)
	return all
}

func wanted(kinds []kind) string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.wanted)
	}
	return strings.Join(all, ", ")
}
