package policyfile

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// ruleName is shown to people and recorded.
var ruleName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}\p{P}\p{Sc}\x{200c}\x{200d}+ ]{0,59}$`)

const maxRules = 100

// autoApprove reads the cases that take nobody's approval.
func (r *reader) autoApprove(n *yaml.Node) {
	if n == nil {
		return
	}
	var all []policy.AutoRule
	for _, item := range r.list(n, "auto_approve") {
		const what = "a rule of auto_approve"
		m := r.mapping(item, what, "name", "for", "roles", "networks", "longest", "projects")
		if item.Kind != yaml.MappingNode || r.missing(item, what, m, "name", "for", "roles", "longest") {
			continue
		}
		rule := r.auto(m)
		again := slices.ContainsFunc(all, func(o policy.AutoRule) bool { return o.Name == rule.Name })
		r.problemIf(m["name"], again, "two rules are named %q: requests are recorded with that name", rule.Name)
		all = append(all, rule)
	}
	r.problemIf(n, len(all) > maxRules, "auto_approve has %d rules: at most %d", len(all), maxRules)
	r.policy.AutoApprovals = all
}

func (r *reader) auto(m map[string]*yaml.Node) policy.AutoRule {
	name, ok := r.scalar(m["name"], "name")
	name = plaintext.Line(name)
	r.problemIf(m["name"], ok && !ruleName.MatchString(name), "name is %q: up to 60 letters, digits, spaces and signs, beginning with a letter or digit", name)
	rule := policy.AutoRule{
		Name:     name,
		For:      r.optionalPrincipals(m["for"], "for"),
		Roles:    r.some(m["roles"], "roles", organization, inProjects),
		Projects: r.boolean(m["projects"], "projects", false),
	}
	r.harmless(m["roles"], rule)
	r.complete(m, rule)
	for _, item := range r.scalars(m["networks"], "networks") {
		known := slices.ContainsFunc(r.policy.NetworkPresets, func(n policy.NetworkPreset) bool { return n.Name == item.Value })
		r.problemIf(item, !known, "there is no network named %q under networks, named", item.Value)
		rule.Networks = append(rule.Networks, item.Value)
	}
	// Without a network in its list a rule goes for every network.
	r.problemIf(m["networks"], m["networks"] != nil && len(m["networks"].Content) == 0, "networks has nothing in it: leave it away if the rule goes for every network")
	rule.MaxLifetime, _ = r.atLeast(m["longest"], "longest", minLifetime)
	r.fits(m["longest"], "longest", rule.MaxLifetime)
	return rule
}

// harmless refuses roles that somebody has to look at, and such as nobody may
// ask for.
func (r *reader) harmless(n *yaml.Node, rule policy.AutoRule) {
	rules := slices.Concat(r.policy.Roles, r.policy.ProjectRoles)
	for _, role := range rule.Roles {
		at := n.Content[slices.IndexFunc(n.Content, func(item *yaml.Node) bool { return item.Value == string(role) })]
		offered := slices.ContainsFunc(rules, func(o policy.RoleRule) bool { return o.Role == role })
		if !r.problemIf(at, !offered, "nobody may ask for %s: it is not under roles, nor under the roles of projects", role) {
			r.problemIf(at, role.Info().Powerful, "%s is a powerful role: it always takes somebody's approval", role)
		}
	}
}

// complete refuses rules that could never fit.
func (r *reader) complete(m map[string]*yaml.Node, rule policy.AutoRule) {
	of := func(k kind) bool {
		return slices.ContainsFunc(rule.Roles, func(role policy.Role) bool { return k.shape.MatchString(string(role)) })
	}
	r.problemIf(m["roles"], len(rule.Roles) > 0 && !of(organization), "roles has no organization role, and every key has one: the rule would never fit")
	r.problemIf(m["roles"], !rule.Projects && of(inProjects), "roles has project roles, and projects is not true: they would never fit")
	if rule.Projects {
		r.problemIf(m["projects"], len(rule.Roles) > 0 && !of(inProjects), "projects is true, and roles has no project role: the rule would never fit a request for projects")
	}
}
