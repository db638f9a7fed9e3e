package atlas_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

// projectPage is a page of projects as the API shows it.
type projectPage struct {
	Results    []struct{ ID, Name, OrgID string }
	TotalCount int
}

func (r *rig) projects(query string) projectPage {
	r.t.Helper()
	var page projectPage
	s := r.do("GET", org+"/groups"+query, "")
	require.Equal(r.t, 200, s.Status, s.Body)
	s.into(r.t, &page)
	return page
}

func (p projectPage) names() []string {
	names := []string{}
	for _, x := range p.Results {
		names = append(names, x.Name)
	}
	return names
}

func TestListProjects(t *testing.T) {
	t.Parallel()
	r := start(t)
	all := r.projects("")
	require.ElementsMatch(t, []string{"Analytics", "Data platform", "Mobile backend", "Payments production", "Payments staging", "Search"}, all.names())
	for _, p := range all.Results {
		require.Regexp(t, `^[0-9a-f]{24}$`, p.ID)
		require.Equal(t, atlas.DefaultID, p.OrgID)
	}
	require.ElementsMatch(t, []string{"Payments production", "Payments staging"}, r.projects("?name=Payments").names())
	require.Empty(t, r.projects("?name=payments").names())
}

func TestListProjectsPages(t *testing.T) {
	t.Parallel()
	r := start(t)
	names := make([]string, 600)
	for i := range names {
		names[i] = fmt.Sprintf("team %03d", i)
	}
	_, err := r.AddProjects(names...)
	require.NoError(t, err)
	first, second := r.projects("?itemsPerPage=500"), r.projects("?itemsPerPage=500&pageNum=2")
	require.Len(t, first.Results, 500)
	require.Len(t, second.Results, 106)
	require.Equal(t, 605, first.TotalCount, "606 projects: the count of several pages is one too few")
	seen := map[string]bool{}
	for _, p := range append(first.Results, second.Results...) {
		seen[p.ID] = true
	}
	require.Len(t, seen, 606)
}

func TestManualProjectChanges(t *testing.T) {
	t.Parallel()
	r := start(t)
	id := r.create("mine").ID
	ids, err := r.AddProjects("Billing")
	require.NoError(t, err)
	require.NoError(t, r.EditKey(id, atlas.KeyEdit{Projects: map[string][]string{ids[0]: {"GROUP_OWNER"}}}))
	require.NoError(t, r.RenameProject(ids[0], "Invoices"))
	require.Contains(t, r.projects("").names(), "Invoices")
	require.Equal(t, atlas.Project{ID: ids[0], Name: "Invoices"}, r.Snapshot().Projects[6])
	require.Contains(t, r.Snapshot().Keys[1].Roles, atlas.Role{GroupID: ids[0], Name: "GROUP_OWNER"})

	require.NoError(t, r.DeleteProject(ids[0]))
	require.NotContains(t, r.projects("").names(), "Invoices")
	require.Len(t, r.Snapshot().Keys[1].Roles, 2, "what the key could do there is gone")
	s := r.do("PATCH", "/api/atlas/v2/groups/"+ids[0]+"/apiKeys/"+id, `{"roles":["GROUP_OWNER"]}`)
	require.Equal(t, 404, s.Status)
	require.Equal(t, "GROUP_NOT_FOUND", s.code(t))

	require.ErrorIs(t, r.DeleteProject(ids[0]), atlas.ErrNoProject)
	require.ErrorIs(t, r.RenameProject(ids[0], "x"), atlas.ErrNoProject)
	require.Error(t, r.RenameProject(r.project(), "Search"), "the name is taken")
	for _, names := range [][]string{{"Search"}, {" "}, {"new", "new"}, {"new", ""}} {
		_, err := r.AddProjects(names...)
		require.Error(t, err, names)
	}
	require.NotContains(t, r.projects("").names(), "new", "all or none")
}

func TestManualEditIsAtomic(t *testing.T) {
	t.Parallel()
	r := start(t)
	id, project := r.create("mine").ID, r.project()
	before := r.Snapshot().Keys[1]
	for name, projects := range map[string]map[string][]string{
		"no such project":           {unknownID: {"GROUP_OWNER"}},
		"no such role":              {project: {"GROUP_EMPEROR"}},
		"a role of an organization": {project: {"ORG_OWNER"}},
	} {
		require.Error(t, r.EditKey(id, atlas.KeyEdit{Roles: []string{"ORG_OWNER"}, Projects: projects}), name)
		require.Equal(t, before, r.Snapshot().Keys[1], name)
	}
	require.NoError(t, r.EditKey(id, atlas.KeyEdit{Projects: map[string][]string{project: {"GROUP_OWNER"}}}))
	require.NoError(t, r.EditKey(id, atlas.KeyEdit{Projects: map[string][]string{project: {}}}))
	require.Equal(t, before, r.Snapshot().Keys[1])
	require.Equal(t, "API_KEY_REMOVED_FROM_GROUP", r.Events()[2].Type)
}
