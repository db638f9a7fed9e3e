package atlas_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	emulated "atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

const assignKey = "PATCH /groups/{groupId}/apiKeys/{id}"

// projectNamed is one that the sandbox has from the start.
func (r *rig) projectNamed(t *testing.T, name string) policy.Project {
	t.Helper()
	for _, p := range r.Snapshot().Projects {
		if p.Name == name {
			return policy.Project{ID: policy.ProjectID(p.ID), Name: p.Name}
		}
	}
	require.Fail(t, "no project "+name)
	return policy.Project{}
}

// orderIn is a spec with roles in two projects, one of them named twice.
func (r *rig) orderIn(t *testing.T, id policy.ID) approval.KeySpec {
	t.Helper()
	o := order(id, 1)
	search, payments := r.projectNamed(t, "Search"), r.projectNamed(t, "Payments production")
	o.Access.Projects = []policy.ProjectAccess{
		{Project: search, Roles: []policy.Role{"GROUP_READ_ONLY"}},
		{Project: payments, Roles: []policy.Role{"GROUP_DATA_ACCESS_READ_ONLY"}},
		{Project: search, Roles: []policy.Role{"GROUP_SEARCH_INDEX_EDITOR"}},
	}
	return o
}

// held are the roles of the key in projects, as "project role".
func (r *rig) held(id string) []string {
	names := map[string]string{}
	for _, p := range r.Snapshot().Projects {
		names[p.ID] = p.Name
	}
	held := []string{}
	for _, k := range r.Snapshot().Keys {
		for _, role := range k.Roles {
			if k.ID == id && role.GroupID != "" {
				held = append(held, names[role.GroupID]+" "+role.Name)
			}
		}
	}
	slices.Sort(held)
	return held
}

func TestSandboxProjectAccess(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]emulated.Options{
		"nonces for a minute": {Seed: 1},
		"nonces for one use":  {Seed: 2, SingleUseNonces: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, opts), t.Context()
			o := r.orderIn(t, "AKR-7F3K2")
			made, err := r.keys.Create(ctx, o, noted)
			require.NoError(t, err)
			assert.Equal(t, []string{"Payments production GROUP_DATA_ACCESS_READ_ONLY", "Search GROUP_READ_ONLY", "Search GROUP_SEARCH_INDEX_EDITOR"}, r.held(made.ID))
			drift, err := r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.True(t, drift.IsZero(), "%+v", drift)
			require.NoError(t, r.keys.Delete(ctx, made.ID))
			assert.Zero(t, r.Count())
		})
	}
}

func TestSandboxCreateTakesOneRequestPerProject(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	_, err := r.keys.Create(t.Context(), r.orderIn(t, "AKR-7F3K2"), noted)
	require.NoError(t, err)
	var seen []string
	for _, c := range r.wire.Calls() {
		seen = append(seen, c.Operation)
	}
	assert.Equal(t, []string{createKey, createKey, createList, assignKey, assignKey}, seen)
}

// The refusal comes after the callback: the caller has to delete the key.
func TestSandboxRefusedProjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(r *rig, a *policy.Access)
		cause approval.Cause
		alive int // a key without a project's roles
	}{
		"a project that is none": {func(_ *rig, a *policy.Access) { a.Projects[1].ID = "b0123456789abcdef012345b" }, approval.CauseBadProject, 1},
		"a project just deleted": {func(r *rig, a *policy.Access) { _ = r.DeleteProject(string(a.Projects[1].ID)) }, approval.CauseBadProject, 1},
		"another organization's": {func(r *rig, a *policy.Access) {
			a.Projects[1].ID = policy.ProjectID(r.Organizations()[1].Snapshot().Projects[0].ID)
		}, approval.CauseBadProject, 1},
		"no id of a project":        {func(_ *rig, a *policy.Access) { a.Projects[1].ID = "Search" }, approval.CauseBadProject, 0},
		"no role there":             {func(_ *rig, a *policy.Access) { a.Projects[1].Roles = nil }, approval.CauseBadRole, 0},
		"a role that is none":       {func(_ *rig, a *policy.Access) { a.Projects[1].Roles[0] = "GROUP_GOD" }, approval.CauseBadRole, 1},
		"a role of an organization": {func(_ *rig, a *policy.Access) { a.Projects[1].Roles[0] = "ORG_OWNER" }, approval.CauseBadRole, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, emulated.NewCloud(2, emulated.Options{Seed: 1}).Organizations()[0])
			o := r.orderIn(t, "AKR-7F3K2")
			c.spoil(r, &o.Access)
			var told []approval.Key
			_, err := r.keys.Create(t.Context(), o, func(k approval.Key) error { told = append(told, k); return nil })
			var f *approval.CallError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, approval.Permanent, f.Class, err)
			assert.Equal(t, c.cause, f.Cause, err)
			assert.Len(t, told, c.alive)
			assert.Equal(t, c.alive, r.Count())
		})
	}
}

// An assignment may be repeated, so one lost response does no harm.
func TestSandboxLostAssignments(t *testing.T) {
	t.Parallel()
	for _, mode := range []wire.Mode{
		wire.ResetBefore, wire.ResetAfter, wire.LostAfter, wire.Error500Before, wire.Error500After, wire.HTML503,
		wire.HTML503After, wire.TruncatedAfter, wire.Empty401, wire.RateLimited,
	} {
		for _, times := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d times", mode, times), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, emulated.Options{Seed: 1})
				require.NoError(t, r.wire.Set(wire.Fault{Side: wire.Atlas, Operation: assignKey, Mode: mode, Count: times}))
				var told approval.Key
				_, err := r.keys.Create(t.Context(), r.orderIn(t, "AKR-7F3K2"), func(k approval.Key) error { told = k; return nil })
				assert.Equal(t, 1, r.Count())
				if times == 1 {
					require.NoError(t, err)
					assert.Len(t, r.held(told.ID), 3)
					return
				}
				var f *approval.CallError
				require.ErrorAs(t, err, &f)
				assert.Equal(t, approval.Transient, f.Class, err)
				assert.True(t, r.Alive(told.ID), "the caller knows which key to remove")
				for _, private := range r.Secrets() {
					assert.NotContains(t, err.Error(), private)
				}
			})
		}
	}
}

func TestInspectReportsProjectDrift(t *testing.T) {
	t.Parallel()
	const inSearch, inPayments = "Search: GROUP_READ_ONLY GROUP_SEARCH_INDEX_EDITOR", "Payments production: GROUP_DATA_ACCESS_READ_ONLY"
	edit := func(project string, roles ...string) func(*testing.T, *rig, string) {
		return func(t *testing.T, r *rig, key string) {
			t.Helper()
			id := string(r.projectNamed(t, project).ID)
			require.NoError(t, r.EditKey(key, emulated.KeyEdit{Projects: map[string][]string{id: roles}}))
		}
	}
	for name, c := range map[string]struct {
		by   func(t *testing.T, r *rig, key string)
		want []string // nil: nothing is different
	}{
		"the same roles anew": {edit("Search", "GROUP_SEARCH_INDEX_EDITOR", "GROUP_READ_ONLY"), nil},
		"another role":        {edit("Payments production", "GROUP_OWNER"), []string{inSearch, "Payments production: GROUP_OWNER"}},
		"one role less":       {edit("Search", "GROUP_READ_ONLY"), []string{"Search: GROUP_READ_ONLY", inPayments}},
		"taken out of one":    {edit("Search"), []string{inPayments}},
		"put into another":    {edit("Analytics", "GROUP_OWNER"), []string{inSearch, inPayments, "?: GROUP_OWNER"}},
		"the project is gone": {func(t *testing.T, r *rig, _ string) {
			t.Helper()
			require.NoError(t, r.DeleteProject(string(r.projectNamed(t, "Payments production").ID)))
		}, []string{inSearch}},
		"the project has another name": {func(t *testing.T, r *rig, _ string) {
			t.Helper()
			require.NoError(t, r.RenameProject(string(r.projectNamed(t, "Search").ID), "Find"))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, emulated.Options{Seed: 1})
			o := r.orderIn(t, "AKR-7F3K2")
			made, err := r.keys.Create(t.Context(), o, noted)
			require.NoError(t, err)
			c.by(t, r, made.ID)
			for range 5 { // Atlas gives roles in another order each time
				got, err := r.keys.Inspect(t.Context(), o, made.ID)
				require.NoError(t, err)
				assert.Equal(t, c.want != nil, got.ProjectsChanged)
				assert.Equal(t, c.want, spelled(got.Projects))
				assert.Equal(t, c.want == nil, got.IsZero(), "%+v", got)
			}
		})
	}
}

func spelled(projects []policy.ProjectAccess) []string {
	var all []string
	for _, p := range projects {
		line := cmp.Or(p.Name, "?") + ":"
		for _, r := range p.Roles {
			line += " " + string(r)
		}
		all = append(all, line)
	}
	return all
}

func TestInspectKeyWithoutProjects(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	o := order("AKR-7F3K2", 1)
	made, err := r.keys.Create(t.Context(), o, noted)
	require.NoError(t, err)
	search := string(r.projectNamed(t, "Search").ID)
	require.NoError(t, r.EditKey(made.ID, emulated.KeyEdit{Projects: map[string][]string{search: {"GROUP_OWNER"}}}))
	got, err := r.keys.Inspect(t.Context(), o, made.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Drift{ProjectsChanged: true, Projects: []policy.ProjectAccess{
		{Project: policy.Project{ID: policy.ProjectID(search)}, Roles: []policy.Role{"GROUP_OWNER"}},
	}}, got)
}

func TestProjectsAreSortedByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	_, err := r.AddProjects("mobile app")
	require.NoError(t, err)
	projects, err := r.keys.Projects(t.Context())
	require.NoError(t, err)
	var names []string
	for _, p := range projects {
		names = append(names, p.Name)
	}
	assert.Equal(t, []string{"Analytics", "Data platform", "mobile app", "Mobile backend", "Payments production", "Payments staging", "Search"}, names)
	assert.Equal(t, r.projectNamed(t, "Search"), projects[6])
}

func TestProjectsReadsAllPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	names := make([]string, 600)
	for i := range names {
		names[i] = fmt.Sprintf("team %03d", i)
	}
	_, err := r.AddProjects(names...)
	require.NoError(t, err)
	projects, err := r.keys.Projects(t.Context())
	require.NoError(t, err)
	require.Len(t, projects, 606)
	assert.Equal(t, "team 599", projects[605].Name)
	assert.Len(t, r.wire.Calls(), 3, "a challenge and two pages")
}

func TestProjectsWhenAtlasIsUnavailable(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	require.NoError(t, r.wire.Set(wire.Fault{Side: wire.Atlas, Mode: wire.HTML503, Count: -1}))
	_, err := r.keys.Projects(t.Context())
	var f *approval.CallError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, approval.Transient, f.Class)
	assert.Equal(t, approval.CauseAtlasUnavailable, f.Cause)
}
