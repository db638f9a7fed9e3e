package model_test

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A seat is one approval that is asked for, by who can give it.
type seat string

const (
	ofUsual    seat = "bob or a member of platform"
	ofPlatform seat = "a member of platform"
	ofSecurity seat = "a member of security"
	ofDana     seat = "dana"
	ofFive     seat = "one of five"
)

// slots are the approvals that access takes.
func slots(of policy.OrgID, a policy.Access) []seat {
	if of == org2 {
		return []seat{ofFive, ofFive}
	}
	most := map[seat]int{}
	for _, r := range rolesOf(a) {
		switch r {
		case owners:
			most[ofPlatform], most[ofSecurity] = max(most[ofPlatform], 1), 1
		case admins:
			most[ofPlatform] = 2
		case inOwn:
			most[ofDana] = 1
		default:
			most[ofUsual] = 1
		}
	}
	var all []seat
	for _, s := range slices.Sorted(maps.Keys(most)) {
		all = append(all, slices.Repeat([]seat{s}, most[s])...)
	}
	return all
}

func rolesOf(a policy.Access) []policy.Role {
	all := slices.Clone(a.Roles)
	for _, p := range a.Projects {
		all = append(all, p.Roles...)
	}
	return all
}

// fits reports whether a user can give an approval for s. After a request
// escalated to the managers, they stand in for every approver.
func (h *spec) fits(u policy.UserID, s seat, escalated bool) bool {
	switch {
	case h.isOf(interns, u) || s == ofFive && u == mallory:
		return false
	case escalated && h.isOf(managers, u):
		return true
	}
	switch s {
	case ofUsual:
		return u == bob || h.isOf(platform, u)
	case ofPlatform:
		return h.isOf(platform, u)
	case ofSecurity:
		return h.isOf(security, u)
	case ofDana:
		return u == dana
	}
	return slices.Contains(twoOf, u)
}

// filled counts the slots that these people can fill, each of them one, by
// trying everything.
func (h *spec) filled(all []seat, people []policy.UserID, escalated bool) int {
	if len(all) == 0 || len(people) == 0 {
		return 0
	}
	best := h.filled(all[1:], people, escalated) // the first stays free
	for i, u := range people {
		if h.fits(u, all[0], escalated) {
			others := slices.Delete(slices.Clone(people), i, i+1)
			best = max(best, 1+h.filled(all[1:], others, escalated))
		}
	}
	return best
}

// mayDecide reports whether a user's approval or denial counts
// for r.
func (h *spec) mayDecide(u policy.UserID, r approval.Request) bool {
	return slices.ContainsFunc(slots(r.Org, r.Access), func(s seat) bool { return h.fits(u, s, isEscalated(r)) })
}

// counted lists whose approvals of r are worth anything now, but not one's.
func (h *spec) counted(r approval.Request, but policy.UserID) []policy.UserID {
	whole := r
	if r.ReducedBy != "" {
		whole.Access = r.Requested
	}
	var all []policy.UserID
	for _, u := range yeses(r) {
		isOwn := u == r.Requester && r.Org == org
		if u != but && h.isMember(u) && !isOwn && h.mayDecide(u, whole) {
			all = append(all, u)
		}
	}
	return all
}

func isEscalated(r approval.Request) bool { return !r.EscalatedAt.IsZero() }

// oversees reports whether a user approves anything in an organization.
func (h *spec) oversees(u policy.UserID, of policy.OrgID) bool {
	if of == org2 {
		return h.fits(u, ofFive, false)
	}
	all := []seat{ofUsual, ofPlatform, ofSecurity, ofDana}
	return slices.ContainsFunc(all, func(s seat) bool { return h.fits(u, s, true) })
}

// byRule reports whether access needs no approval. The lifetime is that
// of the whole key.
func (h *spec) byRule(u policy.UserID, of policy.OrgID, a policy.Access, life time.Duration) bool {
	isOther := func(r policy.Role) bool { return r != readers && r != inRead }
	return of == org && (u == alice || h.isOf(onCall, u)) && !slices.ContainsFunc(rolesOf(a), isOther) &&
		reaches(prefixes("198.51.100.7/32", "198.51.100.8/32"), a.Networks) && life <= longLife
}

// mayBreakGlass reports whether a user may take an owner's key by break-glass.
func (h *spec) mayBreakGlass(u policy.UserID, of policy.OrgID) bool {
	return of == org && h.isOf(onCall, u)
}

// samples are some addresses inside and outside of every network in the model.
var samples = []netip.Addr{
	netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8"), netip.MustParseAddr("203.0.113.200"),
	netip.MustParseAddr("203.0.112.5"), netip.MustParseAddr("203.0.112.0"), netip.MustParseAddr("203.0.113.0"), netip.MustParseAddr("203.0.115.9"),
	netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("198.51.100.8"), netip.MustParseAddr("198.51.100.9"),
	netip.MustParseAddr("198.51.100.99"), netip.MustParseAddr("192.0.2.1"),
}

// reaches reports whether every address of the second list is one of the first.
func reaches(outer, inner []netip.Prefix) bool {
	isIn := func(list []netip.Prefix, a netip.Addr) bool {
		return slices.ContainsFunc(list, func(n netip.Prefix) bool { return n.Contains(a) })
	}
	return !slices.ContainsFunc(samples, func(a netip.Addr) bool { return isIn(inner, a) && !isIn(outer, a) })
}

// isWithin reports whether a allows nothing that b does not.
func isWithin(a, b policy.Access) bool {
	for _, p := range a.Projects {
		i := slices.IndexFunc(b.Projects, func(o policy.ProjectAccess) bool { return o.ID == p.ID })
		if i < 0 || !isSubset(p.Roles, b.Projects[i].Roles) {
			return false
		}
	}
	return isSubset(a.Roles, b.Roles) && reaches(b.Networks, a.Networks) && a.Lifetime <= b.Lifetime
}

func isSubset[T comparable](a, b []T) bool {
	return !slices.ContainsFunc(a, func(one T) bool { return !slices.Contains(b, one) })
}

// isSame reports whether two access lists have the same entries.
func isSame(a, b []netip.Prefix) bool { return isSubset(a, b) && isSubset(b, a) }
