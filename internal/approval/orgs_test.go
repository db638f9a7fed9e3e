package approval_test

import (
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/worker"
)

// twoOrgs are one that bob and dana approve for, and one that carol does.
func twoOrgs() policy.Orgs {
	return policy.Orgs{
		{ID: "org", Name: "Production", Policy: testPolicy()},
		{ID: "org2", Name: "Staging", Policy: testPolicy(func(p *policy.Policy) { p.Requirements = anyOf(carol) })},
	}
}

// inTwoOrgs is inWorld with two organizations.
func inTwoOrgs(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, testPolicy())
		w.Orgs = twoOrgs()
		w.worker.Orgs = twoOrgs()
		w.run(func() { f(w) })
	})
}

func in(org policy.OrgID) func(*policy.Form) {
	return func(f *policy.Form) { f.Org, f.IdempotencyKey = org, "V-"+string(org) }
}

func TestEachOrganizationHasItsOwnRulesAndKeys(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *world) {
		ctx := w.t.Context()
		_, err := w.Submit(ctx, as(alice), form())
		require.ErrorIs(t, err, policy.ErrNoOrg, "with two, the form says which")
		r, err := w.Submit(ctx, as(alice), form(in("org2")))
		require.NoError(t, err)
		_, err = w.Approve(ctx, as(bob), r.ID)
		require.ErrorIs(t, err, policy.ErrNotApprover, "bob approves for the other one")
		_, err = w.Approve(ctx, as(carol), r.ID)
		require.NoError(t, err)
		_, err = w.Issue(ctx, as(alice), r.ID)
		require.NoError(t, err)
		w.settle()
		require.Len(t, w.keys.Alive(), 1)
		assert.Equal(t, policy.OrgID("org2"), w.keys.Alive()[0].Org)
		_, err = w.Revoke(ctx, as(bob), r.ID, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		entries := w.store.Entries()
		require.NotEmpty(t, entries)
		assert.Equal(t, "no_org", entries[0].Refused)
		assert.Empty(t, entries[0].Org, "a form that names no organization was refused")
		for _, e := range entries[1:] {
			assert.Equal(t, policy.OrgID("org2"), e.Org)
		}
	})
}

func TestApproversSeeTheirOrganizationOnly(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *world) {
		ctx := w.t.Context()
		for _, org := range []policy.OrgID{"org", "org2"} {
			_, err := w.Submit(ctx, as(alice), form(in(org)))
			require.NoError(t, err)
		}
		for who, org := range map[policy.UserID]policy.OrgID{bob: "org", carol: "org2"} {
			waiting, err := w.ListPending(ctx, as(who))
			require.NoError(t, err)
			require.Len(t, waiting, 1, who)
			assert.Equal(t, org, waiting[0].Org)
		}
		_, err := w.ListPending(ctx, as(alice))
		require.ErrorIs(t, err, policy.ErrNotApprover)
	})
}

func TestEveryOrganizationIsComparedWithItsRows(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *world) {
		ctx := w.t.Context()
		for _, org := range []policy.OrgID{"org", "org2"} {
			order := approval.KeySpec{Request: policy.ID("AKR-" + map[policy.OrgID]string{"org": "0000A", "org2": "0000B"}[org]), Attempt: 1}
			_, err := w.keys.Of(org).Create(ctx, order, func(approval.Key) error { return nil })
			require.NoError(t, err)
		}
		w.pass(aWhile)
		assert.Equal(t, policy.OrgID("org"), w.get("AKR-0000A").Org)
		assert.Equal(t, policy.OrgID("org2"), w.get("AKR-0000B").Org)
	})
}

// What was asked of an organization that is not configured any more is neither
// lost nor decided, and no key is made or deleted elsewhere.
func TestAnOrganizationThatIsNotConfiguredAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, testPolicy())
		w.Orgs, w.worker.Orgs = twoOrgs(), twoOrgs()
		var waits, live policy.ID
		w.run(func() {
			r, err := w.Submit(t.Context(), as(alice), form(in("org2")))
			require.NoError(t, err)
			waits = r.ID
			r, err = w.Submit(t.Context(), as(alice), form(in("org2"), func(f *policy.Form) { f.IdempotencyKey = "another" }))
			require.NoError(t, err)
			live = r.ID
			_, err = w.Approve(t.Context(), as(carol), live)
			require.NoError(t, err)
			_, err = w.Issue(t.Context(), as(alice), live)
			require.NoError(t, err)
			w.settle()
			_, err = w.Confirm(t.Context(), as(alice), live)
			require.NoError(t, err)
		})
		w.Orgs = twoOrgs()[:1]
		w.worker = worker.NewWorker(w.Orgs, w.store, w.keys.Of, w.screens, w.directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
		w.run(func() {
			w.pass(4 * time.Hour)
			w.is(waits, approval.StatePending)
			w.is(live, approval.StateActive)
			_, err := w.Approve(t.Context(), as(carol), waits)
			require.ErrorIs(t, err, policy.ErrNoOrg)
			require.Len(t, w.keys.Alive(), 1)
		})
		w.worker = worker.NewWorker(twoOrgs(), w.store, w.keys.Of, w.screens, w.directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
		w.run(func() {
			w.pass(24 * time.Hour)
			w.is(waits, approval.StateExpired)
			w.is(live, approval.StateEnded)
			w.noKey()
		})
	})
}
