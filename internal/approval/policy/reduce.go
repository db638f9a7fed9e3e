package policy

import (
	"net/netip"
	"slices"
	"time"
)

// A PartialApproval is the part of a request for a new key that an approver approves.
type PartialApproval struct {
	Roles    []Role
	Projects []ProjectID // of those asked for; their roles stay
	Networks string      // as typed
	Lifetime time.Duration
	Note     string // to the requester
}

// Reduce returns the part n of a, or a *[FormError] if it is not a part.
func (p Policy) Reduce(a Access, n PartialApproval) (Access, error) {
	less := a.Clone()
	less.Roles, less.Lifetime = dedupe(n.Roles), n.Lifetime
	less.Projects = slices.DeleteFunc(less.Projects, func(have ProjectAccess) bool { return !slices.Contains(n.Projects, have.ID) })
	var problems []Problem
	if len(less.Roles) == 0 {
		problems = append(problems, Problem{Field: FieldRoles, Code: Missing})
	}
	for _, role := range less.Roles {
		if !slices.Contains(a.Roles, role) {
			problems = append(problems, Problem{Field: FieldRoles, Code: NotASubset, Given: string(role)})
		}
	}
	if n.Lifetime > a.Lifetime || n.Lifetime != a.Lifetime && !slices.Contains(p.Lifetimes, n.Lifetime) {
		problems = append(problems, Problem{Field: FieldLifetime, Code: NotASubset})
	}
	networks, more := p.reduceNetworks(a, n.Networks)
	problems = append(problems, more...)
	less.Networks = networks
	less.NetworkPresets = slices.DeleteFunc(less.NetworkPresets, func(have NetworkPreset) bool { return !IsSubset(networks, have.Networks) })
	return less, NewFormError(problems)
}

// reduceNetworks reads the networks as typed. Networks of a may stay however wide they
// are: presets may be wide.
func (p Policy) reduceNetworks(a Access, text string) ([]netip.Prefix, []Problem) {
	p.MinPrefixIPv4, p.MinPrefixIPv6 = 0, 0
	networks, problems := p.Networks(text)
	for _, n := range networks {
		if !IsSubset(a.Networks, []netip.Prefix{n}) {
			problems = append(problems, Problem{Field: FieldNetworks, Code: NotASubset, Given: n.String()})
		}
	}
	return networks, problems
}
