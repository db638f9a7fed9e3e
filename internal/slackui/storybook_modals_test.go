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

	office = approval.NamedNetwork{Name: "office <Berlin>", Networks: networks("192.0.2.0/28", "2001:db8:1::/56")}
)

// strictPolicy has everything that a form can show.
var strictPolicy = func() approval.Policy {
	p := testPolicy
	p.Roles = approval.RulesFor("ORG_MEMBER", "ORG_READ_ONLY", "ORG_OWNER")
	p.Roles[2].Longest = 8 * time.Hour
	p.ProjectRoles = approval.RulesFor("GROUP_READ_ONLY", "GROUP_OWNER")
	p.Named = []approval.NamedNetwork{office, {Name: "vpn", Networks: networks("198.51.100.7/32")}}
	p.BreakGlass = approval.BreakGlass{Roles: []approval.Role{"ORG_READ_ONLY", "ORG_OWNER"}, Lifetime: 2 * time.Hour}
	return p
}()

var (
	production = approval.Org{ID: testOrg, Name: "Production", Policy: testPolicy}
	strict     = approval.Org{ID: testOrg, Name: "Production", Policy: strictPolicy}
	staging    = approval.Org{ID: otherOrg, Name: "Staging " + hostile, Policy: strictPolicy}
	twoOrgs    = approval.Orgs{production, staging}
)

func offerOf(org approval.Org) approval.Offer {
	o := approval.Offer{Org: org, Named: org.Policy.Named, Lifetimes: org.Policy.Lifetimes}
	for _, rule := range org.Policy.Roles {
		o.Roles = append(o.Roles, rule.Role)
	}
	for _, rule := range org.Policy.ProjectRoles {
		o.ProjectRoles = append(o.ProjectRoles, rule.Role)
	}
	return o
}

var (
	usual = outlook{Preview: approval.Preview{Needs: []approval.Need{platform}}}
	two   = outlook{Preview: approval.Preview{Needs: []approval.Need{platform, security}}}
	bob   = outlook{Preview: approval.Preview{Needs: []approval.Need{{From: approval.Who{Users: []approval.UserID{"U0BOB"}}, Count: 1}}, Lonely: true}}
	auto  = outlook{Preview: approval.Preview{Rule: "read only from the office " + hostile}}
)

// everyProblem is what can be told before a form is sent, and more.
var everyProblem = []approval.Problem{
	{Field: approval.FieldLifetime, Code: approval.LifetimeTooLong, Given: "ORG_OWNER", Most: 8 * time.Hour},
	{Field: approval.FieldRoles, Code: approval.RoleNotForYou, Given: "ORG_OWNER"},
	{Field: approval.FieldNamed, Code: approval.TooWide, Given: office.Name, Hint: "/32"},
	{Field: approval.FieldNetworks, Code: approval.TooWide, Given: "203.0.113.0/24", Hint: "/32"},
	{Field: approval.FieldNetworks, Code: approval.NotAnAddress, Given: "203.0.113"},
	{Field: approval.FieldNamed, Code: approval.NoSuchNetwork, Given: hostile},
	{Field: approval.FieldProjects, Code: approval.NoSuchProject, Given: "65a1b2c3d4e5f60718290001"},
	{Field: approval.FieldReason, Code: approval.TooLong, Limit: 1000},
}

// whole is a request that asks for everything there is.
func whole(r *approval.Request) {
	r.Access.Roles, r.Access.Lifetime = []approval.Role{"ORG_READ_ONLY", "ORG_OWNER"}, 8*time.Hour
	r.Access.Projects = []approval.ProjectAccess{{Project: payments, Roles: []approval.Role{"GROUP_READ_ONLY"}}, {Project: search1, Roles: []approval.Role{"GROUP_READ_ONLY"}}}
	r.Access.Named = []approval.NamedNetwork{office}
	r.Access.Networks = append(r.Access.Networks, office.Networks...)
}

// modals are the goldens of everything that is filled in.
func modals() map[string]any {
	empty := draft{}
	asking := again(strictPolicy, request(whole))
	foreign := request(func(r *approval.Request) {
		r.Access.Roles, r.Access.Lifetime = []approval.Role{"ORG_OWNER"}, 90*24*time.Hour
		r.Access.Named = []approval.NamedNetwork{{Name: "gone", Networks: r.Access.Networks[:1]}}
	})
	nothing := offerOf(staging)
	nothing.Roles = nil
	wide := outlook{Preview: approval.Preview{Needs: usual.Needs, Problems: everyProblem[2:3]}}
	emergency := emergencyScreen{orgs: approval.Orgs{strict}, org: strict, channel: "C0APPROVALS"}
	elsewhere := emergencyScreen{orgs: twoOrgs, org: staging, channel: "C0STAGING", filled: draft{Form: approval.Form{Description: "broken", Networks: "203.0.113.7", Reason: "outage"}}}
	key := liveKey{r: request(active), org: production, metadata: "AKR-7F3K2"}
	return map[string]any{
		"form.empty":                   form(formScreen{approval.Orgs{production}, offerOf(production), empty, usual}),
		"form.lonely":                  form(formScreen{approval.Orgs{production}, offerOf(production), empty, bob}),
		"form.unknown":                 form(formScreen{approval.Orgs{production}, offerOf(production), empty, outlook{unknown: true}}),
		"form.again":                   form(formScreen{approval.Orgs{production}, offerOf(production), again(testPolicy, request()), usual}),
		"form.again.no_longer_allowed": form(formScreen{approval.Orgs{production}, offerOf(production), again(testPolicy, foreign), usual}),
		"form.strict":                  form(formScreen{approval.Orgs{strict}, offerOf(strict), empty, usual}),
		"form.strict.again":            form(formScreen{approval.Orgs{strict}, offerOf(strict), asking, two}),
		"form.strict.problems":         form(formScreen{approval.Orgs{strict}, offerOf(strict), asking, outlook{Preview: approval.Preview{Needs: two.Needs, Problems: everyProblem}}}),
		"form.strict.auto":             form(formScreen{approval.Orgs{strict}, offerOf(strict), asking, auto}),
		"form.orgs":                    form(formScreen{twoOrgs, offerOf(production), empty, usual}),
		"form.orgs.other":              form(formScreen{twoOrgs, offerOf(staging), draft{Form: approval.Form{Org: otherOrg, Description: "invoices", Reason: "why"}}, usual}),
		"form.orgs.nothing":            form(formScreen{twoOrgs, nothing, empty, usual}),

		"emergency.form":      emergencyForm(emergency),
		"emergency.form.orgs": emergencyForm(elsewhere),

		"deny.form":           denyForm(request(), "AKR-7F3K2"),
		"deny.form.whole":     denyForm(request(whole), "AKR-7F3K2"),
		"deny.form.extension": denyForm(request(extending), "AKR-7F3K2"),
		"deny.form.addresses": denyForm(request(readdressing), "AKR-7F3K2"),

		"less.form":       lessForm(testPolicy, request(), "AKR-7F3K2"),
		"less.form.whole": lessForm(strictPolicy, request(whole), "AKR-7F3K2"),
		"less.form.large": lessForm(testPolicy, request(large), "AKR-7F3K2"),

		"extend.form":       extendForm(extendScreen{liveKey: key, outlook: usual}),
		"extend.form.limit": extendForm(extendScreen{liveKey: liveKey{request(whole, active), strict, "AKR-7F3K2"}, outlook: two, most: 8 * 24 * time.Hour, mostOf: "ORG_OWNER"}),
		"extend.form.auto":  extendForm(extendScreen{liveKey: key, outlook: auto}),
		"extend.form.large": extendForm(extendScreen{liveKey: liveKey{request(large, active), production, "AKR-7F3K2"}, outlook: bob}),

		"addresses.form":       addressesForm(key, usual),
		"addresses.form.named": addressesForm(liveKey{request(whole, active), strict, "AKR-7F3K2"}, wide),
		"addresses.form.large": addressesForm(liveKey{request(large, active), production, "AKR-7F3K2"}, usual),
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
		org.Policy.Named = append(org.Policy.Named, approval.NamedNetwork{Name: name, Networks: request(large).Access.Networks})
		org.Policy.Lifetimes = append(org.Policy.Lifetimes, time.Duration(i+100)*time.Hour)
		org.Policy.Needs = append(org.Policy.Needs, approval.Need{From: approval.Who{Groups: []approval.GroupID{"S0PLATFORM"}, Users: []approval.UserID{"U0BOB", "U0DANA"}}, Count: i})
		filled.Named = append(filled.Named, name)
		filled.projects = append(filled.projects, approval.Project{ID: approval.ProjectID(fmt.Sprintf("%024x", i)), Name: strings.Repeat("<", 300)})
	}
	var problems []approval.Problem
	for range 200 {
		problems = append(problems, everyProblem...)
	}
	return form(formScreen{many, offerOf(org), filled, outlook{Preview: approval.Preview{Needs: org.Policy.Needs, Problems: problems, Lonely: true}}})
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
		_, followed := redrawn[n["callback_id"].(string)]
		assert.True(t, followed || alive == 0, name)
	}
}

func TestAddressesAreTypedAsTheyWerePicked(t *testing.T) {
	t.Parallel()
	r := request(whole)
	f := formOf(r.Access)
	assert.Equal(t, []string{office.Name}, f.Named)
	assert.Equal(t, "203.0.113.7\n198.51.100.0/24", f.Networks)
	access, err := strictPolicy.Check(again(strictPolicy, r).Form)
	assert.NoError(t, err)
	assert.ElementsMatch(t, r.Access.Networks, access.Networks)

	assert.Equal(t, "203.0.113.7\n198.51.100.0/24\n192.0.2.0/28\n2001:db8:1::/56", again(testPolicy, r).Networks, "of a name that is no longer offered the addresses stay")
	assert.Empty(t, again(testPolicy, r).Named)
	assert.Equal(t, "192.0.2.0/28", formOf(approval.Access{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}}).Networks)
}
