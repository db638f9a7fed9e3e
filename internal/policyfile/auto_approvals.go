package policyfile

import (
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// ruleName bounds the name of a rule, which cards show and the audit trail
// records.
var ruleName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}\p{P}\p{Sc}\x{200c}\x{200d}+ ]{0,59}$`)

const maxRules = 100

// autoApprovals reads the rules whose requests need no approval.
func (r *reader) autoApprovals(n *yaml.Node) {
	if n == nil {
		return
	}
	var all []policy.AutoRule
	for _, item := range r.list(n, "auto_approvals") {
		const what = "a rule of auto_approvals"
		m := r.mapping(item, what, autoRuleKeys...)
		if item.Kind != yaml.MappingNode || r.missing(item, what, m, autoRuleRequired...) {
			continue
		}
		rule := r.autoRule(m)
		again := slices.ContainsFunc(all, func(o policy.AutoRule) bool { return o.Name == rule.Name })
		r.problemIf(m["name"], again, "two rules are named %q: requests are recorded with that name", rule.Name)
		all = append(all, rule)
	}
	r.problemIf(n, len(all) > maxRules, "auto_approvals has %d rules: at most %d", len(all), maxRules)
	r.policy.AutoApprovals = all
}

func (r *reader) autoRule(m map[string]*yaml.Node) policy.AutoRule {
	name, ok := r.scalar(m["name"], "name")
	name = plaintext.Line(name)
	r.problemIf(m["name"], ok && !ruleName.MatchString(name), "name is %q: up to 60 letters, digits, spaces and signs, beginning with a letter or digit", name)
	rule := policy.AutoRule{
		Name:              name,
		AllowedRequesters: r.principalsOrEveryone(m["allowed_requesters"], "allowed_requesters"),
		Roles:             r.roleNames(m["roles"], "roles", orgRole, projectRole),
		Projects:          r.boolean(m["projects"], "projects", false),
	}
	r.checkAutoRoles(m["roles"], rule)
	r.checkAutoRuleFits(m, rule)
	for _, item := range r.scalars(m["network_presets"], "network_presets") {
		known := slices.ContainsFunc(r.policy.NetworkPresets, func(p policy.NetworkPreset) bool { return p.Name == item.Value })
		r.problemIf(item, !known, "there is no network preset named %q", item.Value)
		rule.NetworkPresets = append(rule.NetworkPresets, item.Value)
	}
	// A rule without presets accepts every network, which an empty list does not say.
	r.problemIf(m["network_presets"], m["network_presets"] != nil && len(m["network_presets"].Content) == 0, "network_presets is empty: leave it out if the rule applies to every network")
	rule.MaxLifetime, _ = r.atLeast(m["max_lifetime"], "max_lifetime", minLifetime)
	r.checkMaxLifetime(m["max_lifetime"], "max_lifetime", rule.MaxLifetime)
	return rule
}

// checkAutoRoles refuses powerful roles, whose requests an approver has to read,
// and roles that cannot be requested.
func (r *reader) checkAutoRoles(n *yaml.Node, rule policy.AutoRule) {
	requestable := slices.Concat(r.policy.Roles, r.policy.ProjectRoles)
	for _, role := range rule.Roles {
		at := n.Content[slices.IndexFunc(n.Content, func(item *yaml.Node) bool { return item.Value == string(role) })]
		known := slices.ContainsFunc(requestable, func(o policy.RoleRule) bool { return o.Role == role })
		if !r.problemIf(at, !known, "%s cannot be requested: it is neither under roles nor under project_roles", role) {
			r.problemIf(at, role.Info().Powerful, "%s is a powerful role: it always requires an approval", role)
		}
	}
}

// checkAutoRuleFits refuses rules that no request could ever match.
func (r *reader) checkAutoRuleFits(m map[string]*yaml.Node, rule policy.AutoRule) {
	has := func(k roleKind) bool {
		return slices.ContainsFunc(rule.Roles, func(role policy.Role) bool { return k.pattern.MatchString(string(role)) })
	}
	r.problemIf(m["roles"], len(rule.Roles) > 0 && !has(orgRole), "roles has no organization role, and every key has one: no request would match this rule")
	r.problemIf(m["roles"], !rule.Projects && has(projectRole), "roles has project roles, and projects is not true: no request would match them")
	if rule.Projects {
		r.problemIf(m["projects"], len(rule.Roles) > 0 && !has(projectRole), "projects is true, and roles has no project role: no request for projects would match this rule")
	}
}
