package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// ParsePrincipals reads a list of users and user groups.
func ParsePrincipals(ids []string) policy.Principals {
	var who policy.Principals
	for _, a := range ids {
		if a = strings.TrimSpace(a); strings.HasPrefix(a, "S") {
			who.Groups = append(who.Groups, policy.GroupID(a))
		} else {
			who.Users = append(who.Users, policy.UserID(a))
		}
	}
	return who
}

// BasePolicy is the part of the environment that the domain knows: the rules of an
// organization without a file, and what a file leaves out. Without approvers
// nobody approves yet.
func (c Config) BasePolicy(approve policy.Principals) policy.Policy {
	p := policy.Policy{
		AllowSelfApproval: c.AllowSelfApproval,
		MinPrefixIPv4:     int(c.MinPrefixIPv4), MinPrefixIPv6: int(c.MinPrefixIPv6), MaxEntries: c.MaxEntries,
		ExpireAfter: time.Duration(c.PendingLapsesAfter),
		Limits:      policy.DefaultLimits,
		IssueWithin: time.Duration(c.CollectWithin), ConfirmWithin: time.Duration(c.ConfirmWithin),
		RotationGracePeriod: time.Duration(c.RotateOverlap),
	}
	if !approve.IsZero() {
		p.Requirements = []policy.Requirement{{From: approve, Count: 1}}
	}
	if p.ExpireAfter > 0 {
		p.RemindApproversAfter = []time.Duration{p.ExpireAfter / 2}
	}
	var roles []policy.Role
	for _, r := range c.AllowedRoles {
		roles = append(roles, policy.Role(strings.TrimSpace(r)))
	}
	p.Roles = policy.RulesFor(roles...)
	for _, l := range c.Lifetimes {
		p.Lifetimes = append(p.Lifetimes, time.Duration(l))
	}
	slices.Sort(p.Lifetimes)
	for _, b := range c.RemindBeforeEnd {
		p.RemindBeforeExpiry = append(p.RemindBeforeExpiry, time.Duration(b))
	}
	slices.SortFunc(p.RemindBeforeExpiry, func(a, b time.Duration) int { return cmp.Compare(b, a) }) // longest first
	return p
}
