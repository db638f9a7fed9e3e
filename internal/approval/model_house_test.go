package approval_test

import (
	"slices"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// A house is who is who just now. What its rules come to is said here once
// more, by hand: slots, who fits them, and who may what.
type house struct {
	directory *approvaltest.Directory

	mu        sync.Mutex
	standings map[approval.UserID]approval.MemberStatus
	since     map[approval.UserID]time.Time
	groups    map[approval.GroupID][]approval.UserID
}

const (
	mallory = approval.UserID("U_MALLORY")  // of platform and managers, and never to approve
	interns = approval.GroupID("S_INTERNS") // who never may

	org     = approval.OrgID("org")       // with rules of every kind
	org2    = approval.OrgID("org2")      // small: two of five, the asker among them
	nowhere = approval.OrgID("somewhere") // not configured

	readers = approval.Role("ORG_READ_ONLY")         // takes one of the usual
	billing = approval.Role("ORG_BILLING_READ_ONLY") // so does this
	admins  = approval.Role("ORG_BILLING_ADMIN")     // two of platform
	owners  = approval.Role("ORG_OWNER")             // one of platform and one of security
	inRead  = approval.Role("GROUP_READ_ONLY")       // one of the usual
	inOwn   = approval.Role("GROUP_OWNER")           // dana, beside the rest
)

// Short times make short trials, but keys and waits last longer than a rest.
const (
	shortLife = 3 * time.Hour
	longLife  = 7 * time.Hour
	glassLife = 2 * time.Hour    // of a key taken by break-glass
	prodOne   = 30 * time.Minute // from asking
	prodTwo   = 90 * time.Minute // the same
	escalates = 2 * time.Hour    // from asking to the second group
	decide    = 4 * time.Hour    // from asking to a decision
	collect   = 4 * time.Hour    // from approval to the press
	confirm   = time.Hour        // from showing to "I saved it"
	overlap   = time.Hour        // of a key and its successor in use
	noticed   = 75 * time.Minute // after which an owner's leaving is
	soon      = 20 * time.Minute // before its end, the last time that an owner is told
)

var (
	people = []approval.UserID{alice, bob, carol, dana, frank, grace, heidi, ivan, mallory, gil, eve}
	twoOf  = []approval.UserID{alice, bob, dana, grace, mallory} // of org2
	movers = map[approval.GroupID][]approval.UserID{             // who may come and go
		platform: {alice, dana, frank, heidi}, security: {grace, heidi, carol}, managers: {ivan, frank}, oncall: {carol, dana},
	}
)

func newHouse(d *approvaltest.Directory) *house {
	h := &house{
		directory: d, standings: map[approval.UserID]approval.MemberStatus{}, since: map[approval.UserID]time.Time{},
		groups: map[approval.GroupID][]approval.UserID{},
	}
	for _, u := range people {
		h.stand(u, approval.Member)
	}
	h.stand(gil, approval.Guest)
	h.stand(eve, approval.External)
	h.group(platform, alice, dana, frank, heidi, mallory)
	h.group(security, grace, heidi)
	h.group(managers, ivan, mallory)
	h.group(oncall, carol, dana)
	h.group(interns, mallory)
	return h
}

// stand says what somebody is from now on.
func (h *house) stand(u approval.UserID, s approval.MemberStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standings[u], h.since[u] = s, time.Now()
	h.directory.Set(s, u)
}

// group says who is in a group from now on.
func (h *house) group(g approval.GroupID, members ...approval.UserID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.groups[g] = members
	h.directory.SetGroup(g, members...)
}

func (h *house) standing(u approval.UserID) approval.MemberStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, known := h.standings[u]; known {
		return s
	}
	return approval.External
}

func (h *house) isMember(u approval.UserID) bool { return h.standing(u) == approval.Member }

// isGone reports whether somebody was deactivated so long ago that the bot has
// to know.
func (h *house) isGone(u approval.UserID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.standings[u] == approval.Deactivated && time.Since(h.since[u]) > noticed
}

func (h *house) isOf(g approval.GroupID, u approval.UserID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.groups[g], u)
}

// houseRules are the rules as the bot has them.
func houseRules() approval.Orgs {
	one := testPolicy(func(p *approval.Policy) {
		p.Requirements = []approval.Requirement{{From: approval.Principals{Users: []approval.UserID{bob}, Groups: []approval.GroupID{platform}}, Count: 1}}
		p.ExcludedApprovers = groups(interns)
		p.Roles = []approval.RoleRule{
			{Role: readers, AllowedRequesters: everyone}, {Role: billing, AllowedRequesters: everyone},
			{Role: admins, AllowedRequesters: everyone, Requirements: []approval.Requirement{{From: groups(platform), Count: 2}}},
			{Role: owners, AllowedRequesters: groups(platform), MaxLifetime: shortLife,
				Requirements: []approval.Requirement{{From: groups(platform), Count: 1}, {From: groups(security), Count: 1}}},
		}
		p.ProjectRoles = []approval.RoleRule{
			{Role: inRead, AllowedRequesters: everyone}, {Role: inOwn, AllowedRequesters: everyone, Requirements: []approval.Requirement{{From: users(dana), Count: 1}}},
		}
		p.NetworkPresets = []approval.NetworkPreset{{Name: "office", Networks: prefixes("203.0.112.0/22")}, {Name: "ci", Networks: prefixes("198.51.100.7/32", "198.51.100.8/32")}}
		p.AutoApprovals = []approval.AutoRule{{
			Name: "reading from CI", For: approval.Principals{Users: []approval.UserID{alice}, Groups: []approval.GroupID{oncall}},
			Roles: []approval.Role{readers, inRead}, Networks: []string{"ci"}, MaxLifetime: longLife, Projects: true,
		}}
		p.BreakGlass = approval.BreakGlass{People: groups(oncall), Roles: []approval.Role{owners}, Lifetime: glassLife}
		p.RemindApproversAfter, p.EscalateAfter, p.EscalateTo = []time.Duration{prodOne, prodTwo}, escalates, groups(managers)
		houseTimes(p)
	})
	two := testPolicy(func(p *approval.Policy) {
		p.Requirements = []approval.Requirement{{From: users(twoOf...), Count: 2}}
		p.ExcludedApprovers, p.AllowSelfApproval = users(mallory), true
		p.Roles = approval.RulesFor(readers, billing)
		houseTimes(p)
	})
	return approval.Orgs{{ID: org, Name: "Production", Policy: one}, {ID: org2, Name: "Staging", Policy: two}}
}

func houseTimes(p *approval.Policy) {
	p.RequestTTL, p.IssueWithin, p.ConfirmWithin, p.RotationGracePeriod = decide, collect, confirm, overlap
	p.Lifetimes, p.RemindBefore = []time.Duration{shortLife, longLife}, []time.Duration{time.Hour, soon}
}
