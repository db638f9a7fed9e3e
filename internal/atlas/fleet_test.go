package atlas_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	emulated "atlaskeybot/internal/sandbox/atlas"
)

// newFleet is a bot with a credential in two of three organizations.
func newFleet(t *testing.T) (atlas.MultiOrg, []*rig) {
	t.Helper()
	fleet, rigs := atlas.MultiOrg{}, []*rig{}
	for _, o := range emulated.NewCloud(3, emulated.Options{Seed: 1}).Organizations() {
		r := newRigOf(t, o)
		rigs = append(rigs, r)
		fleet[policy.OrgID(o.Snapshot().ID)] = r.keys
	}
	delete(fleet, policy.OrgID(rigs[2].Snapshot().ID))
	return fleet, rigs
}

func TestAFleetMakesKeysWhereTheyBelong(t *testing.T) {
	t.Parallel()
	fleet, rigs := newFleet(t)
	ctx := t.Context()
	for i, r := range rigs[:2] {
		o := r.orderIn(t, "AKR-7F3K2")
		o.Org = policy.OrgID(r.Snapshot().ID)
		made, err := fleet.Create(ctx, o, noted)
		require.NoError(t, err)
		assert.True(t, r.Alive(made.ID))
		assert.False(t, rigs[1-i].Alive(made.ID))
		assert.Len(t, r.held(made.ID), 3)

		drift, err := fleet.Inspect(ctx, o, made.ID)
		require.NoError(t, err)
		assert.True(t, drift.IsZero())
		found, err := fleet.FindTagged(ctx, o.Org, o.Request)
		require.NoError(t, err)
		require.Len(t, found, 1, "the same request's id in another organization is another's")
		assert.Equal(t, made.ID, found[0].ID)
		marked, err := fleet.ListTagged(ctx, o.Org)
		require.NoError(t, err)
		assert.Equal(t, found, marked)
		require.NoError(t, fleet.AddAccess(ctx, o.Org, made.ID, o.Access.Networks))
		require.NoError(t, fleet.KeepAccess(ctx, o.Org, made.ID, o.Access.Networks[:1], nil))
		used, err := fleet.WasUsed(ctx, o.Org, made.ID)
		require.NoError(t, err)
		assert.False(t, used)
		unlisted, err := fleet.CreatedButUnlisted(ctx, o.Org, time.Now().Add(-time.Hour))
		require.NoError(t, err)
		assert.False(t, unlisted)
		projects, err := fleet.Projects(ctx, o.Org)
		require.NoError(t, err)
		assert.Contains(t, projects, r.projectNamed(t, "Search"))
	}
	first := rigs[0].Snapshot()
	require.NoError(t, fleet.Delete(ctx, policy.OrgID(first.ID), first.Keys[1].ID))
	assert.Zero(t, rigs[0].Count())
	assert.Equal(t, 1, rigs[1].Count())
}

// A project of another organization is refused by Atlas, though the fleet could
// log in there too.
func TestAFleetKeepsProjectsApart(t *testing.T) {
	t.Parallel()
	fleet, rigs := newFleet(t)
	o := rigs[1].orderIn(t, "AKR-7F3K2")
	_, err := fleet.Create(t.Context(), o, noted)
	var f *approval.CallError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, approval.Permanent, f.Class)
	assert.Equal(t, approval.CauseBadProject, f.Cause)
}

func TestAFleetRefusesWhatItHasNoCredentialFor(t *testing.T) {
	t.Parallel()
	fleet, rigs := newFleet(t)
	ctx, org := t.Context(), policy.OrgID(rigs[2].Snapshot().ID)
	o := order("AKR-7F3K2", 1)
	o.Org = org
	for name, call := range map[string]func() error{
		"Make":       func() error { _, err := fleet.Create(ctx, o, noted); return err },
		"AddAccess":  func() error { return fleet.AddAccess(ctx, org, madeID, o.Access.Networks) },
		"KeepAccess": func() error { return fleet.KeepAccess(ctx, org, madeID, o.Access.Networks, nil) },
		"Remove":     func() error { return fleet.Delete(ctx, org, madeID) },
		"Find":       func() error { _, err := fleet.FindTagged(ctx, org, o.Request); return err },
		"Marked":     func() error { _, err := fleet.ListTagged(ctx, org); return err },
		"Unlisted":   func() error { _, err := fleet.CreatedButUnlisted(ctx, org, time.Time{}); return err },
		"Inspect":    func() error { _, err := fleet.Inspect(ctx, o, madeID); return err },
		"Projects":   func() error { _, err := fleet.Projects(ctx, org); return err },
		"Used":       func() error { _, err := fleet.WasUsed(ctx, org, madeID); return err },
	} {
		var f *approval.CallError
		require.ErrorAs(t, call(), &f, name)
		assert.Equal(t, approval.Permanent, f.Class, name)
		assert.Equal(t, approval.CauseNotPermitted, f.Cause, name)
	}
	for _, r := range rigs {
		assert.Empty(t, r.wire.Calls())
	}
}

// A credential of one organization set up for another's is an operator's
// mistake: requests wait until it is mended.
func TestACredentialOfAnotherOrganization(t *testing.T) {
	t.Parallel()
	all := emulated.NewCloud(2, emulated.Options{Seed: 1}).Organizations()
	r := newRigOf(t, all[0], func(c *atlas.Config) { c.OrgID = all[1].Snapshot().ID })
	o := order("AKR-7F3K2", 1)
	o.Org = policy.OrgID(all[1].Snapshot().ID)
	_, err := r.keys.Create(t.Context(), o, noted)
	var f *approval.CallError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, approval.Transient, f.Class)
	assert.Equal(t, approval.CauseNotPermitted, f.Cause)
	_, err = r.api.Organization(t.Context())
	assert.Equal(t, atlas.InvalidCredential, atlas.KindOf(err))
}
