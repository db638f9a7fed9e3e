package service_test

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

// inTwoOrgs is inEnv with two organizations.
func inTwoOrgs(t *testing.T, f func(w *env)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		w.Orgs = twoOrgs()
		w.Worker.Orgs = twoOrgs()
		w.Run(func() { f(w) })
	})
}

func in(org policy.OrgID) func(*policy.Form) {
	return func(f *policy.Form) { f.Org, f.IdempotencyKey = org, "V-"+string(org) }
}

func TestOrganizationsHaveTheirOwnPolicy(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *env) {
		ctx := w.T.Context()
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
		w.WaitIdle()
		require.Len(t, w.Keys.Alive(), 1)
		assert.Equal(t, policy.OrgID("org2"), w.Keys.Alive()[0].Org)
		_, err = w.Revoke(ctx, as(bob), r.ID, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		entries := w.Store.Entries()
		require.NotEmpty(t, entries)
		assert.Equal(t, "no_org", entries[0].Refused)
		assert.Empty(t, entries[0].Org, "a form that names no organization was refused")
		for _, e := range entries[1:] {
			assert.Equal(t, policy.OrgID("org2"), e.Org)
		}
	})
}

func TestApproverListsAreByOrganization(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *env) {
		ctx := w.T.Context()
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

func TestEveryOrganizationIsReconciled(t *testing.T) {
	t.Parallel()
	inTwoOrgs(t, func(w *env) {
		ctx := w.T.Context()
		for _, org := range []policy.OrgID{"org", "org2"} {
			order := approval.KeySpec{Request: policy.ID("AKR-" + map[policy.OrgID]string{"org": "0000A", "org2": "0000B"}[org]), Attempt: 1}
			_, err := w.Keys.Of(org).Create(ctx, order, func(approval.Key) error { return nil })
			require.NoError(t, err)
		}
		w.Advance(25 * time.Minute) // more than two reconciliations
		assert.Equal(t, policy.OrgID("org"), w.Stored("AKR-0000A").Org)
		assert.Equal(t, policy.OrgID("org2"), w.Stored("AKR-0000B").Org)
	})
}

// What was asked of an organization that is not configured any more is neither
// lost nor decided, and no key is made or deleted elsewhere.
func TestUnconfiguredOrganizationKeepsItsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		w.Orgs, w.Worker.Orgs = twoOrgs(), twoOrgs()
		var waits, live policy.ID
		w.Run(func() {
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
			w.WaitIdle()
			_, err = w.Confirm(t.Context(), as(alice), live)
			require.NoError(t, err)
		})
		w.Orgs = twoOrgs()[:1]
		w.Worker = worker.NewWorker(w.Orgs, w.Store, w.Keys.Of, w.Messenger, w.Directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
		w.Run(func() {
			w.Advance(4 * time.Hour)
			w.RequireState(waits, approval.StatePending)
			w.RequireState(live, approval.StateActive)
			_, err := w.Approve(t.Context(), as(carol), waits)
			require.ErrorIs(t, err, policy.ErrNoOrg)
			require.Len(t, w.Keys.Alive(), 1)
		})
		w.Worker = worker.NewWorker(twoOrgs(), w.Store, w.Keys.Of, w.Messenger, w.Directory, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
		w.Run(func() {
			w.Advance(24 * time.Hour)
			w.RequireState(waits, approval.StateExpired)
			w.RequireState(live, approval.StateEnded)
			w.RequireNoKeys()
		})
	})
}
