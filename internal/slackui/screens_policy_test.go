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
// partial approvals, auto-approval rules, break-glass, and keys whose owner
// is gone.

var (
	platform = policy.Requirement{From: policy.Principals{Groups: []policy.GroupID{"S0PLATFORM"}}, Count: 1}
	security = policy.Requirement{From: policy.Principals{Groups: []policy.GroupID{"S0SECURITY"}}, Count: 1, For: []policy.Role{"ORG_OWNER"}}
	pair     = policy.Requirement{From: policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA"}}, Count: 2}

	billing = policy.Project{ID: "5f1a2b3c4d5e6f7081920a01", Name: "billing " + hostile}
	search0 = policy.Project{ID: "5f1a2b3c4d5e6f7081920a02", Name: "search"}
)

func requiring(needs ...policy.Requirement) edit {
	return func(r *approval.Request) { r.Requirements = needs }
}

// approvedBy is approved by those people, one after the other, and still pending.
func approvedBy(by ...policy.UserID) edit {
	return func(r *approval.Request) {
		for i, u := range by {
			r.Approvals = append(r.Approvals, approval.Approval{By: u, At: requestedAt.Add(time.Duration(i+1) * time.Minute)})
		}
	}
}

func withProjects(r *approval.Request) {
	r.Access.Projects = []policy.ProjectAccess{
		{Project: billing, Roles: []policy.Role{"GROUP_READ_ONLY"}},
		{Project: search0, Roles: []policy.Role{"GROUP_READ_ONLY", "GROUP_OWNER"}},
	}
}

func withPreset(r *approval.Request) {
	r.Access.NetworkPresets = []policy.NetworkPreset{{Name: "office " + hostile, Networks: networks("198.51.100.0/24")}}
}

// risky has everything that an approver should look at twice.
func risky(r *approval.Request) {
	powerful(r)
	withPreset(r)
	r.Access.Networks = networks("203.0.113.7/32", "198.51.100.0/24", "192.0.2.0/26", "2001:db8::/48")
	r.Access.Lifetime = 90 * 24 * time.Hour
	r.RequesterHistory = approval.RequesterHistory{ActiveKeys: 2, FirstRequest: true}
}

// harmless has nothing.
func harmless(r *approval.Request) { r.Access.Networks = networks("203.0.113.7/32") }

// partial is what Bob left of a request for more.
func partial(r *approval.Request) {
	r.Requested = r.Access
	r.Requested.Roles = []policy.Role{"ORG_READ_ONLY", "ORG_OWNER"}
	r.Requested.Projects = []policy.ProjectAccess{{Project: billing, Roles: []policy.Role{"GROUP_OWNER"}}}
	r.Access.Networks = networks("203.0.113.7/32")
	r.Access.Lifetime = 8 * time.Hour
	byBob(r)
}

// byBob says that it was Bob who approved partially, in the last approval.
func byBob(r *approval.Request) {
	r.ReducedBy = "U0BOB"
	if len(r.Approvals) == 0 {
		r.Approvals = []approval.Approval{{By: "U0BOB", At: requestedAt.Add(time.Hour)}}
	}
	last := &r.Approvals[len(r.Approvals)-1]
	last.Before, last.After = r.Requested, r.Access
}

func declined(r *approval.Request) {
	r.State, r.Outcome = approval.StateWithdrawn, approval.Outcome{Cause: approval.CauseDeclined, By: r.Requester, At: later}
}

// byRule is approved by a rule when it was asked.
func byRule(r *approval.Request) {
	r.Decision = approval.Decision{At: requestedAt, Rule: "Staff, read-only " + hostile}
}

// breakGlass is a key taken by break-glass, in the state that then makes.
func breakGlass(then edit) edit {
	return func(r *approval.Request) {
		powerful(r)
		r.Access.Lifetime = time.Hour
		then(r)
		r.BreakGlass, r.Decision = true, approval.Decision{At: requestedAt}
		r.MessageRefs[approval.ReviewNotice] = approval.MessageRef{Channel: "C0APPROVALS", TS: "3.3"}
	}
}

func reviewed(r *approval.Request) { r.Review = approval.Review{By: "U0BOB", At: later.Add(time.Hour)} }

func nudged(r *approval.Request) { r.NudgedAt = later }

func escalated(r *approval.Request) {
	r.EscalatedAt = later
	r.EscalatedTo = policy.Principals{Groups: []policy.GroupID{"S0SECOND"}, Users: []policy.UserID{"U0CAROL"}}
}

func approversReminded(n int) edit { return func(r *approval.Request) { r.ApproverReminders = n } }

func ownerDeactivated(r *approval.Request) { r.OwnerDeactivatedAt = later.Add(24 * time.Hour) }

// transferred is a key that Bob transferred from one to the next of those people.
func transferred(to ...policy.UserID) edit {
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
	withProjects(r)
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
	approvedBy(crowd[:99]...)(r)
	r.Decision.Rule = strings.Repeat("<r>", 200)
	r.RequesterHistory = approval.RequesterHistory{ActiveKeys: 1000, FirstRequest: true}
	nudged(r)
	r.EscalatedAt, r.EscalatedTo = later, policy.Principals{Users: crowd}
}

var policySituations = map[string][]edit{
	"pending.one":                 with(requiring(platform)),
	"pending.risky":               with(requiring(platform, security), risky),
	"pending.low_risk":            with(requiring(pair), harmless),
	"pending.pair.one":            with(requiring(pair), approvedBy("U0BOB")),
	"pending.two":                 with(requiring(platform, security), powerful),
	"pending.two.one":             with(requiring(platform, security), powerful, approvedBy("U0BOB")),
	"pending.partial":             with(requiring(pair), approvedBy("U0BOB"), partial),
	"pending.projects":            with(requiring(platform), withProjects, withPreset),
	"pending.nudged":              with(requiring(platform), nudged),
	"pending.escalated":           with(requiring(platform), nudged, escalated),
	"pending.reminded":            with(requiring(platform), approversReminded(2)),
	"pending.everyone":            with(requiring(policy.Requirement{From: policy.Principals{Everyone: true}, Count: 2})),
	"approved.two":                with(requiring(platform, security), approvedBy("U0DANA", "U0BOB"), approved),
	"approved.partial":            with(approvedBy("U0BOB"), partial, approved),
	"approved.rule":               with(approved, byRule),
	"denied.one":                  with(requiring(pair), approvedBy("U0DANA"), nudged, escalated, approversReminded(1), deniedFor("too much")),
	"active.partial":              with(approvedBy("U0BOB"), partial, active),
	"active.projects":             with(withProjects, withPreset, active),
	"declined":                    with(approvedBy("U0BOB"), partial, approved, declined),
	"issuing.breakglass":          with(breakGlass(issuing)),
	"approved.breakglass":         with(breakGlass(approved), func(r *approval.Request) { r.ExpiresAt = r.RequestedAt.Add(time.Hour) }),
	"approved.breakglass.new":     with(breakGlass(approved), withoutCard),
	"active.breakglass":           with(breakGlass(active)),
	"active.reviewed":             with(breakGlass(active), reviewed),
	"ended.breakglass":            with(breakGlass(ended(endDate))),
	"ended.reviewed":              with(breakGlass(ended(endDate)), reviewed),
	"active.owner_deactivated":    with(withProjects, active, ownerDeactivated),
	"active.transferred":          with(active, ownerDeactivated, transferred("U0CAROL")),
	"active.transferred.rotation": with(rotation(active), ownerDeactivated, transferred("U0CAROL")),
	"active.transferred.twice":    with(active, transferred("U0CAROL", "U0DANA")),
	"ended.transferred": with(active, transferred("U0CAROL"), func(r *approval.Request) {
		r.State, r.Outcome = approval.StateEnded, endDate
		r.Outcome.At = r.KeyExpiresAt
	}),
	"ended.operator":         with(ended(revokedBy), byOperator),
	"active.drifted.project": with(driftedInProjects),
	"failed.bad_project":     with(withProjects, failed(approval.CauseBadProject)),
	"applying.rule":          with(accessListChange, applying(approval.CauseNone), byRule),
	"pending.absurd":         with(absurd),
}

var policyGoldens = map[approval.MessageName][]string{
	approval.CardMessage: {"pending.one", "pending.risky", "pending.low_risk", "pending.pair.one", "pending.two", "pending.two.one", "pending.partial", "pending.projects",
		"pending.nudged", "pending.escalated", "pending.everyone", "approved.two", "approved.partial", "approved.rule", "active.partial", "active.projects", "declined",
		"approved.breakglass.new", "issuing.breakglass", "active.reviewed", "active.transferred", "active.transferred.twice", "ended.operator", "applying.rule"},
	approval.RequestedMessage:          {"pending.one", "pending.two.one", "pending.partial", "pending.nudged", "pending.escalated", "approved.two", "approved.partial", "approved.rule", "declined"},
	approval.ReadyMessage:              {"approved.two", "approved.partial", "approved.rule", "declined", "approved.breakglass", "issuing.breakglass", "active.breakglass", "active.reviewed", "ended.operator", "failed.bad_project"},
	approval.DeniedNotice:              {"denied", "denied.no_reason", "denied.one"},
	approval.ApprovalAddedNotice(1):    {"pending.pair.one", "pending.partial", "approved.two"},
	approval.KeyCreatedNotice:          {"delivered", "active", "active.transferred", "active.breakglass", "rotation.active", "ended.expired"},
	approval.KeyCreatedAgainNotice(2):  {"delivered", "rotation.active"},
	approval.ClosedNotice:              {"ended.revoked", "ended.by_approver", "ended.operator", "ended.unconfirmed", "ended.deleted_externally", "ended.transferred", "withdrawn", "declined", "expired.undecided", "expired.not_issued", "extension.applied", "access_list.reduced"},
	approval.ApproverReminderNotice(1): {"pending.reminded", "denied.one", "approved.two"},
	approval.ApproverReminderNotice(2): {"pending.reminded", "pending.partial"},
	approval.NudgedNotice:              {"pending.nudged", "denied.one"},
	approval.EscalatedNotice:           {"pending.escalated", "denied.one"},
	approval.ReviewNotice:              {"issuing.breakglass", "active.breakglass", "active.reviewed", "ended.breakglass", "ended.reviewed"},
	approval.OwnerDeactivatedNotice(1): {"active.owner_deactivated", "active.transferred", "active", "ended.transferred"},
	approval.TransferMessage(1):        {"active.transferred", "active.transferred.rotation", "active.transferred.twice", "ended.transferred"},
	approval.OutcomeMessage:            {"failed.bad_project", "ended.operator"},
	approval.DriftNotice(1):            {"active.drifted.project"},
}

// twoOrgViews are the views of a bot that serves two organizations, in one of which
// people may use break-glass.
func twoOrgViews() view.Screens {
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

// policyScreens are those that more than a request and one organization make.
func policyScreens() map[string]any {
	two := twoOrgViews()
	r := func(situation string) approval.Request { return request(situations[situation]...) }
	unsigned := []approval.Request{r("active.breakglass"), r("ended.breakglass")}
	all := map[string]any{
		"two_orgs.card.pending":                two.Card(r("pending.projects")),
		"two_orgs.card.extension":              two.Card(r("extension.pending")),
		"two_orgs.denied.channel":              two.DeniedNotice(r("denied")),
		"two_orgs.review.channel":              two.ReviewNotice(r("active.breakglass")),
		"two_orgs.owner_deactivated.1.channel": two.OwnerDeactivatedNotice(r("active.owner_deactivated"), 1),
		"two_orgs.list":                        two.List(approval.Page{Requests: numbered([]approval.Request{r("pending.two.one"), r("approved.partial"), r("active.breakglass")})}, ""),
		"two_orgs.help":                        two.Help("", view.HelpReader{Approver: true}),
		"two_orgs.pending":                     two.Pending([]approval.Request{r("pending.two.one")}, unsigned, later.Add(5*time.Hour)),
		"two_orgs.home": two.Home(view.HomeView{Approver: true, Own: []approval.Request{r("pending.nudged"), r("pending.one"), r("approved.partial")},
			Pending: []approval.Request{r("pending.risky")}, AwaitingReview: unsigned, Active: []approval.Request{r("active.owner_deactivated"), request(found)}, ActiveTotal: 2}),
		"list.rules":              testViews.List(approval.Page{Requests: numbered([]approval.Request{r("pending.one"), r("pending.nudged"), r("pending.two.one"), r("approved.partial"), r("declined"), r("active.breakglass")})}, ""),
		"pending.awaiting_review": testViews.Pending(nil, unsigned, later.Add(5*time.Hour)),
		"home.owner_deactivated":  testViews.Home(view.HomeView{Approver: true, Active: []approval.Request{r("active.owner_deactivated"), r("active.transferred")}, ActiveTotal: 2}),
	}
	for name, states := range policyGoldens {
		for _, state := range states {
			all[string(name)+"."+state] = testViews.Message(r(state), name)
		}
	}
	return all
}

// absurdScreens have no goldens: no user should have to read them.
func absurdScreens() map[string]any {
	two := twoOrgViews()
	var waiting, taken []approval.Request
	for range 60 {
		waiting = append(waiting, request(absurd, extension))
		taken = append(taken, request(absurd, breakGlass(active)))
	}
	return map[string]any{
		"absurd pending":    two.Pending(waiting, taken, later),
		"absurd home":       two.Home(view.HomeView{Flash: "Done.", Approver: true, Own: taken, Pending: waiting[:view.MaxHomePending], MorePending: true, AwaitingReview: taken, Active: taken[:view.HomePageSize], ActiveTotal: len(taken), Search: onPage(view.Search{Person: "U0ALICE"}, 1)}),
		"absurd list":       two.List(approval.Page{Requests: numbered(waiting)}, ""),
		"absurd owner gone": two.OwnerDeactivatedNotice(request(absurd, active, ownerDeactivated), 1),
		"absurd transfer":   two.Transfer(request(absurd, active, transferred("U0CAROL")), 1),
		"absurd drift":      two.DriftNotice(request(absurd, driftedAbsurdly), 1),
		"absurd card":       two.Card(request(absurd, breakGlass(ended(becauseOfAudit)), transferred("U0CAROL"))),
	}
}

func driftedAbsurdly(r *approval.Request) {
	active(r)
	r.Drift = approval.Drift{RolesChanged: true, Roles: r.Access.Roles, NetworksChanged: true, Networks: r.Access.Networks, ProjectsChanged: true, Projects: r.Requested.Projects, Renamed: true}
}
