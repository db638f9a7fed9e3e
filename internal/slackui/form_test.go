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

// withRichPolicy is a setup with two organizations: in the first everything can be asked
// for, in the second little.
func withRichPolicy(s *envOptions) {
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

func newRichEnv(t *testing.T, edits ...func(*envOptions)) *env {
	d := newEnv(t, append([]func(*envOptions){withRichPolicy}, edits...)...)
	d.SetGroup(security, sandbox.Carol)
	d.keys.Have(org, policy.Project{ID: payments, Name: "payments"}, policy.Project{ID: "65a1b2c3d4e5f60718290002", Name: "search"})
	return d
}

func (d *env) openForm(user string) *sandbox.Modal {
	d.t.Helper()
	d.command(user, "")
	return d.waitForModal(user)
}

func (d *env) fill(user string, v values) {
	d.t.Helper()
	require.NoError(d.t, d.Fill(d.t.Context(), user, v))
}

// waitForModalText waits until the modal says something, and returns it.
func (d *env) waitForModalText(user, words string) *sandbox.Modal {
	d.t.Helper()
	return d.waitForScreen(user, "in the modal: "+words, func(s sandbox.Screen) bool {
		return s.Modal != nil && strings.Contains(modalText(s.Modal), words)
	}).Modal
}

// modalText is a modal as JSON that says < and > as they are.
func modalText(m *sandbox.Modal) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(m.View))
}

func pick(block string, options ...string) values {
	return values{block: {block: sandbox.Pick(options...)}}
}

func (d *env) submit(user string, v values) sandbox.Result {
	d.t.Helper()
	result, err := d.Submit(d.t.Context(), user, v)
	require.NoError(d.t, err)
	return result
}

func (d *env) requestsOf(user string) []approval.Request {
	d.t.Helper()
	mine, err := d.store.ListByRequester(d.t.Context(), policy.UserID(user))
	require.NoError(d.t, err)
	return mine
}

func TestFormFollowsInput(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			modal := d.openForm(alice)
			require.Contains(t, modalText(modal), "This needs 1 approval from <!subteam^S0APPROVERS>.")
			d.fill(alice, values{"description": {"description": sandbox.Text("invoices <!channel>")}, "reason": {"reason": sandbox.Text("why")}})

			d.fill(alice, pick("roles", "ORG_OWNER"))
			d.waitForModalText(alice, "and 1 from <!subteam^S0SECURITY> (because of Organization Owner).")
			d.fill(alice, pick("lifetime", "168h0m0s"))
			d.waitForModalText(alice, "Organization Owner keys last 8 hours at most")
			d.fill(alice, pick("network_presets", "office"))
			d.waitForModalText(alice, "The network “office” is too wide: Organization Owner keys allow no network wider than /32.")

			d.fill(alice, pick("roles", "ORG_READ_ONLY"))
			d.fill(alice, pick("lifetime", "8h0m0s"))
			modal = d.waitForModalText(alice, "*Auto-approved* by rule `reading from the office`")
			require.NotContains(t, modalText(modal), "Fix before submitting")
			require.Equal(t, sandbox.Text("invoices <!channel>"), modal.Values["description"]["description"], "what was typed stays")
			require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])

			require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
			r := d.requestsOf(alice)[0]
			require.Equal(t, "reading from the office", r.Decision.Rule)
			require.Equal(t, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, r.Access.Networks)
			d.requireClean()
		})
	}
}

// TestInputFasterThanViewUpdates: the last choice is what is drawn, although
// its hash is one that our own drawing made stale.
func TestInputFasterThanViewUpdates(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	d.openForm(alice)
	d.fill(alice, values{
		"roles": {"roles": sandbox.Pick("ORG_OWNER")}, "network_presets": {"network_presets": sandbox.Pick("office")},
		"lifetime": {"lifetime": sandbox.Pick("168h0m0s")},
	}) // three deliveries, each with the same state and the same hash
	modal := d.waitForModalText(alice, "Organization Owner keys last 8 hours at most")
	require.Contains(t, modalText(modal), "too wide: Organization Owner keys")
	d.app.Wait()
	for _, roles := range [][]string{{"ORG_READ_ONLY"}, {"ORG_OWNER"}, {"ORG_READ_ONLY", "ORG_OWNER"}, {"ORG_READ_ONLY"}} {
		d.fill(alice, pick("roles", roles...))
	}
	d.fill(alice, pick("lifetime", "8h0m0s"))
	d.waitForModalText(alice, "rule `reading from the office`")
	d.app.Wait()
	require.Contains(t, modalText(d.waitForModal(alice)), "rule `reading from the office`", "nothing older comes after it")
	d.requireClean()
}

func TestChangingOrganizationResetsForm(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			d.openForm(alice)
			d.fill(alice, filled(func(v values) {
				delete(v, "lifetime")
				v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
			}))
			d.fill(alice, pick("org", string(stagingOrg)))
			modal := d.waitForModalText(alice, "roles.1")
			require.NotContains(t, modalText(modal), "office", "what only the other one has is gone")
			require.NotContains(t, modalText(modal), "ORG_READ_ONLY")
			require.Empty(t, modal.Values["roles.1"]["roles.1"])
			require.Equal(t, sandbox.Text("203.0.113.7, 198.51.100.0/24"), modal.Values["networks"]["networks"], "what was typed stays")

			result := d.submit(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}, "networks": {"networks": sandbox.Text("10.0.0.1")}})
			require.Contains(t, result.Errors["networks"], "is a private address")
			d.fill(alice, values{"networks": {"networks": sandbox.Text("203.0.113.7")}})
			result = d.submit(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}})
			require.Equal(t, sandbox.Closed, result.Outcome, "%+v", result)
			r := d.requestsOf(alice)[0]
			require.Equal(t, stagingOrg, r.Org)
			require.Equal(t, []policy.Role{"ORG_MEMBER"}, r.Access.Roles)
			require.Empty(t, r.Access.NetworkPresets)
			d.requireClean()
		})
	}
}

// TestSubmitBeforeViewUpdate: what was chosen was chosen from what another
// organization offers.
func TestSubmitBeforeViewUpdate(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	d.openForm(alice)
	d.fill(alice, filled())
	d.app.Wait()
	d.faults.add(fault{method: "views.update", answer: status(500, "")})
	d.fill(alice, pick("org", string(stagingOrg)))
	d.app.Wait()
	result := d.submit(alice, nil)
	require.Equal(t, sandbox.Refused, result.Outcome)
	require.Contains(t, result.Errors["org"], "another organization")
	d.waitForModalText(alice, "roles.1")
	require.Empty(t, d.requestsOf(alice))
	require.Equal(t, sandbox.Closed, d.submit(alice, values{"lifetime.1": {"lifetime.1": sandbox.Pick("8h0m0s")}, "roles.1": {"roles.1": sandbox.Pick("ORG_MEMBER")}}).Outcome)
	require.Equal(t, stagingOrg, d.requestsOf(alice)[0].Org)
}

// TestFormStaysWhenUpdateFails keeps what is in it, and can be sent.
func TestFormStaysWhenUpdateFails(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*env){
		"Slack does not take it": func(d *env) { d.faults.add(fault{method: "views.update", answer: status(500, "")}) },
		"Slack's answer is lost": func(d *env) { d.faults.add(fault{method: "views.update", after: true, answer: connectionReset}) },
		"another user drew it": func(d *env) {
			d.faults.add(fault{method: "views.update", answer: status(200, `{"ok":false,"error":"hash_conflict"}`)})
		},
		"Slack does not list the group": func(d *env) { d.faults.add(fault{method: "usergroups.users.list", answer: connectionReset}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t)
			d.openForm(alice)
			spoil(d)
			d.fill(alice, filled())
			d.app.Wait()
			modal := d.waitForModal(alice)
			require.Equal(t, sandbox.Pick("ORG_READ_ONLY"), modal.Values["roles"]["roles"])
			require.Equal(t, sandbox.Pick("8h0m0s"), modal.Values["lifetime"]["lifetime"])
			require.Empty(t, modal.Trouble)
			require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
			require.Len(t, d.requestsOf(alice), 1)
		})
	}
}

// TestFormOpensWithoutGroups: who has to approve is in the rules.
func TestFormOpensWithoutGroups(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	for range 10 {
		d.faults.add(fault{method: "usergroups.users.list", answer: status(500, "")})
	}
	modal := d.openForm(alice)
	require.Contains(t, modalText(modal), "This needs 1 approval from <!subteam^S0APPROVERS>.")
	require.NotContains(t, modalText(modal), "you're the only one", "that is not known")
	require.Equal(t, sandbox.Closed, d.submit(alice, filled()).Outcome)
	require.Len(t, d.requestsOf(alice), 1)
}

func TestFormOffersOnlyEntitlements(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	require.NotContains(t, modalText(d.openForm(bob)), "ORG_OWNER")
	require.Contains(t, modalText(d.openForm(alice)), "ORG_OWNER")

	none := newEnv(t, func(s *envOptions) {
		s.policy.Roles[0].AllowedRequesters = policy.Principals{}
		s.policy.Roles = s.policy.Roles[:1]
	})
	none.command(bob, "")
	none.waitForMessage(bob, "In Production there's no role that you may request.")

	other := newRichEnv(t, func(s *envOptions) { s.more[0].Policy.Roles[0].AllowedRequesters = policy.Principals{} })
	other.openForm(alice)
	other.fill(alice, pick("org", string(stagingOrg)))
	other.waitForModalText(alice, "In Staging there's no role that you may request.")
	result := other.submit(alice, nil)
	require.Equal(t, sandbox.Refused, result.Outcome)
	require.NotEmpty(t, result.Errors["org"], "said where there is a field")
	other.fill(alice, pick("org", string(org)))
	other.waitForModalText(alice, `"roles"`)
}

func TestRequestAgainFillsInEverything(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	d.openForm(alice)
	d.options(alice, "pay")
	d.fill(alice, filled(func(v values) {
		v["network_presets"] = map[string]sandbox.Value{"network_presets": sandbox.Pick("office")}
		v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick(payments)}
		v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick("GROUP_READ_ONLY")}
	}))
	require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
	first := d.requestsOf(alice)[0]
	require.Equal(t, []policy.ProjectAccess{{Project: policy.Project{ID: payments, Name: "payments"}, Roles: []policy.Role{"GROUP_READ_ONLY"}}}, first.Access.Projects)
	d.click(bob, "card/deny")
	d.waitForModal(bob)
	require.Equal(t, sandbox.Closed, d.submit(bob, nil).Outcome)
	d.click(alice, "outcome/request_again")
	modal := d.waitForModal(alice)
	require.Equal(t, sandbox.Pick(payments), modal.Values["projects"]["projects"])
	require.Equal(t, sandbox.Pick("office"), modal.Values["network_presets"]["network_presets"])
	require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	require.Equal(t, sandbox.Closed, d.submit(alice, nil).Outcome)
	second := d.requestsOf(alice)[0]
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, first.Access, second.Access)
	d.requireClean()
}

// TestFormErrorsOfPolicyFields are told where they were made.
func TestFormErrorsOfPolicyFields(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	d.openForm(alice)
	d.options(alice, "pay")
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
		result := d.submit(alice, clean)
		require.Equal(t, sandbox.Refused, result.Outcome, name)
		require.Contains(t, result.Errors[tt.field], tt.want, name)
		require.Equal(t, sandbox.Text("invoices <!channel>"), d.waitForModal(alice).Values["description"]["description"], name)
	}

	d.app.Wait()
	d.keys.Have(org)
	d.service.Projects = &service.ProjectCache{KeysOf: d.keys.Of, Now: time.Now}
	gone := filled(func(v values) {
		v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick(payments)}
		v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick("GROUP_READ_ONLY")}
	})
	require.Contains(t, d.submit(alice, gone).Errors["projects"], "There's no project")

	d.app.Wait()
	d.service.Projects = &service.ProjectCache{KeysOf: d.keys.Of, Now: time.Now}
	d.keys.Fail(approvaltest.CallProjects, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))
	require.Contains(t, d.submit(alice, gone).Errors["projects"], "Atlas did not tell me its projects just now")
	require.Equal(t, sandbox.Pick(payments), d.waitForModal(alice).Values["projects"]["projects"])
	require.Empty(t, d.requestsOf(alice))
}
