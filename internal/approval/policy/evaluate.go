package policy

import (
	"context"
	"slices"
	"time"
)

// ResolvedPolicy is a policy with group membership resolved at one point in time.
type ResolvedPolicy struct {
	Policy
	Members groupMembers
}

// Resolve looks up the members of the groups that p names.
func (p Policy) Resolve(ctx context.Context, d Directory) ResolvedPolicy {
	return ResolvedPolicy{p, listAll(ctx, d, p.groups())}
}

// RequirementsFor lists the approvals that the access needs: those of each role with
// requirements of its own, and the policy's if a role has none. The list of every
// role counts in full, so that more access never needs fewer approvals; what two
// lists require of the same principals is required once.
func (p Policy) RequirementsFor(a Access) []Requirement {
	var all []Requirement
	roles := a.AllRoles()
	useDefault := len(roles) == 0
	for _, role := range roles {
		rule, _ := p.rule(role)
		if len(rule.Requirements) == 0 {
			useDefault = true
			continue
		}
		all = mergeRequirements(all, rule.Requirements, role)
	}
	if useDefault {
		all = mergeRequirements(all, p.Requirements, "")
	}
	return all
}

// mergeRequirements adds a list of requirements: of the same principals the larger
// number is required. The list is a role's own, or the policy's if role is empty.
func mergeRequirements(all, list []Requirement, role Role) []Requirement {
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

// summed returns the list with the same principals once: two entries for them are
// two approvals.
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

// Auto returns the rule by which the access needs no approval.
func (p ResolvedPolicy) Auto(user UserID, a Access) (AutoRule, bool) {
	for _, rule := range p.AutoApprovals {
		if isFor, err := p.Members.Contains(rule.AllowedRequesters, user); isFor && err == nil && rule.fits(a, p.NetworkPresets) {
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

// mayRequest reports whether user may request the role.
func (p ResolvedPolicy) mayRequest(user UserID, role Role) (bool, error) {
	rule, known := p.rule(role)
	if !known {
		return false, nil
	}
	return p.Members.Contains(rule.AllowedRequesters, user)
}

// IsApprover reports why user may not administer the organization's keys, or nil.
func (p ResolvedPolicy) IsApprover(user UserID) error { return p.RequireAmong(p.Approvers(), user) }

// MayDecide reports why user may not decide on a request for the access, or nil.
func (p ResolvedPolicy) MayDecide(requester UserID, a Access, escalated bool, user UserID) error {
	if user == requester && !p.AllowSelfApproval {
		return ErrOwnRequest
	}
	var from Principals
	for _, n := range append(p.RequirementsFor(a), p.standIns(escalated)...) {
		from.Everyone = from.Everyone || n.From.Everyone
		from.Users = append(from.Users, n.From.Users...)
		from.Groups = append(from.Groups, n.From.Groups...)
	}
	return p.RequireAmong(from, user)
}

// RequireAmong reports why user, as an approver, is not among the principals, or nil.
func (p ResolvedPolicy) RequireAmong(principals Principals, user UserID) error {
	never, err := p.Members.Contains(p.ExcludedApprovers, user)
	if never {
		return ErrNotApprover
	}
	if err != nil {
		return err
	}
	among, err := p.Members.Contains(principals, user)
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
func (p ResolvedPolicy) standIns(escalated bool) []Requirement {
	if !escalated || p.EscalateTo.IsZero() {
		return nil
	}
	return []Requirement{{From: p.EscalateTo, Count: 1}}
}

// couldBeApproved reports whether users other than the requester could together give
// every approval that the access needs.
func (p ResolvedPolicy) couldBeApproved(requester UserID, a Access) (bool, error) {
	approvers, err := p.Members.expand(p.Approvers())
	var others []UserID
	for _, user := range approvers {
		if user != requester || p.AllowSelfApproval {
			others = append(others, user)
		}
	}
	requirements := p.RequirementsFor(a)
	return p.Approvers().Everyone || p.MaxMatching(requirements, false, others) == Total(requirements), err
}

// MaxMatching counts the required approvals that the users can give, one each: the
// size of a maximum matching (Kuhn's algorithm; both sides are small).
func (p ResolvedPolicy) MaxMatching(requirements []Requirement, escalated bool, users []UserID) int {
	var seats []Requirement
	for _, n := range requirements {
		seats = append(seats, slices.Repeat([]Requirement{n}, n.Count)...)
	}
	occupant := make([]int, len(seats)) // by which user, from 1
	count := 0
	for i, user := range users {
		if count == len(seats) {
			break
		}
		if p.augment(i+1, user, users, escalated, seats, occupant, make([]bool, len(seats))) {
			count++
		}
	}
	return count
}

// Missing lists the requirements that the approvals of users do not meet. Where users
// count for several, each that another approval could go to is listed.
func (p ResolvedPolicy) Missing(requirements []Requirement, escalated bool, users []UserID) []Requirement {
	met := p.MaxMatching(requirements, escalated, users)
	var missing []Requirement
	for i, n := range requirements {
		without := slices.Clone(requirements)
		n.Count = 0
		for without[i].Count > 0 {
			if without[i].Count--; p.MaxMatching(without, escalated, users) < met {
				break
			}
			n.Count++
		}
		if n.Count > 0 {
			missing = append(missing, n)
		}
	}
	return missing
}

// augment tries to assign user n to a free seat, re-assigning earlier users along an
// augmenting path.
func (p ResolvedPolicy) augment(n int, user UserID, users []UserID, escalated bool, seats []Requirement, occupant []int, tried []bool) bool {
	for i, seat := range seats {
		if tried[i] || !p.satisfies(user, escalated, seat) {
			continue
		}
		tried[i] = true
		if occupant[i] == 0 || p.augment(occupant[i], users[occupant[i]-1], users, escalated, seats, occupant, tried) {
			occupant[i] = n
			return true
		}
	}
	return false
}

// satisfies reports whether user is known to count for the requirement.
func (p ResolvedPolicy) satisfies(user UserID, escalated bool, required Requirement) bool {
	from := append([]Requirement{required}, p.standIns(escalated)...)
	return slices.ContainsFunc(from, func(n Requirement) bool { return p.RequireAmong(n.From, user) == nil })
}

// Total counts the approvals that the requirements are in all.
func Total(requirements []Requirement) int {
	sum := 0
	for _, n := range requirements {
		sum += n.Count
	}
	return sum
}

// MaxLifetime returns the longest lifetime of a key with the roles, in all its
// extensions and rotations, and the role that limits it; zero if none does.
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

// CoversAlone reports whether user's approval is all that the access needs.
func (p ResolvedPolicy) CoversAlone(a Access, user UserID) bool {
	requirements := p.RequirementsFor(a)
	return p.MaxMatching(requirements, false, []UserID{user}) == Total(requirements)
}
