package policyfile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// A roleKind tells organization roles from project roles by their names.
type roleKind struct {
	pattern *regexp.Regexp
	hint    string
}

var (
	orgRole     = roleKind{regexp.MustCompile(`^ORG_[A-Z_]+$`), "organization roles look like ORG_READ_ONLY"}
	projectRole = roleKind{regexp.MustCompile(`^GROUP_[A-Z_]+$`), "project roles look like GROUP_READ_ONLY"}
)

// roles reads the organization roles that can be requested.
func (r *reader) roles(n *yaml.Node) {
	if n != nil {
		r.policy.Roles = r.roleRules(n, "roles", orgRole)
	}
}

// projectRoles reads the project roles that can be requested: the word default
// for the built-in list, or a mapping like that of roles.
func (r *reader) projectRoles(n *yaml.Node) {
	switch {
	case n == nil:
	case n.Kind == yaml.ScalarNode && n.Value == "default":
		r.policy.ProjectRoles = policy.RulesFor(policy.DefaultProjectRoles()...)
	default:
		r.policy.ProjectRoles = r.roleRules(n, "project_roles", projectRole)
	}
}

// roleRules reads roles in the order in which the form offers them.
func (r *reader) roleRules(n *yaml.Node, what string, k roleKind) []policy.RoleRule {
	var all []policy.RoleRule
	entries := r.entries(n, what)
	for _, e := range entries {
		if r.problemIf(e.at, !k.pattern.MatchString(e.key), "%s has %q: %s", what, e.key, k.hint) {
			continue
		}
		all = append(all, r.roleRule(policy.Role(e.key), e.value))
	}
	r.problemIf(n, n.Kind == yaml.MappingNode && len(entries) == 0, "%s is empty", what)
	r.problemIf(n, len(all) > maxOptions, "%s has %d entries: at most %d, since Slack shows no more in a menu", what, len(all), maxOptions)
	return all
}

// roleRule reads the rule of one role. A role without a value has no special
// rule.
func (r *reader) roleRule(role policy.Role, n *yaml.Node) policy.RoleRule {
	rule := policy.RoleRule{Role: role, AllowedRequesters: policy.Principals{Everyone: true}}
	if isNull(n) {
		return rule
	}
	what := string(role)
	m := r.mapping(n, what, roleKeys...)
	if m["allowed_requesters"] != nil {
		rule.AllowedRequesters = r.principalsOrEveryone(m["allowed_requesters"], "allowed_requesters of "+what)
	}
	if m["required_approvals"] != nil {
		rule.Requirements = r.requirements(m["required_approvals"], "required_approvals of "+what)
		r.requirementsAt[role] = m["required_approvals"]
	}
	rule.MaxLifetime, _ = r.atLeast(m["max_lifetime"], "max_lifetime of "+what, minLifetime)
	r.checkMaxLifetime(m["max_lifetime"], "max_lifetime of "+what, rule.MaxLifetime)
	rule.MinPrefixIPv4 = r.minPrefix(m["min_prefix_ipv4"], "min_prefix_ipv4 of "+what, 32, r.policy.MinPrefixIPv4)
	rule.MinPrefixIPv6 = r.minPrefix(m["min_prefix_ipv6"], "min_prefix_ipv6 of "+what, 128, r.policy.MinPrefixIPv6)
	return rule
}

// checkMaxLifetime refuses a maximum below every lifetime that requesters can
// choose.
func (r *reader) checkMaxLifetime(n *yaml.Node, what string, longest time.Duration) {
	if longest == 0 || len(r.policy.Lifetimes) == 0 {
		return // either has a problem of its own
	}
	shortest := slices.Min(r.policy.Lifetimes)
	r.problemIf(n, shortest > longest, "%s is %s, and no lifetime is that short: the shortest is %s", what, FormatDuration(longest), FormatDuration(shortest))
}

// minPrefix reads the smallest prefix length of one role. It cannot be smaller
// than that of the whole policy, forAll.
func (r *reader) minPrefix(n *yaml.Node, what string, bits, forAll int) int {
	length := r.prefixLength(n, what, bits, 0)
	r.problemIf(n, n != nil && length < forAll && length > 0, "%s is /%d, which is wider than /%d, the widest network of any role", what, length, forAll)
	return length
}

func (r *reader) prefixLength(n *yaml.Node, what string, bits, base int) int {
	if n == nil {
		return base
	}
	word, ok := r.scalar(n, what)
	if !ok {
		return base
	}
	length, err := ParsePrefixLength(word)
	switch {
	case r.problemIf(n, err != nil, "%s: %v", what, err):
		return base
	case r.problemIf(n, length > bits, "%s is /%d: /0 to /%d", what, length, bits):
		return base
	}
	return length
}

// roleNames reads a list of roles of the given kinds, which may not be empty.
func (r *reader) roleNames(n *yaml.Node, what string, kinds ...roleKind) []policy.Role {
	var all []policy.Role
	for _, item := range r.scalars(n, what) {
		known := slices.ContainsFunc(kinds, func(k roleKind) bool { return k.pattern.MatchString(item.Value) })
		if r.problemIf(item, !known, "%s has %q: %s", what, item.Value, hints(kinds)) {
			continue
		}
		all = append(all, policy.Role(item.Value))
	}
	r.problemIf(n, n.Kind == yaml.SequenceNode && len(n.Content) == 0, "%s is empty", what)
	return all
}

func hints(kinds []roleKind) string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.hint)
	}
	return strings.Join(all, ", ")
}
