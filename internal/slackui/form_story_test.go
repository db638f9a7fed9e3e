package slackui_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

const (
	stagingOrg = policy.OrgID("65a1b2c3d4e5f60718293a4c")
	security   = "S0SECURITY"
	payments   = "65a1b2c3d4e5f60718290001"
)

// rich is a setup with two organizations: in the first everything can be asked
// for, in the second little.
func rich(s *setup) {
	s.more = policy.Orgs{{ID: stagingOrg, Name: "Staging", Policy: testPolicy()}}
	s.more[0].Policy.Roles = policy.RulesFor("ORG_MEMBER")
	s.policy.Roles = policy.RulesFor("ORG_READ_ONLY", "ORG_OWNER")
	s.policy.Roles[1] = policy.RoleRule{
		Role: "ORG_OWNER", AllowedRequesters: policy.Principals{Users: []policy.UserID{alice}}, MaxLifetime: 8 * time.Hour, MinPrefixIPv4: 32,
		Requirements: []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{sandbox.Approvers}}, Count: 1}, {From: policy.Principals{Groups: []policy.GroupID{security}}, Count: 1}},
	}
	s.policy.ProjectRoles = policy.RulesFor("GROUP_READ_ONLY")
	s.policy.NetworkPresets = []policy.NetworkPreset{{Name: "office", Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}}}
	s.policy.AutoApprovals = []policy.AutoRule{{Name: "reading from the office", AllowedRequesters: policy.Principals{Everyone: true}, Roles: []policy.Role{"ORG_READ_ONLY"}, NetworkPresets: []string{"office"}, MaxLifetime: 24 * time.Hour}}
}

func openRich(t *testing.T, edits ...func(*setup)) *desk {
	d := open(t, append([]func(*setup){rich}, edits...)...)
	d.SetGroup(security, sandbox.Carol)
	d.keys.Have(org, policy.Project{ID: payments, Name: "payments"}, policy.Project{ID: "65a1b2c3d4e5f60718290002", Name: "search"})
	return d
}

func (d *desk) opensForm(user string) *sandbox.Modal {
	d.t.Helper()
	d.types(user, "")
	return d.seesModal(user)
}

func (d *desk) fills(user string, v values) {
	d.t.Helper()
	require.NoError(d.t, d.Fill(d.t.Context(), user, v))
}

// seesInModal waits until the modal says something, and returns it.
func (d *desk) seesInModal(user, words string) *sandbox.Modal {
	d.t.Helper()
	return d.sees(user, "in the modal: "+words, func(s sandbox.Screen) bool {
		return s.Modal != nil && strings.Contains(shown(s.Modal), words)
	}).Modal
}

// shown is a modal as JSON that says < and > as they are.
func shown(m *sandbox.Modal) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(m.View))
}

func pick(block string, options ...string) values {
	return values{block: {block: sandbox.Pick(options...)}}
}

func (d *desk) submits(user string, v values) sandbox.Result {
	d.t.Helper()
	result, err := d.Submit(d.t.Context(), user, v)
	require.NoError(d.t, err)
	return result
}

func (d *desk) requestsOf(user string) []approval.Request {
	d.t.Helper()
	mine, err := d.store.ListByRequester(d.t.Context(), policy.UserID(user))
	require.NoError(d.t, err)
	return mine
}

func TestAFormFollowsWhatIsChosen(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openRich(t, edits...)
			modal := d.opensForm(alice)
			require.Contains(t, shown(modal), "This needs 1 approval from <!subteam^S0APPROVERS>.")
			d.fills(alice, values{"description": {"description": sandbox.Text("invoices <!channel>")}, "reason": {"reason": sandbox.Text("why")}})

			d.fills(alice, pick("roles", "ORG_OWNER"))
			d.seesInModal(alice, "and 1 from <!subteam^S0SECURITY> (because of Organization Owner).")
			d.fills(alice, pick("lifetime", "168h0m0s"))
			d.seesInModal(alice, "Organization Owner keys last 8 hours at most")
			d.fills(alice, pick("network_presets", "office"))
			d.seesInModal(alice, "The network “office” is too wide: Organization Owner keys allow no network wider than /32.")

			d.fills(alice, pick("roles", "ORG_READ_ONLY"))
			d.fills(alice, pick("lifetime", "8h0m0s"))
			modal = d.seesInModal(alice, "*Auto-approved* by rule `reading from the office`")
			require.NotContains(t, shown(modal), "Fix before submitting")
			require.Equal(t, sandbox.Text("invoices <!channel>"), modal.Values["description"]["description"], "what was typed stays")
			require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])

			require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
			r := d.requestsOf(alice)[0]
			require.Equal(t, "reading from the office", r.Decision.Rule)
			require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, r.Access.Networks)
			d.clean()
		})
	}
}

// TestChoosingFasterThanSlackDraws: the last choice is what is drawn, although
// its hash is one that our own drawing made stale.
func TestChoosingFasterThanSlackDraws(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	d.opensForm(alice)
	d.fills(alice, values{
		"roles": {"roles": sandbox.Pick("ORG_OWNER")}, "network_presets": {"network_presets": sandbox.Pick("office")},
		"lifetime": {"lifetime": sandbox.Pick("168h0m0s")},
	}) // three deliveries, each with the same state and the same hash
	modal := d.seesInModal(alice, "Organization Owner keys last 8 hours at most")
	require.Contains(t, shown(modal), "too wide: Organization Owner keys")
	d.app.Wait()
	for _, roles := range [][]string{{"ORG_READ_ONLY"}, {"ORG_OWNER"}, {"ORG_READ_ONLY", "ORG_OWNER"}, {"ORG_READ_ONLY"}} {
		d.fills(alice, pick("roles", roles...))
	}
	d.fills(alice, pick("lifetime", "8h0m0s"))
	d.seesInModal(alice, "rule `reading from the office`")
	d.app.Wait()
	require.Contains(t, shown(d.seesModal(alice)), "rule `reading from the office`", "nothing older comes after it")
	d.clean()
}

func TestAnotherOrganizationBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, edits := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openRich(t, edits...)
			d.opensForm(alice)
			d.fills(alice, filled(func(v values) {
				delete(v, "lifetime")
				v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
			}))
			d.fills(alice, pick("org", string(stagingOrg)))
			modal := d.seesInModal(alice, "roles.1")
			require.NotContains(t, shown(modal), "office", "what only the other one has is gone")
			require.NotContains(t, shown(modal), "ORG_READ_ONLY")
			require.Empty(t, modal.Values["roles.1"]["roles.1"])
			require.Equal(t, sandbox.Text("203.0.113.7, 198.51.100.0/24"), modal.Values["networks"]["networks"], "what was typed stays")

			result := d.submits(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}, "networks": {"networks": sandbox.Text("10.0.0.1")}})
			require.Contains(t, result.Errors["networks"], "is a private address")
			d.fills(alice, values{"networks": {"networks": sandbox.Text("203.0.113.7")}})
			result = d.submits(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}})
			require.Equal(t, sandbox.Closed, result.Outcome, "%+v", result)
			r := d.requestsOf(alice)[0]
			require.Equal(t, stagingOrg, r.Org)
			require.Equal(t, []policy.Role{"ORG_MEMBER"}, r.Access.Roles)
			require.Empty(t, r.Access.NetworkPresets)
			d.clean()
		})
	}
}

// TestSendingBeforeTheFormFollowed: what was chosen was chosen from what another
// organization offers.
func TestSendingBeforeTheFormFollowed(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	d.opensForm(alice)
	d.fills(alice, filled())
	d.app.Wait()
	d.weather.add(callError{method: "views.update", answer: status(500, "")})
	d.fills(alice, pick("org", string(stagingOrg)))
	d.app.Wait()
	result := d.submits(alice, nil)
	require.Equal(t, sandbox.Refused, result.Outcome)
	require.Contains(t, result.Errors["org"], "another organization")
	d.seesInModal(alice, "roles.1")
	require.Empty(t, d.requestsOf(alice))
	require.Equal(t, sandbox.Closed, d.submits(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}}).Outcome)
	require.Equal(t, stagingOrg, d.requestsOf(alice)[0].Org)
}

// TestAFormThatCannotFollow keeps what is in it, and can be sent.
func TestAFormThatCannotFollow(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*desk){
		"Slack does not take it": func(d *desk) { d.weather.add(callError{method: "views.update", answer: status(500, "")}) },
		"Slack's answer is lost": func(d *desk) { d.weather.add(callError{method: "views.update", after: true, answer: cut}) },
		"another user drew it": func(d *desk) {
			d.weather.add(callError{method: "views.update", answer: status(200, `{"ok":false,"error":"hash_conflict"}`)})
		},
		"Slack does not list the group": func(d *desk) { d.weather.add(callError{method: "usergroups.users.list", answer: cut}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openRich(t)
			d.opensForm(alice)
			spoil(d)
			d.fills(alice, filled())
			d.app.Wait()
			modal := d.seesModal(alice)
			require.Equal(t, sandbox.Pick("ORG_READ_ONLY"), modal.Values["roles"]["roles"])
			require.Equal(t, sandbox.Pick("8h0m0s"), modal.Values["lifetime"]["lifetime"])
			require.Empty(t, modal.Trouble)
			require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
			require.Len(t, d.requestsOf(alice), 1)
		})
	}
}

// TestAFormOpensWithoutKnowingTheGroups: who has to approve is in the rules.
func TestAFormOpensWithoutKnowingTheGroups(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	for range 10 {
		d.weather.add(callError{method: "usergroups.users.list", answer: status(500, "")})
	}
	modal := d.opensForm(alice)
	require.Contains(t, shown(modal), "This needs 1 approval from <!subteam^S0APPROVERS>.")
	require.NotContains(t, shown(modal), "you're the only one", "that is not known")
	require.Equal(t, sandbox.Closed, d.submits(alice, filled()).Outcome)
	require.Len(t, d.requestsOf(alice), 1)
}

func TestOnlyWhatSomebodyMayAskForIsOffered(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	require.NotContains(t, shown(d.opensForm(bob)), "ORG_OWNER")
	require.Contains(t, shown(d.opensForm(alice)), "ORG_OWNER")

	none := open(t, func(s *setup) {
		s.policy.Roles[0].AllowedRequesters = policy.Principals{}
		s.policy.Roles = s.policy.Roles[:1]
	})
	none.types(bob, "")
	none.seesText(bob, "In Production there's no role that you may request.")

	other := openRich(t, func(s *setup) { s.more[0].Policy.Roles[0].AllowedRequesters = policy.Principals{} })
	other.opensForm(alice)
	other.fills(alice, pick("org", string(stagingOrg)))
	other.seesInModal(alice, "In Staging there's no role that you may request.")
	result := other.submits(alice, nil)
	require.Equal(t, sandbox.Refused, result.Outcome)
	require.NotEmpty(t, result.Errors["org"], "said where there is a field")
	other.fills(alice, pick("org", string(org)))
	other.seesInModal(alice, `"roles"`)
}

func TestAskingAgainFillsInEverything(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	d.opensForm(alice)
	d.suggests(alice, "pay")
	d.fills(alice, filled(func(v values) {
		v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
		v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick(payments)}
		v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick("GROUP_READ_ONLY")}
	}))
	require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
	first := d.requestsOf(alice)[0]
	require.Equal(t, []policy.ProjectAccess{{Project: policy.Project{ID: payments, Name: "payments"}, Roles: []policy.Role{"GROUP_READ_ONLY"}}}, first.Access.Projects)
	d.presses(bob, "card/deny")
	d.seesModal(bob)
	require.Equal(t, sandbox.Closed, d.submits(bob, nil).Outcome)
	d.presses(alice, "outcome/request_again")
	modal := d.seesModal(alice)
	require.Equal(t, sandbox.Pick(payments), modal.Values["projects"]["projects"])
	require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	require.Equal(t, sandbox.Closed, d.submits(alice, nil).Outcome)
	second := d.requestsOf(alice)[0]
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, first.Access, second.Access)
	d.clean()
}

// TestMistakesInWhatIsNew are told where they were made.
func TestMistakesInWhatIsNew(t *testing.T) {
	t.Parallel()
	d := openRich(t)
	d.opensForm(alice)
	d.suggests(alice, "pay")
	for name, tt := range map[string]struct {
		edit  values
		field string
		want  string
	}{
		"projects and nothing to do there": {values{"projects": {"projects": sandbox.Pick(payments)}}, "project_roles", "Choose project roles, or"},
		"project roles and no projects":    {values{"project_roles": {"project_roles": sandbox.Pick("GROUP_READ_ONLY")}}, "projects", "Choose projects for these roles"},
		"nowhere to come from":             {values{"networks": {"networks": sandbox.Text("")}}, "networks", "Add at least one IP address"},
		"too long for a role":              {values{"roles": {"roles": sandbox.Pick("ORG_OWNER")}, "lifetime": {"lifetime": sandbox.Pick("168h0m0s")}}, "lifetime", "8 hours at most"},
	} {
		clean := filled(func(v values) {
			v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick()}
			v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick()}
		})
		for block, actions := range tt.edit {
			clean[block] = actions
		}
		result := d.submits(alice, clean)
		require.Equal(t, sandbox.Refused, result.Outcome, name)
		require.Contains(t, result.Errors[tt.field], tt.want, name)
		require.Equal(t, sandbox.Text("invoices <!channel>"), d.seesModal(alice).Values["description"]["description"], name)
	}

	d.app.Wait()
	d.keys.Have(org)
	d.service.Projects = &service.ProjectCache{KeysOf: d.keys.Of, Now: time.Now}
	gone := filled(func(v values) {
		v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick(payments)}
		v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick("GROUP_READ_ONLY")}
	})
	require.Contains(t, d.submits(alice, gone).Errors["projects"], "There's no project")

	d.app.Wait()
	d.service.Projects = &service.ProjectCache{KeysOf: d.keys.Of, Now: time.Now}
	d.keys.Fail(approvaltest.CallProjects, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
	require.Contains(t, d.submits(alice, gone).Errors["projects"], "Atlas did not tell me its projects just now")
	require.Equal(t, sandbox.Pick(payments), d.seesModal(alice).Values["projects"]["projects"])
	require.Empty(t, d.requestsOf(alice))
}
