package slackui

import (
	"net/netip"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/view"
)

// The situations of requests under an organization's rules: several approvals,
// less than was asked for, rules that approve, break-glass, and keys whose owner
// is gone.

var (
	platform = policy.Requirement{From: policy.Principals{Groups: []policy.GroupID{"S0PLATFORM"}}, Count: 1}
	security = policy.Requirement{From: policy.Principals{Groups: []policy.GroupID{"S0SECURITY"}}, Count: 1, For: []policy.Role{"ORG_OWNER"}}
	pair     = policy.Requirement{From: policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA"}}, Count: 2}

	billing = policy.Project{ID: "5f1a2b3c4d5e6f7081920a01", Name: "billing " + hostile}
	search0 = policy.Project{ID: "5f1a2b3c4d5e6f7081920a02", Name: "search"}
)

func needing(needs ...policy.Requirement) edit {
	return func(r *approval.Request) { r.Requirements = needs }
}

// endorsed is approved by those people, one after the other, and still pending.
func endorsed(by ...policy.UserID) edit {
	return func(r *approval.Request) {
		for i, u := range by {
			r.Approvals = append(r.Approvals, approval.Approval{By: u, At: asked.Add(time.Duration(i+1) * time.Minute)})
		}
	}
}

func inProjects(r *approval.Request) {
	r.Access.Projects = []policy.ProjectAccess{
		{Project: billing, Roles: []policy.Role{"GROUP_READ_ONLY"}},
		{Project: search0, Roles: []policy.Role{"GROUP_READ_ONLY", "GROUP_OWNER"}},
	}
}

func named(r *approval.Request) {
	r.Access.NetworkPresets = []policy.NetworkPreset{{Name: "office " + hostile, Networks: networks("198.51.100.0/24")}}
}

// risky has everything that an approver should look at twice.
func risky(r *approval.Request) {
	powerful(r)
	named(r)
	r.Access.Networks = networks("203.0.113.7/32", "198.51.100.0/24", "192.0.2.0/26", "2001:db8::/48")
	r.Access.Lifetime = 90 * 24 * time.Hour
	r.RequesterHistory = approval.RequesterHistory{ActiveKeys: 2, FirstRequest: true}
}

// harmless has nothing.
func harmless(r *approval.Request) { r.Access.Networks = networks("203.0.113.7/32") }

// less is what Bob left of a request for more.
func less(r *approval.Request) {
	r.Requested = r.Access
	r.Requested.Roles = []policy.Role{"ORG_READ_ONLY", "ORG_OWNER"}
	r.Requested.Projects = []policy.ProjectAccess{{Project: billing, Roles: []policy.Role{"GROUP_OWNER"}}}
	r.Access.Networks = networks("203.0.113.7/32")
	r.Access.Lifetime = 8 * time.Hour
	byBob(r)
}

// byBob says that it was Bob who left less, in the last approval.
func byBob(r *approval.Request) {
	r.ReducedBy = "U0BOB"
	if len(r.Approvals) == 0 {
		r.Approvals = []approval.Approval{{By: "U0BOB", At: asked.Add(time.Hour)}}
	}
	last := &r.Approvals[len(r.Approvals)-1]
	last.Before, last.After = r.Requested, r.Access
}

func declined(r *approval.Request) {
	r.State, r.Outcome = approval.StateWithdrawn, approval.Outcome{Cause: approval.CauseDeclined, By: r.Requester, At: later}
}

// byRule is approved by a rule when it was asked.
func byRule(r *approval.Request) {
	r.Decision = approval.Decision{At: asked, Rule: "Staff, read-only " + hostile}
}

// emergency is a key taken by break-glass, in the state that then makes.
func emergency(then edit) edit {
	return func(r *approval.Request) {
		powerful(r)
		r.Access.Lifetime = time.Hour
		then(r)
		r.BreakGlass, r.Decision = true, approval.Decision{At: asked}
		r.MessageRefs[approval.ReviewNotice] = approval.MessageRef{Channel: "C0APPROVALS", TS: "3.3"}
	}
}

func reviewed(r *approval.Request) { r.Review = approval.Review{By: "U0BOB", At: later.Add(time.Hour)} }

func nudged(r *approval.Request) { r.NudgedAt = later }

func escalated(r *approval.Request) {
	r.EscalatedAt = later
	r.EscalatedTo = policy.Principals{Groups: []policy.GroupID{"S0SECOND"}, Users: []policy.UserID{"U0CAROL"}}
}

func prodded(n int) edit { return func(r *approval.Request) { r.ApproverReminders = n } }

func ownerIsGone(r *approval.Request) { r.OwnerDeactivatedAt = later.Add(24 * time.Hour) }

// handed is a key that Bob handed from one to the next of those people.
func handed(to ...policy.UserID) edit {
	return func(r *approval.Request) {
		for i, u := range to {
			r.Transfers = append(r.Transfers, approval.OwnershipTransfer{From: r.Requester, To: u, By: "U0BOB", At: later.Add(time.Duration(i+25) * time.Hour)})
			r.Requester = u
		}
		r.OwnerDeactivatedAt = time.Time{}
	}
}

func byOperator(r *approval.Request) {
	r.Outcome = approval.Outcome{Cause: approval.CauseRevoked, By: service.Operator, At: later, Note: "the laptop was lost"}
}

func driftedInProjects(r *approval.Request) {
	inProjects(r)
	active(r)
	r.Drift = approval.Drift{ProjectsChanged: true, Projects: []policy.ProjectAccess{
		{Project: policy.Project{ID: billing.ID}, Roles: []policy.Role{"GROUP_OWNER"}},
		{Project: search0},
	}}
}

// absurd is as long as rules and people together can make it.
func absurd(r *approval.Request) {
	large(r)
	r.Access.Projects, r.Access.NetworkPresets = nil, nil
	for i := range policy.MaxProjects {
		r.Access.Projects = append(r.Access.Projects, policy.ProjectAccess{
			Project: policy.Project{ID: "5f1a2b3c4d5e6f7081920aff", Name: strings.Repeat("<ü>", 200)},
			Roles:   []policy.Role{"GROUP_OWNER", "GROUP_DATA_ACCESS_ADMIN", "GROUP_READ_ONLY", policy.Role(strings.Repeat("X", 100+i))},
		})
		r.Access.NetworkPresets = append(r.Access.NetworkPresets, policy.NetworkPreset{Name: strings.Repeat("&", 500), Networks: []netip.Prefix{r.Access.Networks[i]}})
	}
	r.Requested = r.Access
	r.Requested.Networks, r.Requested.Lifetime = networks("203.0.113.7/32"), 365*24*time.Hour
	r.Access.Projects = r.Access.Projects[:5]
	byBob(r)
	var crowd []policy.UserID
	for range 200 {
		crowd = append(crowd, "U0123456789")
	}
	for range 30 {
		r.Requirements = append(r.Requirements, policy.Requirement{From: policy.Principals{Users: crowd}, Count: 100, For: r.Access.Roles})
	}
	endorsed(crowd[:99]...)(r)
	r.Decision.Rule = strings.Repeat("<r>", 200)
	r.RequesterHistory = approval.RequesterHistory{ActiveKeys: 1000, FirstRequest: true}
	nudged(r)
	r.EscalatedAt, r.EscalatedTo = later, policy.Principals{Users: crowd}
}

var ruleSituations = map[string][]edit{
	"pending.one":            with(needing(platform)),
	"pending.risky":          with(needing(platform, security), risky),
	"pending.harmless":       with(needing(pair), harmless),
	"pending.pair.one":       with(needing(pair), endorsed("U0BOB")),
	"pending.two":            with(needing(platform, security), powerful),
	"pending.two.one":        with(needing(platform, security), powerful, endorsed("U0BOB")),
	"pending.less":           with(needing(pair), endorsed("U0BOB"), less),
	"pending.projects":       with(needing(platform), inProjects, named),
	"pending.nudged":         with(needing(platform), nudged),
	"pending.escalated":      with(needing(platform), nudged, escalated),
	"pending.prodded":        with(needing(platform), prodded(2)),
	"pending.everyone":       with(needing(policy.Requirement{From: policy.Principals{Everyone: true}, Count: 2})),
	"approved.two":           with(needing(platform, security), endorsed("U0DANA", "U0BOB"), approved),
	"approved.less":          with(endorsed("U0BOB"), less, approved),
	"approved.rule":          with(approved, byRule),
	"denied.one":             with(needing(pair), endorsed("U0DANA"), nudged, escalated, prodded(1), deniedFor("too much")),
	"active.less":            with(endorsed("U0BOB"), less, active),
	"active.projects":        with(inProjects, named, active),
	"declined":               with(endorsed("U0BOB"), less, approved, declined),
	"minting.emergency":      with(emergency(minting)),
	"approved.emergency":     with(emergency(approved), func(r *approval.Request) { r.ExpiresAt = r.RequestedAt.Add(time.Hour) }),
	"approved.emergency.new": with(emergency(approved), unreached),
	"active.emergency":       with(emergency(active)),
	"active.reviewed":        with(emergency(active), reviewed),
	"ended.emergency":        with(emergency(ended(endDate))),
	"ended.reviewed":         with(emergency(ended(endDate)), reviewed),
	"active.orphan":          with(inProjects, active, ownerIsGone),
	"active.handed":          with(active, ownerIsGone, handed("U0CAROL")),
	"active.handed.rotation": with(rotation(active), ownerIsGone, handed("U0CAROL")),
	"active.handed.twice":    with(active, handed("U0CAROL", "U0DANA")),
	"ended.handed": with(active, handed("U0CAROL"), func(r *approval.Request) {
		r.State, r.Outcome = approval.StateEnded, endDate
		r.Outcome.At = r.KeyExpiresAt
	}),
	"ended.operator":         with(ended(revokedBy), byOperator),
	"active.drifted.project": with(driftedInProjects),
	"failed.bad_project":     with(inProjects, failed(approval.CauseBadProject)),
	"applying.rule":          with(readdressing, applying(approval.CauseNone), byRule),
	"pending.absurd":         with(absurd),
}

var ruleStorybook = map[approval.MessageName][]string{
	approval.CardMessage: {"pending.one", "pending.risky", "pending.harmless", "pending.pair.one", "pending.two", "pending.two.one", "pending.less", "pending.projects",
		"pending.nudged", "pending.escalated", "pending.everyone", "approved.two", "approved.less", "approved.rule", "active.less", "active.projects", "declined",
		"approved.emergency.new", "minting.emergency", "active.reviewed", "active.handed", "active.handed.twice", "ended.operator", "applying.rule"},
	approval.RequestedMessage:          {"pending.one", "pending.two.one", "pending.less", "pending.nudged", "pending.escalated", "approved.two", "approved.less", "approved.rule", "declined"},
	approval.ReadyMessage:              {"approved.two", "approved.less", "approved.rule", "declined", "approved.emergency", "minting.emergency", "active.emergency", "active.reviewed", "ended.operator", "failed.bad_project"},
	approval.DeniedNotice:              {"denied", "denied.no_reason", "denied.one"},
	approval.ApprovalAddedNotice(1):    {"pending.pair.one", "pending.less", "approved.two"},
	approval.KeyCreatedNotice:          {"delivered", "active", "active.handed", "active.emergency", "rotation.active", "ended.end_date"},
	approval.KeyCreatedAgainNotice(2):  {"delivered", "rotation.active"},
	approval.ClosedNotice:              {"ended.revoked", "ended.by_approver", "ended.operator", "ended.unconfirmed", "ended.vanished", "ended.handed", "withdrawn", "declined", "expired.undecided", "expired.uncollected", "extension.done", "addresses.narrowed"},
	approval.ApproverReminderNotice(1): {"pending.prodded", "denied.one", "approved.two"},
	approval.ApproverReminderNotice(2): {"pending.prodded", "pending.less"},
	approval.NudgedNotice:              {"pending.nudged", "denied.one"},
	approval.EscalatedNotice:           {"pending.escalated", "denied.one"},
	approval.ReviewNotice:              {"minting.emergency", "active.emergency", "active.reviewed", "ended.emergency", "ended.reviewed"},
	approval.OwnerDeactivatedNotice(1): {"active.orphan", "active.handed", "active", "ended.handed"},
	approval.TransferMessage(1):        {"active.handed", "active.handed.rotation", "active.handed.twice", "ended.handed"},
	approval.OutcomeMessage:            {"failed.bad_project", "ended.operator"},
	approval.DriftNotice(1):            {"active.drifted.project"},
}

// ofTwo are the views of a bot that serves two organizations, in one of which
// people may break the glass.
func ofTwo() view.Screens {
	rules := testPolicy
	rules.BreakGlass = policy.BreakGlass{AllowedRequesters: policy.Principals{Users: []policy.UserID{"U0ALICE"}}, Roles: []policy.Role{"ORG_OWNER"}, Lifetime: time.Hour}
	return view.Screens{
		Orgs: policy.Orgs{
			{ID: testOrg, Name: "Production " + hostile, Policy: rules},
			{ID: "65a1b2c3d4e5f60718293a4c", Name: "Staging", Policy: testPolicy},
		},
		Channels: map[policy.OrgID]string{testOrg: "C0APPROVALS", "65a1b2c3d4e5f60718293a4c": "C0STAGING"},
		Command:  "/atlas-key",
	}
}

// ruleScreens are those that more than a request and one organization make.
func ruleScreens() map[string]any {
	two := ofTwo()
	r := func(situation string) approval.Request { return request(situations[situation]...) }
	unsigned := []approval.Request{r("active.emergency"), r("ended.emergency")}
	all := map[string]any{
		"two.card.pending":        two.Card(r("pending.projects")),
		"two.card.extension":      two.Card(r("extension.pending")),
		"two.denied.channel":      two.DeniedNotice(r("denied")),
		"two.review.channel":      two.ReviewNotice(r("active.emergency")),
		"two.ownergone.1.channel": two.OwnerDeactivatedNotice(r("active.orphan"), 1),
		"two.list":                two.List(approval.Page{Requests: numbered([]approval.Request{r("pending.two.one"), r("approved.less"), r("active.emergency")})}, ""),
		"two.help":                two.Help("", view.HelpReader{Approver: true}),
		"two.pending":             two.Pending([]approval.Request{r("pending.two.one")}, unsigned, later.Add(5*time.Hour)),
		"two.home": two.Home(view.HomeView{Approver: true, Own: []approval.Request{r("pending.nudged"), r("pending.one"), r("approved.less")},
			Pending: []approval.Request{r("pending.risky")}, AwaitingReview: unsigned, Active: []approval.Request{r("active.orphan"), request(found)}, ActiveTotal: 2}),
		"list.rules":       testViews.List(approval.Page{Requests: numbered([]approval.Request{r("pending.one"), r("pending.nudged"), r("pending.two.one"), r("approved.less"), r("declined"), r("active.emergency")})}, ""),
		"pending.unsigned": testViews.Pending(nil, unsigned, later.Add(5*time.Hour)),
		"home.gone":        testViews.Home(view.HomeView{Approver: true, Active: []approval.Request{r("active.orphan"), r("active.handed")}, ActiveTotal: 2}),
	}
	for name, states := range ruleStorybook {
		for _, state := range states {
			all[string(name)+"."+state] = testViews.Message(r(state), name)
		}
	}
	return all
}

// absurdScreens have no goldens: no user should have to read them.
func absurdScreens() map[string]any {
	two := ofTwo()
	var waiting, taken []approval.Request
	for range 60 {
		waiting = append(waiting, request(absurd, extending))
		taken = append(taken, request(absurd, emergency(active)))
	}
	return map[string]any{
		"absurd pending":    two.Pending(waiting, taken, later),
		"absurd home":       two.Home(view.HomeView{Flash: "Done.", Approver: true, Own: taken, Pending: waiting[:view.MaxHomePending], MorePending: true, AwaitingReview: taken, Active: taken[:view.HomePageSize], ActiveTotal: len(taken), Search: turned(view.Search{Person: "U0ALICE"}, 1)}),
		"absurd list":       two.List(approval.Page{Requests: numbered(waiting)}, ""),
		"absurd owner gone": two.OwnerDeactivatedNotice(request(absurd, active, ownerIsGone), 1),
		"absurd transfer":   two.Transfer(request(absurd, active, handed("U0CAROL")), 1),
		"absurd drift":      two.DriftNotice(request(absurd, driftedAbsurdly), 1),
		"absurd card":       two.Card(request(absurd, emergency(ended(becauseOfAudit)), handed("U0CAROL"))),
	}
}

func driftedAbsurdly(r *approval.Request) {
	active(r)
	r.Drift = approval.Drift{RolesChanged: true, Roles: r.Access.Roles, NetworksChanged: true, Networks: r.Access.Networks, ProjectsChanged: true, Projects: r.Requested.Projects, Renamed: true}
}
