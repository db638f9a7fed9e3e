package slackui

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/view"
)

const otherOrg = policy.OrgID("65a1b2c3d4e5f60718293a4c")

var (
	payments = policy.Project{ID: "65a1b2c3d4e5f60718290001", Name: "payments " + hostile}
	search1  = policy.Project{ID: "65a1b2c3d4e5f60718290002", Name: "search"}

	office = policy.NetworkPreset{Name: "office <Berlin>", Networks: networks("192.0.2.0/28", "2001:db8:1::/56")}
)

// strictPolicy has everything that a form can show.
var strictPolicy = func() policy.Policy {
	p := testPolicy
	p.Roles = policy.RulesFor("ORG_MEMBER", "ORG_READ_ONLY", "ORG_OWNER")
	p.Roles[2].MaxLifetime = 8 * time.Hour
	p.ProjectRoles = policy.RulesFor("GROUP_READ_ONLY", "GROUP_OWNER")
	p.NetworkPresets = []policy.NetworkPreset{office, {Name: "vpn", Networks: networks("198.51.100.7/32")}}
	p.BreakGlass = policy.BreakGlass{Roles: []policy.Role{"ORG_READ_ONLY", "ORG_OWNER"}, Lifetime: 2 * time.Hour}
	return p
}()

var (
	production = policy.Org{ID: testOrg, Name: "Production", Policy: testPolicy}
	strict     = policy.Org{ID: testOrg, Name: "Production", Policy: strictPolicy}
	staging    = policy.Org{ID: otherOrg, Name: "Staging " + hostile, Policy: strictPolicy}
	twoOrgs    = policy.Orgs{production, staging}
)

func entitlementsOf(org policy.Org) service.Entitlements {
	o := service.Entitlements{Org: org, NetworkPresets: org.Policy.NetworkPresets, Lifetimes: org.Policy.Lifetimes}
	for _, rule := range org.Policy.Roles {
		o.Roles = append(o.Roles, rule.Role)
	}
	for _, rule := range org.Policy.ProjectRoles {
		o.ProjectRoles = append(o.ProjectRoles, rule.Role)
	}
	return o
}

var (
	usual = view.FormPreview{Preview: policy.Preview{Requirements: []policy.Requirement{platform}}}
	two   = view.FormPreview{Preview: policy.Preview{Requirements: []policy.Requirement{platform, security}}}
	bob   = view.FormPreview{Preview: policy.Preview{Requirements: []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB"}}, Count: 1}}, NoEligibleApprover: true}}
	auto  = view.FormPreview{Preview: policy.Preview{Rule: "read only from the office " + hostile}}
)

// everyProblem is what can be told before a form is sent, and more.
var everyProblem = []policy.Problem{
	{Field: policy.FieldLifetime, Code: policy.LifetimeTooLong, Given: "ORG_OWNER", Most: 8 * time.Hour},
	{Field: policy.FieldRoles, Code: policy.RoleNotForRequester, Given: "ORG_OWNER"},
	{Field: policy.FieldNetworkPresets, Code: policy.TooWide, Given: office.Name, Hint: "/32"},
	{Field: policy.FieldNetworks, Code: policy.TooWide, Given: "203.0.113.0/24", Hint: "/32"},
	{Field: policy.FieldNetworks, Code: policy.NotAnAddress, Given: "203.0.113"},
	{Field: policy.FieldNetworkPresets, Code: policy.NoSuchNetwork, Given: hostile},
	{Field: policy.FieldProjects, Code: policy.NoSuchProject, Given: "65a1b2c3d4e5f60718290001"},
	{Field: policy.FieldReason, Code: policy.TooLong, Limit: 1000},
}

// whole is a request that asks for everything there is.
func whole(r *approval.Request) {
	r.Access.Roles, r.Access.Lifetime = []policy.Role{"ORG_READ_ONLY", "ORG_OWNER"}, 8*time.Hour
	r.Access.Projects = []policy.ProjectAccess{{Project: payments, Roles: []policy.Role{"GROUP_READ_ONLY"}}, {Project: search1, Roles: []policy.Role{"GROUP_READ_ONLY"}}}
	r.Access.NetworkPresets = []policy.NetworkPreset{office}
	r.Access.Networks = append(r.Access.Networks, office.Networks...)
}

// modals are the goldens of everything that is filled in.
func modals() map[string]any {
	empty := view.FormState{}
	asking := view.FormToRequestAgain(strictPolicy, request(whole))
	foreign := request(func(r *approval.Request) {
		r.Access.Roles, r.Access.Lifetime = []policy.Role{"ORG_OWNER"}, 90*24*time.Hour
		r.Access.NetworkPresets = []policy.NetworkPreset{{Name: "gone", Networks: r.Access.Networks[:1]}}
	})
	nothing := entitlementsOf(staging)
	nothing.Roles = nil
	wide := view.FormPreview{Preview: policy.Preview{Requirements: usual.Requirements, Problems: everyProblem[2:3]}}
	breakGlass := view.BreakGlassView{Orgs: policy.Orgs{strict}, Org: strict, Channel: "C0APPROVALS"}
	elsewhere := view.BreakGlassView{Orgs: twoOrgs, Org: staging, Channel: "C0STAGING", Filled: view.FormState{Form: policy.Form{Description: "broken", Networks: "203.0.113.7", Reason: "outage"}}}
	key := view.KeyTarget{Request: request(active), Org: production, Metadata: "AKR-7F3K2"}
	return map[string]any{
		"form.empty":                   view.Form(view.FormView{Orgs: policy.Orgs{production}, Offer: entitlementsOf(production), Filled: empty, Preview: usual}),
		"form.no_eligible_approver":    view.Form(view.FormView{Orgs: policy.Orgs{production}, Offer: entitlementsOf(production), Filled: empty, Preview: bob}),
		"form.unknown":                 view.Form(view.FormView{Orgs: policy.Orgs{production}, Offer: entitlementsOf(production), Filled: empty, Preview: view.FormPreview{Unknown: true}}),
		"form.again":                   view.Form(view.FormView{Orgs: policy.Orgs{production}, Offer: entitlementsOf(production), Filled: view.FormToRequestAgain(testPolicy, request()), Preview: usual}),
		"form.again.no_longer_allowed": view.Form(view.FormView{Orgs: policy.Orgs{production}, Offer: entitlementsOf(production), Filled: view.FormToRequestAgain(testPolicy, foreign), Preview: usual}),
		"form.strict":                  view.Form(view.FormView{Orgs: policy.Orgs{strict}, Offer: entitlementsOf(strict), Filled: empty, Preview: usual}),
		"form.strict.again":            view.Form(view.FormView{Orgs: policy.Orgs{strict}, Offer: entitlementsOf(strict), Filled: asking, Preview: two}),
		"form.strict.problems":         view.Form(view.FormView{Orgs: policy.Orgs{strict}, Offer: entitlementsOf(strict), Filled: asking, Preview: view.FormPreview{Preview: policy.Preview{Requirements: two.Requirements, Problems: everyProblem}}}),
		"form.strict.auto":             view.Form(view.FormView{Orgs: policy.Orgs{strict}, Offer: entitlementsOf(strict), Filled: asking, Preview: auto}),
		"form.orgs":                    view.Form(view.FormView{Orgs: twoOrgs, Offer: entitlementsOf(production), Filled: empty, Preview: usual}),
		"form.orgs.other":              view.Form(view.FormView{Orgs: twoOrgs, Offer: entitlementsOf(staging), Filled: view.FormState{Form: policy.Form{Org: otherOrg, Description: "invoices", Reason: "why"}}, Preview: usual}),
		"form.orgs.nothing":            view.Form(view.FormView{Orgs: twoOrgs, Offer: nothing, Filled: empty, Preview: usual}),

		"breakglass.form":      view.BreakGlassForm(breakGlass),
		"breakglass.form.orgs": view.BreakGlassForm(elsewhere),

		"deny.form":             view.DenyForm(request(), "AKR-7F3K2"),
		"deny.form.whole":       view.DenyForm(request(whole), "AKR-7F3K2"),
		"deny.form.extension":   view.DenyForm(request(extension), "AKR-7F3K2"),
		"deny.form.access_list": view.DenyForm(request(accessListChange), "AKR-7F3K2"),

		"partial.form":       view.PartialForm(testPolicy, request(), "AKR-7F3K2"),
		"partial.form.whole": view.PartialForm(strictPolicy, request(whole), "AKR-7F3K2"),
		"partial.form.large": view.PartialForm(testPolicy, request(large), "AKR-7F3K2"),

		"extend.form":       view.ExtendForm(view.ExtendView{KeyTarget: key, Preview: usual}),
		"extend.form.limit": view.ExtendForm(view.ExtendView{KeyTarget: view.KeyTarget{Request: request(whole, active), Org: strict, Metadata: "AKR-7F3K2"}, Preview: two, MaxLifetime: 8 * 24 * time.Hour, MaxLifetimeRole: "ORG_OWNER"}),
		"extend.form.auto":  view.ExtendForm(view.ExtendView{KeyTarget: key, Preview: auto}),
		"extend.form.large": view.ExtendForm(view.ExtendView{KeyTarget: view.KeyTarget{Request: request(large, active), Org: production, Metadata: "AKR-7F3K2"}, Preview: bob}),

		"access_list.form":         view.AccessListForm(key, usual),
		"access_list.form.presets": view.AccessListForm(view.KeyTarget{Request: request(whole, active), Org: strict, Metadata: "AKR-7F3K2"}, wide),
		"access_list.form.large":   view.AccessListForm(view.KeyTarget{Request: request(large, active), Org: production, Metadata: "AKR-7F3K2"}, usual),
	}
}

// largestForm is a form with as much in it as an operator can write down.
func largestForm() any {
	org := policy.Org{ID: testOrg, Name: strings.Repeat("ü", 200), Policy: strictPolicy}
	many := make(policy.Orgs, 120)
	filled := view.FormToRequestAgain(strictPolicy, request(large))
	for i := range many {
		many[i] = org
		many[i].ID = policy.OrgID(fmt.Sprintf("%024x", i))
		name := fmt.Sprintf("%03d%s", i, strings.Repeat("ü", 34+i%4)) // some are too long for a menu
		org.Policy.NetworkPresets = append(org.Policy.NetworkPresets, policy.NetworkPreset{Name: name, Networks: request(large).Access.Networks})
		org.Policy.Lifetimes = append(org.Policy.Lifetimes, time.Duration(i+100)*time.Hour)
		org.Policy.Requirements = append(org.Policy.Requirements, policy.Requirement{From: policy.Principals{Groups: []policy.GroupID{"S0PLATFORM"}, Users: []policy.UserID{"U0BOB", "U0DANA"}}, Count: i})
		filled.NetworkPresets = append(filled.NetworkPresets, name)
		filled.ChosenProjects = append(filled.ChosenProjects, policy.Project{ID: policy.ProjectID(fmt.Sprintf("%024x", i)), Name: strings.Repeat("<", 300)})
	}
	var problems []policy.Problem
	for range 200 {
		problems = append(problems, everyProblem...)
	}
	return view.Form(view.FormView{Orgs: many, Offer: entitlementsOf(org), Filled: filled, Preview: view.FormPreview{Preview: policy.Preview{Requirements: org.Policy.Requirements, Problems: problems, NoEligibleApprover: true}}})
}

func TestLargestFormFitsSlacksLimits(t *testing.T) {
	t.Parallel()
	n := decoded(t, largestForm())
	assert.LessOrEqual(t, len(pretty(t, n)), 250_000)
	ids := map[string]bool{}
	walk(n, "", func(path string, n node) { checkNode(t, path, n, ids) })
}

// TestDispatchingInputsHaveRefreshers: what Slack tells of a choice is drawn, and what
// no user follows is not told.
func TestDispatchingInputsHaveRefreshers(t *testing.T) {
	t.Parallel()
	for name, screen := range modals() {
		n := decoded(t, screen)
		alive := 0
		walk(n, "", func(path string, n node) {
			if n["type"] == "input" && n["dispatch_action"] == true {
				alive++
				element := n["element"].(node)
				assert.NotEqual(t, "plain_text_input", element["type"], "%s%s: a text is looked at when it is sent", name, path)
			}
		})
		_, followed := refreshers[n["callback_id"].(string)]
		assert.True(t, followed || alive == 0, name)
	}
}

func TestRequestAgainKeepsPresetsOrTheirNetworks(t *testing.T) {
	t.Parallel()
	r := request(whole)
	f := view.FormOf(r.Access)
	assert.Equal(t, []string{office.Name}, f.NetworkPresets)
	assert.Equal(t, "203.0.113.7\n198.51.100.0/24", f.Networks)
	access, err := strictPolicy.Check(view.FormToRequestAgain(strictPolicy, r).Form)
	assert.NoError(t, err)
	assert.ElementsMatch(t, r.Access.Networks, access.Networks)

	assert.Equal(t, "203.0.113.7\n198.51.100.0/24\n192.0.2.0/28\n2001:db8:1::/56", view.FormToRequestAgain(testPolicy, r).Networks, "of a name that is no longer offered the addresses stay")
	assert.Empty(t, view.FormToRequestAgain(testPolicy, r).NetworkPresets)
	assert.Equal(t, "192.0.2.0/28", view.FormOf(policy.Access{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}}).Networks)
}
