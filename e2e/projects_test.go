package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// inProjects lets everyone ask for two roles in projects.
const inProjects = `
required_approvals:
  - from: [S0APPROVERS]
roles: {ORG_BILLING_READ_ONLY: {}, ORG_READ_ONLY: {}}
project_roles: {GROUP_READ_ONLY: {}, GROUP_CLUSTER_MANAGER: {}}
`

const (
	giveProject  = "PATCH /groups/{groupId}/apiKeys/{id}"
	listProjects = "GET /orgs/{orgId}/groups"
)

// projectOptions is what the menu of projects shows to a user who types into it.
func (w *Env) projectOptions(who, typed string) []slack.Option {
	w.t.Helper()
	menu, err := w.Slack.LoadOptions(w.ctx(), who, "projects", "projects", typed)
	require.NoError(w.t, err)
	return menu.Options
}

// project is the id of a project by its name.
func (w *Env) project(name string) string {
	w.t.Helper()
	for _, p := range w.Atlas.Snapshot().Projects {
		if p.Name == name {
			return p.ID
		}
	}
	w.t.Fatalf("there is no project %q", name)
	return ""
}

// findProjects types names into the menu until it shows the projects, and returns their
// ids, to be chosen.
func (w *Env) findProjects(who string, names ...string) slack.Value {
	w.t.Helper()
	var ids []string
	for _, name := range names {
		at := slices.IndexFunc(w.projectOptions(who, name), func(o slack.Option) bool { return o.Text == name })
		require.GreaterOrEqual(w.t, at, 0, name)
		ids = append(ids, w.project(name))
	}
	return slack.Pick(ids...)
}

// requestInProjects asks for a key with two roles in projects; it returns the request.
func (w *Env) requestInProjects(names ...string) policy.ID {
	w.t.Helper()
	w.OpenForm(alice)
	result, err := w.Slack.Submit(w.ctx(), alice, requestInput(
		field("projects", w.findProjects(alice, names...)), field("project_roles", slack.Pick("GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"))))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	id := w.newestRequest()
	w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(id))
	return id
}

// approvedIn is such a request, approved.
func (w *Env) approvedIn(names ...string) policy.ID {
	w.t.Helper()
	id := w.requestInProjects(names...)
	w.ClickIn(bob, "card/approve", string(id))
	w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/issue", string(id))
	return id
}

// activeIn is such a key, saved.
func (w *Env) activeIn(names ...string) policy.ID {
	w.t.Helper()
	id := w.approvedIn(names...)
	w.ClickIn(alice, "ready/issue", string(id))
	w.WaitForState(id, approval.StateDelivered)
	w.ClickIn(alice, "key/confirm", string(id))
	w.WaitForState(id, approval.StateActive)
	return id
}

// requireGrant asserts what the key of a request may do: the one role in the
// organization, and the two in each of the projects.
func (w *Env) requireGrant(id policy.ID, projects ...string) {
	w.t.Helper()
	want := []atlas.Role{{OrgID: w.environ["ATLAS_ORG_ID"], Name: "ORG_BILLING_READ_ONLY"}}
	for _, project := range projects {
		for _, role := range []string{"GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"} {
			want = append(want, atlas.Role{GroupID: project, Name: role})
		}
	}
	assert.ElementsMatch(w.t, want, w.keyOf(id).Roles)
}

// keyText is the key of a request, in Atlas.
func (w *Env) keyOf(id policy.ID) atlas.Key {
	w.t.Helper()
	keys := w.botKeys()
	at := slices.IndexFunc(keys, func(k atlas.Key) bool { return k.ID == w.stored(id).Key.ID })
	require.GreaterOrEqual(w.t, at, 0, "there is no key of %s", id)
	return keys[at]
}

func TestKeyGetsProjectRoles(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		var names []string
		for _, o := range w.projectOptions(alice, "PAY") {
			names = append(names, o.Text)
		}
		assert.Equal(t, []string{"Payments production", "Payments staging"}, names)
		assert.Empty(t, w.projectOptions(alice, "no such name"))
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.requestInProjects("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		card := w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(id))
		for _, said := range []string{"Organization Billing Viewer", "Payments production", payments, "Search", search, "Project Read Only", "Project Cluster Manager"} {
			assert.True(t, contains(card, said), said)
		}
		w.ClickIn(bob, "card/approve", string(id))
		w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/issue", string(id))
		before := len(w.Wire.Calls())
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.WaitForState(id, approval.StateDelivered)
		assert.Equal(t, []string{createKey, addAccess, giveProject, giveProject, "chat.postEphemeral"}, w.issueSteps(before), "it is whole before it is shown")
		w.requireGrant(id, payments, search)
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(w.keyOf(id)))
	})
}

// issueSteps are the operations, in order, by which a key is made and shown.
func (w *Env) issueSteps(since int) []string {
	var all []string
	for _, c := range w.Wire.Calls()[since:] {
		isStep := c.Side == wire.Atlas && c.Auth || c.Operation == "chat.postEphemeral"
		if isStep {
			all = append(all, c.Operation)
		}
	}
	return all
}

// The form is drawn again when something is chosen in it, and keeps it.
func TestChosenProjectsStayInTheForm(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		chosen := w.findProjects(alice, "Search", "Analytics")
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{
			"description": {"description": slack.Text("indexes")}, "projects": {"projects": chosen},
		}))
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{"project_roles": {"project_roles": slack.Pick("GROUP_READ_ONLY")}}))
		w.WaitForScreen(alice, "the form with all of it", func(s slack.Screen) bool {
			return s.Modal != nil && slices.Equal(s.Modal.Values["projects"]["projects"], chosen) &&
				slices.Equal(s.Modal.Values["project_roles"]["project_roles"], slack.Pick("GROUP_READ_ONLY")) &&
				slices.Equal(s.Modal.Values["description"]["description"], slack.Text("indexes"))
		})
	})
}

func TestDefaultProjectRoles(t *testing.T) {
	withPolicy(t, "required_approvals: [{from: [S0APPROVERS]}]\nproject_roles: default", func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		view := string(w.Slack.Screen(alice).Modal.View)
		assert.Contains(t, view, "GROUP_READ_ONLY")
		assert.Contains(t, view, "GROUP_DATA_ACCESS_READ_WRITE")
		for _, makesMoreKeys := range []string{"GROUP_OWNER", "GROUP_ACCESS_MANAGER"} {
			assert.NotContains(t, view, makesMoreKeys)
			answer := w.sendForged(alice, makesMoreKeys, w.project("Search"))
			assert.Contains(t, answer, `"project_roles":`)
		}
		assert.Empty(t, w.requestVersions())
	})
}

// sendForged sends a form with a project as no one was shown it, and returns the
// answer.
func (w *Env) sendForged(who, role, project string) string {
	w.t.Helper()
	chosen := func(v string) map[string]any {
		return map[string]any{"selected_options": []any{map[string]any{"value": v}}}
	}
	answer, err := w.Slack.Forge(w.ctx(), []byte(sent(who, "form", "V0"+role+project, "org="+w.environ["ATLAS_ORG_ID"],
		filled(put("projects", chosen(project)), put("project_roles", chosen(role))))))
	require.NoError(w.t, err)
	return string(answer)
}

func TestForgedProjectsAreRefused(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		elsewhere := w.Atlases[1].Snapshot().Projects[0].ID
		for _, project := range []string{elsewhere, "65a1b2c3d4e5f60718290000", "' OR 1=1 --", "../orgs", ""} {
			answer := w.sendForged(alice, "GROUP_READ_ONLY", project)
			assert.Contains(t, answer, `"projects":`, project)
		}
		assert.Contains(t, w.sendForged(alice, "ORG_OWNER", w.project("Search")), `"project_roles":`)
		assert.Empty(t, w.requestVersions())
	}, twoOrgs)
}

func TestProjectsRequireProjectRoles(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		chosen := w.findProjects(alice, "Search")
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(field("projects", chosen)))
		require.NoError(t, err)
		assert.Contains(t, result.Errors, "project_roles")
		result, err = w.Slack.Submit(w.ctx(), alice, requestInput(field("projects", nil), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
		require.NoError(t, err)
		assert.Contains(t, result.Errors, "projects")
		assert.Empty(t, w.requestVersions())
		result, err = w.Slack.Submit(w.ctx(), alice, requestInput(field("projects", chosen), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, result.Outcome)
	})
}

// The user who cannot ask is not told what there is.
func TestProjectNamesAreHiddenFromUnauthorizedUsers(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		typing := func(who, team string) string {
			answer, err := w.Slack.Forge(w.ctx(), []byte(toJSON(map[string]any{
				"type": "block_suggestion", "user": map[string]any{"id": who, "team_id": team}, "team": map[string]any{"id": slack.TeamID},
				"block_id": "projects", "action_id": "projects", "value": "pay",
				"view": map[string]any{"id": "V0", "callback_id": "form", "private_metadata": "org=" + w.environ["ATLAS_ORG_ID"]},
			})))
			require.NoError(t, err)
			return string(answer)
		}
		assert.Contains(t, typing(alice, slack.TeamID), "Payments staging")
		for who, team := range map[string]string{gil: slack.TeamID, eve: slack.OtherTeam, slack.Dee: slack.TeamID, "U0UNKNOWN": slack.TeamID, bob: slack.OtherTeam} {
			assert.JSONEq(t, `{"options":[]}`, typing(who, team), who)
		}
	})
}

func TestRotationKeepsProjects(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		id := w.activeIn("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		require.NoError(t, w.Atlas.RenameProject(search, "Search and find"))
		next := w.rotate(id)
		w.requireGrant(next, payments, search)
		card := w.WaitForMessageIn(bob, slack.Approvals, "Rotation "+string(next))
		assert.True(t, contains(card, search, payments))
		w.ClickIn(alice, "ready/retire_predecessor", string(next))
		w.WaitForState(id, approval.StateEnded)
		w.requireGrant(next, payments, search)
	})
}

// Neither its name nor its other changes make a key another one, but what it may
// do there does.
func TestManualProjectChangesAreReported(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		id := w.activeIn("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		require.NoError(t, w.Atlas.RenameProject(search, "Search and find"))
		w.WaitIdle(id)
		w.RestartBot() // compares at once
		w.WaitUntil("it was compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
		assert.Zero(t, w.entries(id, approval.EventDriftDetected))

		edit := func(projects map[string][]string) {
			require.NoError(t, w.Atlas.EditKey(w.stored(id).Key.ID, atlas.KeyEdit{Projects: projects}))
			w.WaitIdle(id)
			w.RestartBot()
		}
		edit(map[string][]string{payments: {"GROUP_OWNER"}, w.project("Analytics"): {"GROUP_READ_ONLY"}})
		said := w.WaitForMessageIn(bob, slack.Approvals, "manually", "drift/revoke", string(id), "Project Owner", w.project("Analytics"))
		assert.True(t, contains(said, "Payments production", "Search"), "what was approved is said by the names of then")
		assert.Equal(t, 1, w.entries(id, approval.EventDriftDetected))
		edit(map[string][]string{payments: {"GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"}, w.project("Analytics"): nil})
		w.WaitForMessageIn(bob, slack.Approvals, string(id), "is as approved again")
		w.requireGrant(id, payments, search)

		require.NoError(t, w.Atlas.DeleteProject(search))
		w.WaitIdle(id)
		w.RestartBot()
		w.WaitForMessageIn(bob, slack.Approvals, "manually", "drift/revoke", string(id))
		w.requireGrant(id, payments)
		w.ClickIn(bob, "drift/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

// A successor cannot reach a project that is gone: there is none, and the key
// stays as it is.
func TestRotationAfterProjectDeletion(t *testing.T) {
	withPolicy(t, inProjects, func(t *testing.T, w *Env) {
		id := w.activeIn("Payments production", "Search")
		require.NoError(t, w.Atlas.DeleteProject(w.project("Search")))
		w.ClickIn(alice, "ready/rotate", string(id))
		next := w.successor(id, approval.Rotation)
		w.ClickIn(alice, "ready/issue", string(next))
		assert.Equal(t, approval.CauseBadProject, w.WaitForState(next, approval.StateFailed).Outcome.Cause)
		w.WaitForMessage(alice, string(next), "One of the projects doesn't exist any more")
		w.requireOneKey()
		w.requireGrant(id, w.project("Payments production"))
		assert.Equal(t, approval.StateActive, w.stored(id).State)
	})
}

func TestAuditMatchesAtlasProjectEvents(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, inProjects, nil)
	id := w.activeIn("Payments production", "Search")
	next := w.rotate(id)
	w.ClickIn(alice, "ready/retire_predecessor", string(next))
	w.WaitForState(id, approval.StateEnded)
	w.Advance(feedDelay + time.Minute)
	found, err := w.compare()
	require.NoError(t, err)
	assert.Empty(t, found)

	require.NoError(t, w.Atlas.EditKey(w.stored(next).Key.ID, atlas.KeyEdit{Projects: map[string][]string{w.project("Analytics"): {"GROUP_OWNER"}, w.project("Search"): nil}}))
	found, err = w.compare()
	require.ErrorContains(t, err, "events: 2")
	var events []string
	for _, d := range found {
		events = append(events, d.Event)
		assert.Equal(t, "atlas", d.Source)
		assert.Equal(t, next, d.Request)
	}
	assert.ElementsMatch(t, []string{gaveProject, tookProject}, events)
}
