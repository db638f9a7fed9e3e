package service_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

func TestRequestLifecycle(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		w.RequireState(id, approval.StatePending)
		assert.True(t, w.HasMessage(id, approval.CardMessage))
		assert.True(t, w.HasMessage(id, approval.RequestedMessage))
		assert.False(t, w.HasMessage(id, approval.ReadyMessage))

		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateApproved)
		assert.Equal(t, bob, r.Decision.By)
		assert.True(t, w.HasMessage(id, approval.ReadyMessage))
		w.RequireNoKeys()

		w.Advance(time.Hour)
		pressed := time.Now()
		_, err = w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		r = w.RequireState(id, approval.StateDelivered)
		w.RequireLastShownKeyOnly()
		assert.Equal(t, alice, w.Messenger.Revealed()[0].To)
		assert.WithinDuration(t, pressed.Add(8*time.Hour), r.KeyExpiresAt, time.Second, "the clock starts when the key exists")

		_, err = w.Confirm(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateActive)

		w.Advance(8 * time.Hour)
		r = w.RequireState(id, approval.StateEnded)
		assert.Equal(t, approval.CauseKeyExpired, r.Outcome.Cause)
		assert.Equal(t, approval.ExpiryReminderMessage(1), r.SaysOutcome())
		assert.False(t, w.HasMessage(id, approval.OutcomeMessage), "it was foretold")
		assert.False(t, w.HasMessage(id, approval.ReminderMessage))
		w.RequireNoKeys()
	})
}

func TestSubmitIsIdempotent(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		first, err := w.Submit(t.Context(), as(alice), form())
		require.NoError(t, err)
		second, err := w.Submit(t.Context(), as(alice), form())
		require.NoError(t, err)
		assert.Equal(t, first.ID, second.ID)
		mine, err := w.Mine(t.Context(), as(alice), approval.Cursor{}, 20)
		require.NoError(t, err)
		assert.Len(t, mine.Requests, 1)
	})
}

func TestSubmitRetriesTakenID(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		ids := []policy.ID{"AKR-00000", "AKR-00000", "AKR-00001"}
		w.NewID = func() policy.ID { id := ids[0]; ids = ids[1:]; return id }
		first, err := w.Submit(t.Context(), as(alice), form())
		require.NoError(t, err)
		second, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		assert.Equal(t, policy.ID("AKR-00000"), first.ID)
		assert.Equal(t, policy.ID("AKR-00001"), second.ID)
	})
}

// refused says who may not do what, and that nothing changes.
func TestRefusedActions(t *testing.T) {
	t.Parallel()
	type action = func(w *env, who policy.Actor, id policy.ID) error
	approve := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Approve(w.T.Context(), who, id)
		return err
	}
	deny := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Deny(w.T.Context(), who, id, "no")
		return err
	}
	withdraw := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Withdraw(w.T.Context(), who, id)
		return err
	}
	collect := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Issue(w.T.Context(), who, id)
		return err
	}
	confirm := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Confirm(w.T.Context(), who, id)
		return err
	}
	replace := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Replace(w.T.Context(), who, id)
		return err
	}
	revoke := func(w *env, who policy.Actor, id policy.ID) error {
		_, err := w.Revoke(w.T.Context(), who, id, "")
		return err
	}

	for name, tt := range map[string]struct {
		given func(w *env) policy.ID
		do    action
		who   policy.UserID
		want  error
		word  string
	}{
		"approve: one's own":            {(*env).Submitted, approve, alice, policy.ErrOwnRequest, "own_request"},
		"approve: no approver":          {(*env).Submitted, approve, carol, policy.ErrNotApprover, "not_approver"},
		"approve: a guest":              {(*env).Submitted, approve, gil, approval.ErrGuest, "guest"},
		"approve: a stranger":           {(*env).Submitted, approve, eve, approval.ErrExternal, "external"},
		"approve: late":                 {(*env).Active, approve, bob, approval.ErrNotAllowed, "not_allowed"},
		"approve: twice":                {(*env).Approved, approve, bob, approval.ErrNotAllowed, "not_allowed"},
		"deny: one's own":               {(*env).Submitted, deny, alice, policy.ErrOwnRequest, "own_request"},
		"deny: after the approval":      {(*env).Approved, deny, dana, approval.ErrNotAllowed, "not_allowed"},
		"withdraw: of another user":     {(*env).Submitted, withdraw, bob, approval.ErrNotOwner, "not_owner"},
		"withdraw: a key that exists":   {(*env).Delivered, withdraw, alice, approval.ErrNotAllowed, "not_allowed"},
		"issue: of another user":        {(*env).Approved, collect, bob, approval.ErrNotOwner, "not_owner"},
		"collect: before the approval":  {(*env).Submitted, collect, alice, approval.ErrNotAllowed, "not_allowed"},
		"collect: twice":                {(*env).Delivered, collect, alice, approval.ErrNotAllowed, "not_allowed"},
		"confirm: of another user":      {(*env).Delivered, confirm, carol, approval.ErrNotOwner, "not_owner"},
		"confirm: twice":                {(*env).Active, confirm, alice, approval.ErrNotAllowed, "not_allowed"},
		"replace: of another user":      {(*env).Delivered, replace, bob, approval.ErrNotOwner, "not_owner"},
		"replace: after it was saved":   {(*env).Active, replace, alice, approval.ErrNotAllowed, "not_allowed"},
		"revoke: neither owner nor app": {(*env).Active, revoke, carol, approval.ErrNotOwner, "not_owner"},
		"revoke: before there is a key": {(*env).Approved, revoke, alice, approval.ErrNotAllowed, "not_allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := tt.given(w)
				before := w.Stored(id)
				require.ErrorIs(t, tt.do(w, as(tt.who), id), tt.want)
				w.WaitIdle()
				assert.Equal(t, before.Version, w.Stored(id).Version)
				entries := w.Store.Entries()
				last := entries[len(entries)-1]
				assert.Equal(t, tt.word, last.Refused)
				assert.Equal(t, tt.who, last.By)
			})
		})
	}
}

func TestDeactivatedUserIsRefused(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		w.Directory.Set(policy.Deactivated, alice)
		_, err := w.Issue(t.Context(), as(alice), id)
		require.ErrorIs(t, err, approval.ErrDeactivated)
		w.WaitIdle()
		w.RequireState(id, approval.StateApproved)
		w.RequireNoKeys()
	})
}

func TestDirectoryOutageRefusesActions(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		w.Directory.Fail(approvaltest.CallMemberStatus, approvaltest.Lost(errors.New("slack is down")))
		_, err := w.Approve(t.Context(), as(bob), id)
		require.ErrorIs(t, err, policy.ErrCannotCheck)
		w.RequireState(id, approval.StatePending)
		_, err = w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err, "pressed again")
	})
}

func TestUnknownGroupDoesNotLockOutOthers(t *testing.T) {
	t.Parallel()
	groups := func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{bob}, Groups: []policy.GroupID{"S1"}}, Count: 1}}
	}
	inEnv(t, func(w *env) {
		w.Directory.SetGroup("S1", dana)
		id := w.Submitted()
		down := approvaltest.Lost(errors.New("slack is down"))
		w.Directory.Fail(approvaltest.CallMembers, down, down)
		_, err := w.Approve(t.Context(), as(dana), id)
		require.ErrorIs(t, err, policy.ErrCannotCheck)
		_, err = w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
	}, groups)
	inEnv(t, func(w *env) {
		w.Directory.SetGroup("S1", dana)
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(dana), id)
		require.NoError(t, err)
	}, groups)
}

func TestPreviewWarnsWhenNoEligibleApprover(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*policy.Policy)
		want bool
	}{
		"two approvers":           {func(*policy.Policy) {}, false},
		"only the asker":          {func(p *policy.Policy) { p.Requirements = anyOf(alice) }, true},
		"only the asker, who may": {func(p *policy.Policy) { p.Requirements = anyOf(alice); p.AllowSelfApproval = true }, false},
		"an empty group": {func(p *policy.Policy) {
			p.Requirements = []policy.Requirement{{From: policy.Principals{Groups: []policy.GroupID{"S0"}}, Count: 1}}
		}, true},
		"two are needed, and the asker is one of two": {func(p *policy.Policy) { p.Requirements = anyOf(alice, bob); p.Requirements[0].Count = 2 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, testPolicy(tt.edit))
			got, err := w.Preview(t.Context(), as(alice), form())
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.NoEligibleApprover)
		})
	}
}

func TestSelfApprovalNeedsPolicy(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		_, err := w.Approve(t.Context(), as(alice), id)
		require.NoError(t, err)
	}, func(p *policy.Policy) { p.Requirements = anyOf(alice); p.AllowSelfApproval = true })
}

func TestConcurrentApproversApproveOnce(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		var won, told atomic.Int32
		race(50, func(i int) {
			who := []policy.UserID{bob, dana}[i%2]
			_, err := w.Approve(context.Background(), as(who), id)
			if i%3 == 0 {
				_, err = w.Deny(context.Background(), as(who), id, "")
			}
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, approval.ErrNotAllowed):
				told.Add(1)
			}
		})
		w.WaitIdle()
		r := w.Stored(id)
		assert.Contains(t, []approval.State{approval.StateApproved, approval.StateDenied}, r.State)
		decisions := 0
		for _, e := range w.Store.Entries() {
			if e.Refused == "" && (e.Event == approval.EventApprove || e.Event == approval.EventDeny) {
				decisions++
			}
		}
		assert.Equal(t, 1, decisions)
	})
}

func TestConcurrentIssueClicksIssueOneKey(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		var won atomic.Int32
		race(20, func(int) {
			if _, err := w.Issue(context.Background(), as(alice), id); err == nil {
				won.Add(1)
			}
		})
		w.WaitIdle()
		assert.EqualValues(t, 1, won.Load())
		assert.Equal(t, 1, w.Keys.Made())
		w.RequireLastShownKeyOnly()
	})
}

func race(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
