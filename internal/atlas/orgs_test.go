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

// newKeysByOrg returns the keys of a bot with a credential in two of three
// organizations.
func newKeysByOrg(t *testing.T) (approval.KeysByOrg, []*rig) {
	t.Helper()
	keysByOrg, rigs := approval.KeysByOrg{}, []*rig{}
	for _, o := range emulated.NewCloud(3, emulated.Options{Seed: 1}).Organizations() {
		r := newRigOf(t, o)
		rigs = append(rigs, r)
		keysByOrg[policy.OrgID(o.Snapshot().ID)] = r.keys
	}
	delete(keysByOrg, policy.OrgID(rigs[2].Snapshot().ID))
	return keysByOrg, rigs
}

func TestKeysAreCreatedInTheirOrganization(t *testing.T) {
	t.Parallel()
	keysByOrg, rigs := newKeysByOrg(t)
	ctx := t.Context()
	for i, r := range rigs[:2] {
		o := r.orderIn(t, "AKR-7F3K2")
		keys := keysByOrg.Of(policy.OrgID(r.Snapshot().ID))
		made, err := keys.Create(ctx, o, noted)
		require.NoError(t, err)
		assert.True(t, r.Alive(made.ID))
		assert.False(t, rigs[1-i].Alive(made.ID))
		assert.Len(t, r.held(made.ID), 3)

		drift, err := keys.Inspect(ctx, o, made.ID)
		require.NoError(t, err)
		assert.True(t, drift.IsZero())
		found, err := keys.FindTagged(ctx, o.Request)
		require.NoError(t, err)
		require.Len(t, found, 1, "the same request's id in another organization is another's")
		assert.Equal(t, made.ID, found[0].ID)
		marked, err := keys.ListTagged(ctx)
		require.NoError(t, err)
		assert.Equal(t, found, marked)
		require.NoError(t, keys.AddAccess(ctx, made.ID, o.Access.Networks))
		require.NoError(t, keys.KeepAccess(ctx, made.ID, o.Access.Networks[:1], nil))
		used, err := keys.WasUsed(ctx, made.ID)
		require.NoError(t, err)
		assert.False(t, used)
		unlisted, err := keys.CreatedButUnlisted(ctx, time.Now().Add(-time.Hour))
		require.NoError(t, err)
		assert.False(t, unlisted)
		projects, err := keys.Projects(ctx)
		require.NoError(t, err)
		assert.Contains(t, projects, r.projectNamed(t, "Search"))
	}
	first := rigs[0].Snapshot()
	require.NoError(t, keysByOrg.Of(policy.OrgID(first.ID)).Delete(ctx, first.Keys[1].ID))
	assert.Zero(t, rigs[0].Count())
	assert.Equal(t, 1, rigs[1].Count())
}

// A project of another organization is refused by Atlas, though the bot has a
// credential there too.
func TestProjectsOfAnotherOrganizationAreRefused(t *testing.T) {
	t.Parallel()
	keysByOrg, rigs := newKeysByOrg(t)
	o := rigs[1].orderIn(t, "AKR-7F3K2")
	_, err := keysByOrg.Of(sandboxOrg).Create(t.Context(), o, noted)
	var f *approval.CallError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, approval.Permanent, f.Class)
	assert.Equal(t, approval.CauseBadProject, f.Cause)
}

func TestKeysOfAnOrganizationWithoutCredentialAreRefused(t *testing.T) {
	t.Parallel()
	keysByOrg, rigs := newKeysByOrg(t)
	ctx, keys := t.Context(), keysByOrg.Of(policy.OrgID(rigs[2].Snapshot().ID))
	o := order("AKR-7F3K2", 1)
	for name, call := range map[string]func() error{
		"Create":             func() error { _, err := keys.Create(ctx, o, noted); return err },
		"AddAccess":          func() error { return keys.AddAccess(ctx, madeID, o.Access.Networks) },
		"KeepAccess":         func() error { return keys.KeepAccess(ctx, madeID, o.Access.Networks, nil) },
		"Delete":             func() error { return keys.Delete(ctx, madeID) },
		"FindTagged":         func() error { _, err := keys.FindTagged(ctx, o.Request); return err },
		"ListTagged":         func() error { _, err := keys.ListTagged(ctx); return err },
		"CreatedButUnlisted": func() error { _, err := keys.CreatedButUnlisted(ctx, time.Time{}); return err },
		"Inspect":            func() error { _, err := keys.Inspect(ctx, o, madeID); return err },
		"Projects":           func() error { _, err := keys.Projects(ctx); return err },
		"WasUsed":            func() error { _, err := keys.WasUsed(ctx, madeID); return err },
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
func TestCredentialOfAnotherOrganizationIsRefusedForNow(t *testing.T) {
	t.Parallel()
	all := emulated.NewCloud(2, emulated.Options{Seed: 1}).Organizations()
	r := newRigOf(t, all[0], func(c *atlas.Config) { c.OrgID = all[1].Snapshot().ID })
	o := order("AKR-7F3K2", 1)
	_, err := r.keys.Create(t.Context(), o, noted)
	var f *approval.CallError
	require.ErrorAs(t, err, &f)
	assert.Equal(t, approval.Transient, f.Class)
	assert.Equal(t, approval.CauseNotPermitted, f.Cause)
	_, err = r.api.Organization(t.Context())
	assert.Equal(t, atlas.InvalidCredential, atlas.KindOf(err))
}
