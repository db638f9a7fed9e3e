package approval

import (
	"context"
	"slices"
	"time"
)

// A reading is a policy as it goes at one moment, with its groups' members.
type reading struct {
	Policy
	members members
}

func (p Policy) read(ctx context.Context, d Directory) reading {
	return reading{p, listAll(ctx, d, p.groups())}
}

// needs lists the approvals that access takes: those of each role that has
// needs of its own, and the policy's if a role has none. Every list that goes
// for a role of the access counts in full, so that asking for more never takes
// fewer approvals; what two lists want of the same people is wanted once.
func (p Policy) needs(a Access) []Need {
	var all []Need
	roles := a.allRoles()
	usual := len(roles) == 0
	for _, role := range roles {
		rule, _ := p.rule(role)
		if len(rule.Needs) == 0 {
			usual = true
			continue
		}
		all = mergeNeeds(all, rule.Needs, role)
	}
	if usual {
		all = mergeNeeds(all, p.Needs, "")
	}
	return all
}

// mergeNeeds adds a list of approvals that belong together: of the same people
// the larger number is needed. The list is a role's own, or the usual one if
// role is empty.
func mergeNeeds(all, list []Need, role Role) []Need {
	for _, n := range summed(list) {
		i := slices.IndexFunc(all, func(o Need) bool { return o.From.Equal(n.From) })
		if i < 0 {
			all = append(all, Need{From: n.From})
			i = len(all) - 1
		}
		switch {
		case role != "" && !slices.Contains(all[i].For, role):
			all[i].For = append(all[i].For, role)
		case role == "" && n.Count > all[i].Count:
			all[i].For = nil // the roles alone would take fewer
		}
		all[i].Count = max(all[i].Count, n.Count)
	}
	return all
}

// summed is one list with each group of people once: two entries for the same
// people are two approvals.
func summed(list []Need) []Need {
	var all []Need
	for _, n := range list {
		i := slices.IndexFunc(all, func(o Need) bool { return o.From.Equal(n.From) })
		if i < 0 {
			all = append(all, Need{From: n.From})
			i = len(all) - 1
		}
		all[i].Count += n.Count
	}
	return all
}

// auto returns the rule by which access takes nobody's approval.
func (rd reading) auto(user UserID, a Access) (AutoRule, bool) {
	for _, rule := range rd.Auto {
		if isFor, err := rd.members.include(rule.For, user); isFor && err == nil && rule.fits(a, rd.Named) {
			return rule, true
		}
	}
	return AutoRule{}, false
}

func (rule AutoRule) fits(a Access, named []NamedNetwork) bool {
	for _, role := range a.allRoles() {
		if !slices.Contains(rule.Roles, role) {
			return false
		}
	}
	if len(a.Projects) > 0 && !rule.Projects {
		return false
	}
	return a.Lifetime <= rule.Longest && (len(rule.Networks) == 0 || onlyNarrows(inside(named, rule.Networks), a.Networks))
}

// mayAsk reports whether user may ask for role.
func (rd reading) mayAsk(user UserID, role Role) (bool, error) {
	rule, known := rd.rule(role)
	if !known {
		return false, nil
	}
	return rd.members.include(rule.Ask, user)
}

// isApprover reports why user may not oversee the organization's keys, or nil.
func (rd reading) isApprover(user UserID) error { return rd.isAmong(rd.Approvers(), user) }

// mayDecide reports why user may not decide on r, or nil.
func (rd reading) mayDecide(r Request, user UserID) error {
	if user == r.Requester && !rd.AllowSelfApproval {
		return ErrOwnRequest
	}
	var from Who
	for _, n := range append(rd.needs(r.Access), rd.escalated(r)...) {
		from.Everyone = from.Everyone || n.From.Everyone
		from.Users = append(from.Users, n.From.Users...)
		from.Groups = append(from.Groups, n.From.Groups...)
	}
	return rd.isAmong(from, user)
}

// isAmong reports why user, as an approver, is not among who, or nil.
func (rd reading) isAmong(who Who, user UserID) error {
	never, err := rd.members.include(rd.Never, user)
	if never {
		return ErrNotApprover
	}
	if err != nil {
		return err
	}
	among, err := rd.members.include(who, user)
	if among {
		return nil
	}
	if err != nil {
		return err
	}
	return ErrNotApprover
}

// escalated is the need that anybody of the second group can stand in for, once
// r went to them.
func (rd reading) escalated(r Request) []Need {
	if r.EscalatedAt.IsZero() || rd.EscalateTo.IsZero() {
		return nil
	}
	return []Need{{From: rd.EscalateTo, Count: 1}}
}

// couldBeApproved reports whether people other than the asker could together
// give every approval that access takes.
func (rd reading) couldBeApproved(asker UserID, a Access) (bool, error) {
	everybody, unknown := rd.members.people(rd.Approvers())
	var others []UserID
	for _, user := range everybody {
		if user != asker || rd.AllowSelfApproval {
			others = append(others, user)
		}
	}
	needs := rd.needs(a)
	return rd.Approvers().Everyone || rd.covered(needs, Request{}, others) == total(needs), unknown
}

// covered counts the approvals of needs that users can give, each of them one:
// the size of a largest matching (Kuhn's algorithm; both sides are a handful).
func (rd reading) covered(needs []Need, r Request, users []UserID) int {
	var slots []Need
	for _, n := range needs {
		slots = append(slots, slices.Repeat([]Need{n}, n.Count)...)
	}
	taken := make([]int, len(slots)) // by which user, from 1
	count := 0
	for i, user := range users {
		if count == len(slots) {
			break
		}
		if rd.place(i+1, user, users, r, slots, taken, make([]bool, len(slots))) {
			count++
		}
	}
	return count
}

// place finds a slot for the n-th user, moving others to another of theirs if
// need be.
func (rd reading) place(n int, user UserID, users []UserID, r Request, slots []Need, taken []int, tried []bool) bool {
	for i, slot := range slots {
		if tried[i] || !rd.counts(user, r, slot) {
			continue
		}
		tried[i] = true
		if taken[i] == 0 || rd.place(taken[i], users[taken[i]-1], users, r, slots, taken, tried) {
			taken[i] = n
			return true
		}
	}
	return false
}

// counts reports whether user is known to count for need.
func (rd reading) counts(user UserID, r Request, need Need) bool {
	from := append([]Need{need}, rd.escalated(r)...)
	return slices.ContainsFunc(from, func(n Need) bool { return rd.isAmong(n.From, user) == nil })
}

func total(needs []Need) int {
	sum := 0
	for _, n := range needs {
		sum += n.Count
	}
	return sum
}

// longest is the longest life of a key with access's roles, and the role whose
// rule says so; zero if none does.
func (p Policy) longest(roles []Role) (time.Duration, Role) {
	var limit time.Duration
	var by Role
	for _, role := range roles {
		if rule, _ := p.rule(role); rule.Longest > 0 && (limit == 0 || rule.Longest < limit) {
			limit, by = rule.Longest, role
		}
	}
	return limit, by
}
