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

// inProjects lets everybody ask for two roles in projects.
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

// suggested is what the menu of projects shows to somebody who types into it.
func (w *town) suggested(who, typed string) []slack.Option {
	w.t.Helper()
	menu, err := w.Slack.LoadOptions(w.ctx(), who, "projects", "projects", typed)
	require.NoError(w.t, err)
	return menu.Options
}

// project is the id of a project by its name.
func (w *town) project(name string) string {
	w.t.Helper()
	for _, p := range w.Atlas.Snapshot().Projects {
		if p.Name == name {
			return p.ID
		}
	}
	w.t.Fatalf("there is no project %q", name)
	return ""
}

// finds types names into the menu until it shows the projects, and returns their
// ids, to be chosen.
func (w *town) finds(who string, names ...string) slack.Value {
	w.t.Helper()
	var ids []string
	for _, name := range names {
		at := slices.IndexFunc(w.suggested(who, name), func(o slack.Option) bool { return o.Text == name })
		require.GreaterOrEqual(w.t, at, 0, name)
		ids = append(ids, w.project(name))
	}
	return slack.Pick(ids...)
}

// asksIn asks for a key with two roles in projects; it returns the request.
func (w *town) asksIn(names ...string) policy.ID {
	w.t.Helper()
	w.opensForm(alice)
	result, err := w.Slack.Submit(w.ctx(), alice, wish(
		field("projects", w.finds(alice, names...)), field("project_roles", slack.Pick("GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"))))
	require.NoError(w.t, err)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	id := w.newest()
	w.readsIn(bob, slack.Approvals, "card/approve", string(id))
	return id
}

// approvedIn is such a request, approved.
func (w *town) approvedIn(names ...string) policy.ID {
	w.t.Helper()
	id := w.asksIn(names...)
	w.pressesOn(bob, "card/approve", string(id))
	w.readsIn(alice, slack.AppDM(alice), "ready/issue", string(id))
	return id
}

// activeIn is such a key, saved.
func (w *town) activeIn(names ...string) policy.ID {
	w.t.Helper()
	id := w.approvedIn(names...)
	w.pressesOn(alice, "ready/issue", string(id))
	w.becomes(id, approval.StateDelivered)
	w.pressesOn(alice, "key/confirm", string(id))
	w.becomes(id, approval.StateActive)
	return id
}

// reaches asserts what the key of a request may do: the one role in the
// organization, and the two in each of the projects.
func (w *town) reaches(id policy.ID, projects ...string) {
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
func (w *town) keyOf(id policy.ID) atlas.Key {
	w.t.Helper()
	keys := w.botKeys()
	at := slices.IndexFunc(keys, func(k atlas.Key) bool { return k.ID == w.request(id).Key.ID })
	require.GreaterOrEqual(w.t, at, 0, "there is no key of %s", id)
	return keys[at]
}

func TestAKeyWithAccessToProjects(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		w.opensForm(alice)
		var names []string
		for _, o := range w.suggested(alice, "PAY") {
			names = append(names, o.Text)
		}
		assert.Equal(t, []string{"Payments production", "Payments staging"}, names)
		assert.Empty(t, w.suggested(alice, "no such name"))
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))

		id := w.asksIn("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		card := w.readsIn(bob, slack.Approvals, "card/approve", string(id))
		for _, said := range []string{"Organization Billing Viewer", "Payments production", payments, "Search", search, "Project Read Only", "Project Cluster Manager"} {
			assert.True(t, holds(card, said), said)
		}
		w.pressesOn(bob, "card/approve", string(id))
		w.readsIn(alice, slack.AppDM(alice), "ready/issue", string(id))
		before := len(w.Wire.Calls())
		w.pressesOn(alice, "ready/issue", string(id))
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.becomes(id, approval.StateDelivered)
		assert.Equal(t, []string{createKey, addAccess, giveProject, giveProject, "chat.postEphemeral"}, w.steps(before), "it is whole before it is shown")
		w.reaches(id, payments, search)
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(w.keyOf(id)))
	})
}

// steps are the operations, in order, by which a key is made and shown.
func (w *town) steps(since int) []string {
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
	underRules(t, inProjects, func(t *testing.T, w *town) {
		w.opensForm(alice)
		chosen := w.finds(alice, "Search", "Analytics")
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{
			"description": {"description": slack.Text("indexes")}, "projects": {"projects": chosen},
		}))
		require.NoError(t, w.Slack.Fill(w.ctx(), alice, map[string]map[string]slack.Value{"project_roles": {"project_roles": slack.Pick("GROUP_READ_ONLY")}}))
		w.sees(alice, "the form with all of it", func(s slack.Screen) bool {
			return s.Modal != nil && slices.Equal(s.Modal.Values["projects"]["projects"], chosen) &&
				slices.Equal(s.Modal.Values["project_roles"]["project_roles"], slack.Pick("GROUP_READ_ONLY")) &&
				slices.Equal(s.Modal.Values["description"]["description"], slack.Text("indexes"))
		})
	})
}

func TestTheUsualProjectRoles(t *testing.T) {
	underRules(t, "required_approvals: [{from: [S0APPROVERS]}]\nproject_roles: default", func(t *testing.T, w *town) {
		w.opensForm(alice)
		view := string(w.Slack.Screen(alice).Modal.View)
		assert.Contains(t, view, "GROUP_READ_ONLY")
		assert.Contains(t, view, "GROUP_DATA_ACCESS_READ_WRITE")
		for _, makesMoreKeys := range []string{"GROUP_OWNER", "GROUP_ACCESS_MANAGER"} {
			assert.NotContains(t, view, makesMoreKeys)
			answer := w.sendsForged(alice, makesMoreKeys, w.project("Search"))
			assert.Contains(t, answer, `"project_roles":`)
		}
		assert.Empty(t, w.ledger())
	})
}

// sendsForged sends a form with a project as nobody was shown it, and returns the
// answer.
func (w *town) sendsForged(who, role, project string) string {
	w.t.Helper()
	chosen := func(v string) map[string]any {
		return map[string]any{"selected_options": []any{map[string]any{"value": v}}}
	}
	answer, err := w.Slack.Forge(w.ctx(), []byte(sent(who, "form", "V0"+role+project, "org="+w.environ["ATLAS_ORG_ID"],
		filled(put("projects", chosen(project)), put("project_roles", chosen(role))))))
	require.NoError(w.t, err)
	return string(answer)
}

func TestForgedProjects(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		elsewhere := w.Atlases[1].Snapshot().Projects[0].ID
		for _, project := range []string{elsewhere, "65a1b2c3d4e5f60718290000", "' OR 1=1 --", "../orgs", ""} {
			answer := w.sendsForged(alice, "GROUP_READ_ONLY", project)
			assert.Contains(t, answer, `"projects":`, project)
		}
		assert.Contains(t, w.sendsForged(alice, "ORG_OWNER", w.project("Search")), `"project_roles":`)
		assert.Empty(t, w.ledger())
	}, twoOrgs)
}

func TestProjectsAndTheirRolesGoTogether(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		w.opensForm(alice)
		chosen := w.finds(alice, "Search")
		result, err := w.Slack.Submit(w.ctx(), alice, wish(field("projects", chosen)))
		require.NoError(t, err)
		assert.Contains(t, result.Errors, "project_roles")
		result, err = w.Slack.Submit(w.ctx(), alice, wish(field("projects", nil), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
		require.NoError(t, err)
		assert.Contains(t, result.Errors, "projects")
		assert.Empty(t, w.ledger())
		result, err = w.Slack.Submit(w.ctx(), alice, wish(field("projects", chosen), field("project_roles", slack.Pick("GROUP_READ_ONLY"))))
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, result.Outcome)
	})
}

// Whoever cannot ask is not told what there is.
func TestNobodyElseLearnsOfProjects(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
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
		for who, team := range map[string]string{gil: slack.TeamID, eve: slack.OtherTeam, slack.Dee: slack.TeamID, "U0NOBODY": slack.TeamID, bob: slack.OtherTeam} {
			assert.JSONEq(t, `{"options":[]}`, typing(who, team), who)
		}
	})
}

func TestRotatingKeepsProjects(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		id := w.activeIn("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		require.NoError(t, w.Atlas.RenameProject(search, "Search and find"))
		next := w.rotates(id)
		w.reaches(next, payments, search)
		card := w.readsIn(bob, slack.Approvals, "Rotation "+string(next))
		assert.True(t, holds(card, search, payments))
		w.pressesOn(alice, "ready/retire_predecessor", string(next))
		w.becomes(id, approval.StateEnded)
		w.reaches(next, payments, search)
	})
}

// Neither its name nor its other changes make a key another one, but what it may
// do there does.
func TestProjectsChangedByHandAreTold(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		id := w.activeIn("Payments production", "Search")
		payments, search := w.project("Payments production"), w.project("Search")
		require.NoError(t, w.Atlas.RenameProject(search, "Search and find"))
		w.rests(id)
		w.restartBot() // compares at once
		w.until("it was compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
		assert.Zero(t, w.entries(id, approval.EventDriftDetected))

		edit := func(projects map[string][]string) {
			require.NoError(t, w.Atlas.EditKey(w.request(id).Key.ID, atlas.KeyEdit{Projects: projects}))
			w.rests(id)
			w.restartBot()
		}
		edit(map[string][]string{payments: {"GROUP_OWNER"}, w.project("Analytics"): {"GROUP_READ_ONLY"}})
		said := w.readsIn(bob, slack.Approvals, "by hand", "drift/revoke", string(id), "Project Owner", w.project("Analytics"))
		assert.True(t, holds(said, "Payments production", "Search"), "what was approved is said by the names of then")
		assert.Equal(t, 1, w.entries(id, approval.EventDriftDetected))
		edit(map[string][]string{payments: {"GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"}, w.project("Analytics"): nil})
		w.readsIn(bob, slack.Approvals, string(id), "is again what was approved")
		w.reaches(id, payments, search)

		require.NoError(t, w.Atlas.DeleteProject(search))
		w.rests(id)
		w.restartBot()
		w.readsIn(bob, slack.Approvals, "by hand", "drift/revoke", string(id))
		w.reaches(id, payments)
		w.pressesOn(bob, "drift/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

// A successor cannot reach a project that is gone: there is none, and the key
// stays as it is.
func TestRotatingAfterAProjectIsGone(t *testing.T) {
	underRules(t, inProjects, func(t *testing.T, w *town) {
		id := w.activeIn("Payments production", "Search")
		require.NoError(t, w.Atlas.DeleteProject(w.project("Search")))
		w.pressesOn(alice, "ready/rotate", string(id))
		next := w.follower(id, approval.Rotation)
		w.pressesOn(alice, "ready/issue", string(next))
		assert.Equal(t, approval.CauseBadProject, w.becomes(next, approval.StateFailed).Outcome.Cause)
		w.reads(alice, string(next), "One of the projects is not there any more")
		w.holdsTheKeyOnly()
		w.reaches(id, w.project("Payments production"))
		assert.Equal(t, approval.StateActive, w.request(id).State)
	})
}

func TestTheTrailAgreesWithAtlasAboutProjects(t *testing.T) {
	t.Parallel()
	w := newRuledTown(t, false, inProjects, nil)
	id := w.activeIn("Payments production", "Search")
	next := w.rotates(id)
	w.pressesOn(alice, "ready/retire_predecessor", string(next))
	w.becomes(id, approval.StateEnded)
	w.passes(feedDelay + time.Minute)
	found, err := w.compares()
	require.NoError(t, err)
	assert.Empty(t, found)

	require.NoError(t, w.Atlas.EditKey(w.request(next).Key.ID, atlas.KeyEdit{Projects: map[string][]string{w.project("Analytics"): {"GROUP_OWNER"}, w.project("Search"): nil}}))
	found, err = w.compares()
	require.ErrorContains(t, err, "events: 2")
	var events []string
	for _, d := range found {
		events = append(events, d.Event)
		assert.Equal(t, "atlas", d.Source)
		assert.Equal(t, next, d.Request)
	}
	assert.ElementsMatch(t, []string{gaveProject, tookProject}, events)
}
