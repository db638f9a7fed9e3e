package slackui

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
)

const otherOrg = approval.OrgID("65a1b2c3d4e5f60718293a4c")

var (
	payments = approval.Project{ID: "65a1b2c3d4e5f60718290001", Name: "payments " + hostile}
	search1  = approval.Project{ID: "65a1b2c3d4e5f60718290002", Name: "search"}

	office = approval.NetworkPreset{Name: "office <Berlin>", Networks: networks("192.0.2.0/28", "2001:db8:1::/56")}
)

// strictPolicy has everything that a form can show.
var strictPolicy = func() approval.Policy {
	p := testPolicy
	p.Roles = approval.RulesFor("ORG_MEMBER", "ORG_READ_ONLY", "ORG_OWNER")
	p.Roles[2].MaxLifetime = 8 * time.Hour
	p.ProjectRoles = approval.RulesFor("GROUP_READ_ONLY", "GROUP_OWNER")
	p.NetworkPresets = []approval.NetworkPreset{office, {Name: "vpn", Networks: networks("198.51.100.7/32")}}
	p.BreakGlass = approval.BreakGlass{Roles: []approval.Role{"ORG_READ_ONLY", "ORG_OWNER"}, Lifetime: 2 * time.Hour}
	return p
}()

var (
	production = approval.Org{ID: testOrg, Name: "Production", Policy: testPolicy}
	strict     = approval.Org{ID: testOrg, Name: "Production", Policy: strictPolicy}
	staging    = approval.Org{ID: otherOrg, Name: "Staging " + hostile, Policy: strictPolicy}
	twoOrgs    = approval.Orgs{production, staging}
)

func offerOf(org approval.Org) approval.Entitlements {
	o := approval.Entitlements{Org: org, NetworkPresets: org.Policy.NetworkPresets, Lifetimes: org.Policy.Lifetimes}
	for _, rule := range org.Policy.Roles {
		o.Roles = append(o.Roles, rule.Role)
	}
	for _, rule := range org.Policy.ProjectRoles {
		o.ProjectRoles = append(o.ProjectRoles, rule.Role)
	}
	return o
}

var (
	usual = formPreview{Preview: approval.Preview{Requirements: []approval.Requirement{platform}}}
	two   = formPreview{Preview: approval.Preview{Requirements: []approval.Requirement{platform, security}}}
	bob   = formPreview{Preview: approval.Preview{Requirements: []approval.Requirement{{From: approval.Principals{Users: []approval.UserID{"U0BOB"}}, Count: 1}}, NoEligibleApprover: true}}
	auto  = formPreview{Preview: approval.Preview{Rule: "read only from the office " + hostile}}
)

// everyProblem is what can be told before a form is sent, and more.
var everyProblem = []approval.Problem{
	{Field: approval.FieldLifetime, Code: approval.LifetimeTooLong, Given: "ORG_OWNER", Most: 8 * time.Hour},
	{Field: approval.FieldRoles, Code: approval.RoleNotForRequester, Given: "ORG_OWNER"},
	{Field: approval.FieldNetworkPresets, Code: approval.TooWide, Given: office.Name, Hint: "/32"},
	{Field: approval.FieldNetworks, Code: approval.TooWide, Given: "203.0.113.0/24", Hint: "/32"},
	{Field: approval.FieldNetworks, Code: approval.NotAnAddress, Given: "203.0.113"},
	{Field: approval.FieldNetworkPresets, Code: approval.NoSuchNetwork, Given: hostile},
	{Field: approval.FieldProjects, Code: approval.NoSuchProject, Given: "65a1b2c3d4e5f60718290001"},
	{Field: approval.FieldReason, Code: approval.TooLong, Limit: 1000},
}

// whole is a request that asks for everything there is.
func whole(r *approval.Request) {
	r.Access.Roles, r.Access.Lifetime = []approval.Role{"ORG_READ_ONLY", "ORG_OWNER"}, 8*time.Hour
	r.Access.Projects = []approval.ProjectAccess{{Project: payments, Roles: []approval.Role{"GROUP_READ_ONLY"}}, {Project: search1, Roles: []approval.Role{"GROUP_READ_ONLY"}}}
	r.Access.NetworkPresets = []approval.NetworkPreset{office}
	r.Access.Networks = append(r.Access.Networks, office.Networks...)
}

// modals are the goldens of everything that is filled in.
func modals() map[string]any {
	empty := formState{}
	asking := again(strictPolicy, request(whole))
	foreign := request(func(r *approval.Request) {
		r.Access.Roles, r.Access.Lifetime = []approval.Role{"ORG_OWNER"}, 90*24*time.Hour
		r.Access.NetworkPresets = []approval.NetworkPreset{{Name: "gone", Networks: r.Access.Networks[:1]}}
	})
	nothing := offerOf(staging)
	nothing.Roles = nil
	wide := formPreview{Preview: approval.Preview{Requirements: usual.Requirements, Problems: everyProblem[2:3]}}
	emergency := breakGlassView{orgs: approval.Orgs{strict}, org: strict, channel: "C0APPROVALS"}
	elsewhere := breakGlassView{orgs: twoOrgs, org: staging, channel: "C0STAGING", filled: formState{Form: approval.Form{Description: "broken", Networks: "203.0.113.7", Reason: "outage"}}}
	key := keyTarget{r: request(active), org: production, metadata: "AKR-7F3K2"}
	return map[string]any{
		"form.empty":                   form(formView{approval.Orgs{production}, offerOf(production), empty, usual}),
		"form.lonely":                  form(formView{approval.Orgs{production}, offerOf(production), empty, bob}),
		"form.unknown":                 form(formView{approval.Orgs{production}, offerOf(production), empty, formPreview{unknown: true}}),
		"form.again":                   form(formView{approval.Orgs{production}, offerOf(production), again(testPolicy, request()), usual}),
		"form.again.no_longer_allowed": form(formView{approval.Orgs{production}, offerOf(production), again(testPolicy, foreign), usual}),
		"form.strict":                  form(formView{approval.Orgs{strict}, offerOf(strict), empty, usual}),
		"form.strict.again":            form(formView{approval.Orgs{strict}, offerOf(strict), asking, two}),
		"form.strict.problems":         form(formView{approval.Orgs{strict}, offerOf(strict), asking, formPreview{Preview: approval.Preview{Requirements: two.Requirements, Problems: everyProblem}}}),
		"form.strict.auto":             form(formView{approval.Orgs{strict}, offerOf(strict), asking, auto}),
		"form.orgs":                    form(formView{twoOrgs, offerOf(production), empty, usual}),
		"form.orgs.other":              form(formView{twoOrgs, offerOf(staging), formState{Form: approval.Form{Org: otherOrg, Description: "invoices", Reason: "why"}}, usual}),
		"form.orgs.nothing":            form(formView{twoOrgs, nothing, empty, usual}),

		"emergency.form":      breakGlassForm(emergency),
		"emergency.form.orgs": breakGlassForm(elsewhere),

		"deny.form":           denyForm(request(), "AKR-7F3K2"),
		"deny.form.whole":     denyForm(request(whole), "AKR-7F3K2"),
		"deny.form.extension": denyForm(request(extending), "AKR-7F3K2"),
		"deny.form.addresses": denyForm(request(readdressing), "AKR-7F3K2"),

		"less.form":       partialForm(testPolicy, request(), "AKR-7F3K2"),
		"less.form.whole": partialForm(strictPolicy, request(whole), "AKR-7F3K2"),
		"less.form.large": partialForm(testPolicy, request(large), "AKR-7F3K2"),

		"extend.form":       extendForm(extendView{keyTarget: key, preview: usual}),
		"extend.form.limit": extendForm(extendView{keyTarget: keyTarget{request(whole, active), strict, "AKR-7F3K2"}, preview: two, most: 8 * 24 * time.Hour, mostOf: "ORG_OWNER"}),
		"extend.form.auto":  extendForm(extendView{keyTarget: key, preview: auto}),
		"extend.form.large": extendForm(extendView{keyTarget: keyTarget{request(large, active), production, "AKR-7F3K2"}, preview: bob}),

		"addresses.form":       accessListForm(key, usual),
		"addresses.form.named": accessListForm(keyTarget{request(whole, active), strict, "AKR-7F3K2"}, wide),
		"addresses.form.large": accessListForm(keyTarget{request(large, active), production, "AKR-7F3K2"}, usual),
	}
}

// crowded is a form with as much in it as an operator can write down.
func crowded() any {
	org := approval.Org{ID: testOrg, Name: strings.Repeat("ü", 200), Policy: strictPolicy}
	many := make(approval.Orgs, 120)
	filled := again(strictPolicy, request(large))
	for i := range many {
		many[i] = org
		many[i].ID = approval.OrgID(fmt.Sprintf("%024x", i))
		name := fmt.Sprintf("%03d%s", i, strings.Repeat("ü", 34+i%4)) // some are too long for a menu
		org.Policy.NetworkPresets = append(org.Policy.NetworkPresets, approval.NetworkPreset{Name: name, Networks: request(large).Access.Networks})
		org.Policy.Lifetimes = append(org.Policy.Lifetimes, time.Duration(i+100)*time.Hour)
		org.Policy.Requirements = append(org.Policy.Requirements, approval.Requirement{From: approval.Principals{Groups: []approval.GroupID{"S0PLATFORM"}, Users: []approval.UserID{"U0BOB", "U0DANA"}}, Count: i})
		filled.NetworkPresets = append(filled.NetworkPresets, name)
		filled.chosenProjects = append(filled.chosenProjects, approval.Project{ID: approval.ProjectID(fmt.Sprintf("%024x", i)), Name: strings.Repeat("<", 300)})
	}
	var problems []approval.Problem
	for range 200 {
		problems = append(problems, everyProblem...)
	}
	return form(formView{many, offerOf(org), filled, formPreview{Preview: approval.Preview{Requirements: org.Policy.Requirements, Problems: problems, NoEligibleApprover: true}}})
}

func TestAFormIsNeverTooLargeForSlack(t *testing.T) {
	t.Parallel()
	n := decoded(t, crowded())
	assert.LessOrEqual(t, len(pretty(t, n)), 250_000)
	ids := map[string]bool{}
	walk(n, "", func(path string, n node) { checkNode(t, path, n, ids) })
}

// TestEveryLiveInputIsFollowed: what Slack tells of a choice is drawn, and what
// nobody follows is not told.
func TestEveryLiveInputIsFollowed(t *testing.T) {
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

func TestAddressesAreTypedAsTheyWerePicked(t *testing.T) {
	t.Parallel()
	r := request(whole)
	f := formOf(r.Access)
	assert.Equal(t, []string{office.Name}, f.NetworkPresets)
	assert.Equal(t, "203.0.113.7\n198.51.100.0/24", f.Networks)
	access, err := strictPolicy.Check(again(strictPolicy, r).Form)
	assert.NoError(t, err)
	assert.ElementsMatch(t, r.Access.Networks, access.Networks)

	assert.Equal(t, "203.0.113.7\n198.51.100.0/24\n192.0.2.0/28\n2001:db8:1::/56", again(testPolicy, r).Networks, "of a name that is no longer offered the addresses stay")
	assert.Empty(t, again(testPolicy, r).NetworkPresets)
	assert.Equal(t, "192.0.2.0/28", formOf(approval.Access{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}}).Networks)
}
