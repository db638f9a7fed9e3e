package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
)

// whoOf reads a list of users and user groups.
func whoOf(ids []string) approval.Who {
	var who approval.Who
	for _, a := range ids {
		if a = strings.TrimSpace(a); strings.HasPrefix(a, "S") {
			who.Groups = append(who.Groups, approval.GroupID(a))
		} else {
			who.Users = append(who.Users, approval.UserID(a))
		}
	}
	return who
}

// policy is the part of the environment that the domain knows: the rules of an
// organization without a file, and what a file leaves out. Without approvers
// nobody approves yet.
func (c Config) policy(approve approval.Who) approval.Policy {
	p := approval.Policy{
		AllowSelfApproval: c.AllowSelfApproval,
		WidestIPv4:        int(c.WidestIPv4), WidestIPv6: int(c.WidestIPv6), MaxEntries: c.MaxEntries,
		PendingLapsesAfter: time.Duration(c.PendingLapsesAfter),
		Limits:             approval.DefaultLimits,
		CollectWithin:      time.Duration(c.CollectWithin), ConfirmWithin: time.Duration(c.ConfirmWithin),
		Overlap: time.Duration(c.RotateOverlap),
	}
	if !approve.IsZero() {
		p.Needs = []approval.Need{{From: approve, Count: 1}}
	}
	if p.PendingLapsesAfter > 0 {
		p.ProdAfter = []time.Duration{p.PendingLapsesAfter / 2}
	}
	var roles []approval.Role
	for _, r := range c.AllowedRoles {
		roles = append(roles, approval.Role(strings.TrimSpace(r)))
	}
	p.Roles = approval.RulesFor(roles...)
	for _, l := range c.Lifetimes {
		p.Lifetimes = append(p.Lifetimes, time.Duration(l))
	}
	slices.Sort(p.Lifetimes)
	for _, b := range c.RemindBeforeEnd {
		p.RemindBefore = append(p.RemindBefore, time.Duration(b))
	}
	slices.SortFunc(p.RemindBefore, func(a, b time.Duration) int { return cmp.Compare(b, a) }) // longest first
	return p
}
