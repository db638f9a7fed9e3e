package policy

import (
	"context"
	"slices"
	"time"
)

// A ResolvedPolicy is a policy as it goes at one moment, with its groups' members.
type ResolvedPolicy struct {
	Policy
	Members groupMembers
}

func (p Policy) Resolve(ctx context.Context, d Directory) ResolvedPolicy {
	return ResolvedPolicy{p, listAll(ctx, d, p.groups())}
}

// requirementsFor lists the approvals that access takes: those of each role that has
// needs of its own, and the policy's if a role has none. Every list that goes
// for a role of the access counts in full, so that asking for more never takes
// fewer approvals; what two lists want of the same people is wanted once.
func (p Policy) RequirementsFor(a Access) []Requirement {
	var all []Requirement
	roles := a.AllRoles()
	usual := len(roles) == 0
	for _, role := range roles {
		rule, _ := p.rule(role)
		if len(rule.Requirements) == 0 {
			usual = true
			continue
		}
		all = mergeNeeds(all, rule.Requirements, role)
	}
	if usual {
		all = mergeNeeds(all, p.Requirements, "")
	}
	return all
}

// mergeNeeds adds a list of approvals that belong together: of the same people
// the larger number is needed. The list is a role's own, or the usual one if
// role is empty.
func mergeNeeds(all, list []Requirement, role Role) []Requirement {
	for _, n := range summed(list) {
		i := slices.IndexFunc(all, func(o Requirement) bool { return o.From.Equal(n.From) })
		if i < 0 {
			all = append(all, Requirement{From: n.From})
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
func summed(list []Requirement) []Requirement {
	var all []Requirement
	for _, n := range list {
		i := slices.IndexFunc(all, func(o Requirement) bool { return o.From.Equal(n.From) })
		if i < 0 {
			all = append(all, Requirement{From: n.From})
			i = len(all) - 1
		}
		all[i].Count += n.Count
	}
	return all
}

// auto returns the rule by which access takes nobody's approval.
func (rd ResolvedPolicy) Auto(user UserID, a Access) (AutoRule, bool) {
	for _, rule := range rd.AutoApprovals {
		if isFor, err := rd.Members.Contains(rule.AllowedRequesters, user); isFor && err == nil && rule.fits(a, rd.NetworkPresets) {
			return rule, true
		}
	}
	return AutoRule{}, false
}

func (rule AutoRule) fits(a Access, named []NetworkPreset) bool {
	for _, role := range a.AllRoles() {
		if !slices.Contains(rule.Roles, role) {
			return false
		}
	}
	if len(a.Projects) > 0 && !rule.Projects {
		return false
	}
	return a.Lifetime <= rule.MaxLifetime && (len(rule.NetworkPresets) == 0 || IsSubset(inside(named, rule.NetworkPresets), a.Networks))
}

// mayRequest reports whether user may ask for role.
func (rd ResolvedPolicy) mayRequest(user UserID, role Role) (bool, error) {
	rule, known := rd.rule(role)
	if !known {
		return false, nil
	}
	return rd.Members.Contains(rule.AllowedRequesters, user)
}

// isApprover reports why user may not oversee the organization's keys, or nil.
func (rd ResolvedPolicy) IsApprover(user UserID) error { return rd.RequireAmong(rd.Approvers(), user) }

// mayDecide reports why user may not decide on a request for that access, or nil.
func (rd ResolvedPolicy) MayDecide(requester UserID, a Access, escalated bool, user UserID) error {
	if user == requester && !rd.AllowSelfApproval {
		return ErrOwnRequest
	}
	var from Principals
	for _, n := range append(rd.RequirementsFor(a), rd.standIns(escalated)...) {
		from.Everyone = from.Everyone || n.From.Everyone
		from.Users = append(from.Users, n.From.Users...)
		from.Groups = append(from.Groups, n.From.Groups...)
	}
	return rd.RequireAmong(from, user)
}

// requireAmong reports why user, as an approver, is not among who, or nil.
func (rd ResolvedPolicy) RequireAmong(who Principals, user UserID) error {
	never, err := rd.Members.Contains(rd.ExcludedApprovers, user)
	if never {
		return ErrNotApprover
	}
	if err != nil {
		return err
	}
	among, err := rd.Members.Contains(who, user)
	if among {
		return nil
	}
	if err != nil {
		return err
	}
	return ErrNotApprover
}

// standIns is the requirement that members of the escalation group can meet in
// place of any other, once a request was escalated to them.
func (rd ResolvedPolicy) standIns(escalated bool) []Requirement {
	if !escalated || rd.EscalateTo.IsZero() {
		return nil
	}
	return []Requirement{{From: rd.EscalateTo, Count: 1}}
}

// couldBeApproved reports whether people other than the asker could together
// give every approval that access takes.
func (rd ResolvedPolicy) couldBeApproved(asker UserID, a Access) (bool, error) {
	everybody, unknown := rd.Members.expand(rd.Approvers())
	var others []UserID
	for _, user := range everybody {
		if user != asker || rd.AllowSelfApproval {
			others = append(others, user)
		}
	}
	needs := rd.RequirementsFor(a)
	return rd.Approvers().Everyone || rd.MaxMatching(needs, false, others) == Total(needs), unknown
}

// maxMatching counts the approvals of needs that users can give, each of them one:
// the size of a largest matching (Kuhn's algorithm; both sides are a handful).
func (rd ResolvedPolicy) MaxMatching(needs []Requirement, escalated bool, users []UserID) int {
	var slots []Requirement
	for _, n := range needs {
		slots = append(slots, slices.Repeat([]Requirement{n}, n.Count)...)
	}
	taken := make([]int, len(slots)) // by which user, from 1
	count := 0
	for i, user := range users {
		if count == len(slots) {
			break
		}
		if rd.augment(i+1, user, users, escalated, slots, taken, make([]bool, len(slots))) {
			count++
		}
	}
	return count
}

// augment finds a slot for the n-th user, moving others to another of theirs if
// need be.
func (rd ResolvedPolicy) augment(n int, user UserID, users []UserID, escalated bool, slots []Requirement, taken []int, tried []bool) bool {
	for i, slot := range slots {
		if tried[i] || !rd.satisfies(user, escalated, slot) {
			continue
		}
		tried[i] = true
		if taken[i] == 0 || rd.augment(taken[i], users[taken[i]-1], users, escalated, slots, taken, tried) {
			taken[i] = n
			return true
		}
	}
	return false
}

// satisfies reports whether user is known to count for need.
func (rd ResolvedPolicy) satisfies(user UserID, escalated bool, need Requirement) bool {
	from := append([]Requirement{need}, rd.standIns(escalated)...)
	return slices.ContainsFunc(from, func(n Requirement) bool { return rd.RequireAmong(n.From, user) == nil })
}

func Total(needs []Requirement) int {
	sum := 0
	for _, n := range needs {
		sum += n.Count
	}
	return sum
}

// maxLifetime is the longest life of a key with access's roles, and the role whose
// rule says so; zero if none does.
func (p Policy) MaxLifetime(roles []Role) (time.Duration, Role) {
	var limit time.Duration
	var by Role
	for _, role := range roles {
		if rule, _ := p.rule(role); rule.MaxLifetime > 0 && (limit == 0 || rule.MaxLifetime < limit) {
			limit, by = rule.MaxLifetime, role
		}
	}
	return limit, by
}

// coversAlone reports whether user's approval is all that access takes.
func (rd ResolvedPolicy) CoversAlone(a Access, user UserID) bool {
	needs := rd.RequirementsFor(a)
	return rd.MaxMatching(needs, false, []UserID{user}) == Total(needs)
}
