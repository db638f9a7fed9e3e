package atlas_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	emulated "atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

const (
	listEvents = "GET /orgs/{orgId}/events"
	listGroups = "GET /orgs/{orgId}/groups"
)

// creator is the spec of a key with these roles, for the address that the sandbox
// sees for all callers.
func creator(roles ...policy.Role) approval.KeySpec {
	o := order("AKR-7F3K2", 1)
	o.Access.Roles = roles
	return o
}

// creates has the holder of a key create a project.
func (r *rig) creates(t *testing.T, c approval.Credential, name string) policy.ProjectID {
	t.Helper()
	id, status, code := r.CreateProject(c.PublicKey, c.PrivateKey.Reveal(), "203.0.113.7", name)
	require.Equal(t, 201, status, code)
	return policy.ProjectID(id)
}

func TestInspectReportsCreatedProjects(t *testing.T) {
	t.Parallel()
	for _, role := range []policy.Role{"ORG_GROUP_CREATOR", "ORG_OWNER"} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			o := creator(role)
			made, err := r.keys.Create(ctx, o, noted)
			require.NoError(t, err)
			one := approval.OwnedProject{Project: policy.Project{ID: r.creates(t, made, "New one"), Name: "New one"}, Proven: true}
			o.MadeAt = made.MadeAt

			drift, err := r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.True(t, drift.IsZero())
			assert.Equal(t, []approval.OwnedProject{one}, drift.Owns)

			before := r.calls(listEvents) + r.calls(listGroups)
			o.Owns = drift.Owns
			drift, err = r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.Equal(t, o.Owns, drift.Owns)
			assert.Equal(t, before, r.calls(listEvents)+r.calls(listGroups), "what is known costs nothing")

			require.NoError(t, r.DeleteProject(string(one.ID)))
			drift, err = r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.Empty(t, drift.Owns)
			assert.True(t, drift.IsZero())
		})
	}
}

func TestInspectReportsUnexplainedProjectRole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		role      policy.Role
		given     []string
		feedFails bool
		isOwned   bool // reported as owned
		isDrift   bool
	}{
		"owner, given by hand to a creator":        {role: "ORG_GROUP_CREATOR", given: []string{"GROUP_OWNER"}, isOwned: true},
		"owner, and the feed cannot be read":       {role: "ORG_GROUP_CREATOR", given: []string{"GROUP_OWNER"}, feedFails: true, isOwned: true},
		"another role, given by hand to a creator": {role: "ORG_GROUP_CREATOR", given: []string{"GROUP_READ_ONLY"}, isDrift: true},
		"owner and more":                           {role: "ORG_OWNER", given: []string{"GROUP_OWNER", "GROUP_READ_ONLY"}, isDrift: true},
		"owner, given to a key that creates none":  {role: "ORG_READ_ONLY", given: []string{"GROUP_OWNER"}, isDrift: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			o := creator(tt.role)
			made, err := r.keys.Create(ctx, o, noted)
			require.NoError(t, err)
			search := string(r.projectNamed(t, "Search").ID)
			require.NoError(t, r.EditKey(made.ID, emulated.KeyEdit{Projects: map[string][]string{search: tt.given}}))
			if tt.feedFails {
				require.NoError(t, r.wire.Set(wire.Fault{Side: wire.Atlas, Operation: listEvents, Mode: "500-before", Count: -1}))
			}
			drift, err := r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.Equal(t, tt.isDrift, drift.ProjectsChanged)
			assert.Equal(t, tt.isDrift, !drift.IsZero())
			if assert.Equal(t, tt.isOwned, len(drift.Owns) == 1); tt.isOwned {
				assert.Equal(t, approval.OwnedProject{Project: policy.Project{ID: policy.ProjectID(search), Name: "Search"}}, drift.Owns[0])
			}
		})
	}
}

// A requested project is no drift, and its role is compared as usual.
func TestInspectComparesRequestedProject(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
	o := creator("ORG_GROUP_CREATOR")
	search := r.projectNamed(t, "Search")
	o.Access.Projects = []policy.ProjectAccess{{Project: search, Roles: []policy.Role{"GROUP_READ_ONLY"}}}
	made, err := r.keys.Create(ctx, o, noted)
	require.NoError(t, err)
	require.NoError(t, r.EditKey(made.ID, emulated.KeyEdit{Projects: map[string][]string{string(search.ID): {"GROUP_OWNER"}}}))
	drift, err := r.keys.Inspect(ctx, o, made.ID)
	require.NoError(t, err)
	assert.True(t, drift.ProjectsChanged)
	assert.Empty(t, drift.Owns)
}

func TestProjectEvents(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
	o := creator("ORG_READ_ONLY")
	search := r.projectNamed(t, "Search")
	o.Access.Projects = []policy.ProjectAccess{{Project: search, Roles: []policy.Role{"GROUP_READ_ONLY"}}}
	made, err := r.keys.Create(ctx, o, noted)
	require.NoError(t, err)
	events, err := r.api.Events(ctx, time.Time{})
	require.NoError(t, err)
	for _, e := range events {
		assert.Empty(t, e.Project)
	}
	events, err = r.api.ProjectEvents(ctx, string(search.ID), time.Now().Add(-time.Hour), "API_KEY_ADDED_TO_GROUP")
	require.NoError(t, err)
	require.Len(t, events, 1)
	assert.Equal(t, string(search.ID), events[0].Project)
	assert.Equal(t, made.PublicKey, events[0].Target)
}
