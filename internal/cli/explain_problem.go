package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
)

// problemText describes what is not allowed, and the limit.
func (x *explainCommand) problemText(current policy.Policy, p policy.Problem) string {
	switch p.Code {
	case policy.RoleNotAllowed:
		return fmt.Sprintf("%s cannot be requested: it is not among the roles.", p.Given)
	case policy.RoleNotForRequester:
		return fmt.Sprintf("%s may not request %s: that is for %s.", x.user, p.Given, policyfile.Names(allowedRequesters(current, policy.Role(p.Given))))
	case policy.LifetimeNotAllowed:
		return fmt.Sprintf("%s is not one of the lifetimes: %s.", policyfile.FormatDuration(x.form.Lifetime), durations(current.Lifetimes))
	case policy.LifetimeTooLong:
		return fmt.Sprintf("A key with %s is valid for at most %s.", p.Given, policyfile.FormatDuration(p.Most))
	case policy.NotMatching:
		return fmt.Sprintf("%q does not match the pattern of “%s”.", p.Given, p.Label)
	case policy.NoSuchNetwork:
		return fmt.Sprintf("There is no network preset named %q.", p.Given)
	case policy.TooManyProjects:
		return fmt.Sprintf("One request is for at most %d projects.", p.Limit)
	case policy.TooLong:
		if p.Label != "" {
			return fmt.Sprintf("“%s” has more than %d characters.", p.Label, p.Limit)
		}
		return fmt.Sprintf("The addresses have more than %d characters.", p.Limit)
	}
	return x.networkProblem(p)
}

func (x *explainCommand) networkProblem(p policy.Problem) string {
	switch p.Code {
	case policy.TooWide:
		return fmt.Sprintf("%s is wider than %s, the widest with these roles.", p.Given, p.Hint)
	case policy.TooMany:
		return fmt.Sprintf("These are %s addresses and blocks: at most %d.", p.Given, p.Limit)
	case policy.HostBits:
		if p.Hint == "" {
			return fmt.Sprintf("%s is not a network address, and too wide.", p.Given)
		}
		return fmt.Sprintf("%s has bits set behind its mask; the network is %s.", p.Given, p.Hint)
	case policy.IsRange:
		return fmt.Sprintf("%s is a range; the networks are %s.", p.Given, p.Hint)
	case policy.IsMask:
		return fmt.Sprintf("%s has a mask; with its prefix length it is %s.", p.Given, p.Hint)
	case policy.NotPublic:
		return fmt.Sprintf("%s is or holds %s addresses, which never reach Atlas.", p.Given, p.Hint)
	case policy.SecurityGroup:
		return fmt.Sprintf("%s is a security group, which Atlas does not know.", p.Given)
	}
	return fmt.Sprintf("%q is not an address or a block.", p.Given)
}

func allowedRequesters(current policy.Policy, role policy.Role) policy.Principals {
	rules := slices.Concat(current.Roles, current.ProjectRoles)
	i := slices.IndexFunc(rules, func(rule policy.RoleRule) bool { return rule.Role == role })
	if i < 0 {
		return policy.Principals{}
	}
	return rules[i].AllowedRequesters
}

func durations(all []time.Duration) string {
	var words []string
	for _, d := range all {
		words = append(words, policyfile.FormatDuration(d))
	}
	return strings.Join(words, ", ")
}
