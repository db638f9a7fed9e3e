package model_test

import (
	"slices"
	"sync"
	"time"

	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// A spec is who is who just now. What its rules come to is said here once
// more, by hand: slots, who fits them, and who may what.
type spec struct {
	directory *approvaltest.Directory

	mu        sync.Mutex
	standings map[policy.UserID]policy.MemberStatus
	since     map[policy.UserID]time.Time
	groups    map[policy.GroupID][]policy.UserID
}

const (
	mallory = policy.UserID("U_MALLORY")  // of platform and managers, and never to approve
	interns = policy.GroupID("S_INTERNS") // who never may

	org     = policy.OrgID("org")       // with rules of every kind
	org2    = policy.OrgID("org2")      // small: two of five, the asker among them
	nowhere = policy.OrgID("somewhere") // not configured

	readers = policy.Role("ORG_READ_ONLY")         // takes one of the usual
	billing = policy.Role("ORG_BILLING_READ_ONLY") // so does this
	admins  = policy.Role("ORG_BILLING_ADMIN")     // two of platform
	owners  = policy.Role("ORG_OWNER")             // one of platform and one of security
	inRead  = policy.Role("GROUP_READ_ONLY")       // one of the usual
	inOwn   = policy.Role("GROUP_OWNER")           // dana, beside the rest
)

// Short times make short runs, but keys and waits last longer than a rest.
const (
	shortLife   = 3 * time.Hour
	longLife    = 7 * time.Hour
	glassLife   = 2 * time.Hour    // of a key taken by break-glass
	prodOne     = 30 * time.Minute // from asking
	prodTwo     = 90 * time.Minute // the same
	escalates   = 2 * time.Hour    // from asking to the second group
	decide      = 4 * time.Hour    // from asking to a decision
	issueWithin = 4 * time.Hour    // from approval to the press
	confirm     = time.Hour        // from showing to "I saved it"
	overlap     = time.Hour        // of a key and its successor in use
	noticed     = 75 * time.Minute // after which an owner's leaving is
	soon        = 20 * time.Minute // before its end, the last time that an owner is told
)

var (
	people = []policy.UserID{alice, bob, carol, dana, frank, grace, heidi, ivan, mallory, gil, eve}
	twoOf  = []policy.UserID{alice, bob, dana, grace, mallory} // of org2
	movers = map[policy.GroupID][]policy.UserID{               // who may come and go
		platform: {alice, dana, frank, heidi}, security: {grace, heidi, carol}, managers: {ivan, frank}, onCall: {carol, dana},
	}
)

func newHouse(d *approvaltest.Directory) *spec {
	h := &spec{
		directory: d, standings: map[policy.UserID]policy.MemberStatus{}, since: map[policy.UserID]time.Time{},
		groups: map[policy.GroupID][]policy.UserID{},
	}
	for _, u := range people {
		h.setStatus(u, policy.Member)
	}
	h.setStatus(gil, policy.Guest)
	h.setStatus(eve, policy.External)
	h.group(platform, alice, dana, frank, heidi, mallory)
	h.group(security, grace, heidi)
	h.group(managers, ivan, mallory)
	h.group(onCall, carol, dana)
	h.group(interns, mallory)
	return h
}

// setStatus sets the status of a user from now on.
func (h *spec) setStatus(u policy.UserID, s policy.MemberStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standings[u], h.since[u] = s, time.Now()
	h.directory.Set(s, u)
}

// group says who is in a group from now on.
func (h *spec) group(g policy.GroupID, members ...policy.UserID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.groups[g] = members
	h.directory.SetGroup(g, members...)
}

func (h *spec) memberStatus(u policy.UserID) policy.MemberStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, known := h.standings[u]; known {
		return s
	}
	return policy.External
}

func (h *spec) isMember(u policy.UserID) bool { return h.memberStatus(u) == policy.Member }

// isGone reports whether a user was deactivated so long ago that the bot has
// to know.
func (h *spec) isGone(u policy.UserID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.standings[u] == policy.Deactivated && time.Since(h.since[u]) > noticed
}

func (h *spec) isOf(g policy.GroupID, u policy.UserID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.groups[g], u)
}

// specPolicies are the rules as the bot has them.
func specPolicies() policy.Orgs {
	one := testPolicy(func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{bob}, Groups: []policy.GroupID{platform}}, Count: 1}}
		p.ExcludedApprovers = groups(interns)
		p.Roles = []policy.RoleRule{
			{Role: readers, AllowedRequesters: everyone}, {Role: billing, AllowedRequesters: everyone},
			{Role: admins, AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: groups(platform), Count: 2}}},
			{Role: owners, AllowedRequesters: groups(platform), MaxLifetime: shortLife,
				Requirements: []policy.Requirement{{From: groups(platform), Count: 1}, {From: groups(security), Count: 1}}},
		}
		p.ProjectRoles = []policy.RoleRule{
			{Role: inRead, AllowedRequesters: everyone}, {Role: inOwn, AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: users(dana), Count: 1}}},
		}
		p.NetworkPresets = []policy.NetworkPreset{{Name: "office", Networks: prefixes("203.0.112.0/22")}, {Name: "ci", Networks: prefixes("198.51.100.7/32", "198.51.100.8/32")}}
		p.AutoApprovals = []policy.AutoRule{{
			Name: "reading from CI", AllowedRequesters: policy.Principals{Users: []policy.UserID{alice}, Groups: []policy.GroupID{onCall}},
			Roles: []policy.Role{readers, inRead}, NetworkPresets: []string{"ci"}, MaxLifetime: longLife, Projects: true,
		}}
		p.BreakGlass = policy.BreakGlass{AllowedRequesters: groups(onCall), Roles: []policy.Role{owners}, Lifetime: glassLife}
		p.RemindApproversAfter, p.EscalateAfter, p.EscalateTo = []time.Duration{prodOne, prodTwo}, escalates, groups(managers)
		houseTimes(p)
	})
	two := testPolicy(func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: users(twoOf...), Count: 2}}
		p.ExcludedApprovers, p.AllowSelfApproval = users(mallory), true
		p.Roles = policy.RulesFor(readers, billing)
		houseTimes(p)
	})
	return policy.Orgs{{ID: org, Name: "Production", Policy: one}, {ID: org2, Name: "Staging", Policy: two}}
}

func houseTimes(p *policy.Policy) {
	p.ExpireAfter, p.IssueWithin, p.ConfirmWithin, p.RotationGracePeriod = decide, issueWithin, confirm, overlap
	p.Lifetimes, p.RemindBeforeExpiry = []time.Duration{shortLife, longLife}, []time.Duration{time.Hour, soon}
}
