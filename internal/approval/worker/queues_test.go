package worker_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/worker"
)

// activeKeys are n keys that their owner holds.
func (w *env) activeKeys(n int) []policy.ID {
	w.T.Helper()
	var all []policy.ID
	for i := range n {
		id := w.SubmittedBy(alice, i)
		_, err := w.Approve(w.T.Context(), as(bob), id)
		require.NoError(w.T, err)
		all = append(all, id)
	}
	w.WaitIdle()
	for _, id := range all {
		_, err := w.Issue(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
	}
	w.Advance(10 * time.Second)
	for _, id := range all {
		_, err := w.Confirm(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
	}
	w.Advance(10 * time.Second)
	return all
}

// hang makes every call of that name last that long.
func hang(on *approvaltest.Script, call approvaltest.Call, d time.Duration) {
	on.SetOnCall(func(c approvaltest.Call) {
		if c == call {
			<-time.After(d)
		}
	})
}

func TestHangingDeletionsDelayNoIssuing(t *testing.T) {
	t.Parallel()
	for _, keys := range []int{20, 40} { // fewer and more than there are slots
		t.Run(fmt.Sprint(keys), func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				all := w.activeKeys(keys)
				approved := w.SubmittedBy(carol, 1000)
				_, err := w.Approve(t.Context(), as(bob), approved)
				require.NoError(t, err)
				w.WaitIdle()
				hang(&w.Keys.Script, approvaltest.CallDelete, time.Minute)
				for _, id := range all {
					_, err := w.Revoke(t.Context(), as(bob), id, "")
					require.NoError(t, err)
				}
				w.WaitIdle()

				asked := w.SubmittedBy(carol, 1001)
				w.Advance(5 * time.Second)
				assert.True(t, w.HasMessage(asked, approval.CardMessage), "the approvers' card is posted")
				_, err = w.Issue(t.Context(), as(carol), approved)
				require.NoError(t, err)
				w.Advance(5 * time.Second)
				w.RequireState(approved, approval.StateDelivered)

				w.Advance(time.Duration(keys/32+1)*time.Minute + 10*time.Second)
				for _, id := range all {
					require.Equal(t, approval.StateEnded, w.Stored(id).State, "deletions go on side by side")
				}
			})
		})
	}
}

func TestHangingSyncsDelayNoDeletion(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		hang(&w.Messenger.Script, approvaltest.CallSyncMessage, 10*time.Second)
		for n := range 60 {
			w.SubmittedBy(carol, n)
		}
		w.WaitIdle()
		_, err := w.Revoke(t.Context(), as(bob), id, "")
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, approval.StateEnded, w.Stored(id).State)
	})
}

// While Atlas does not say whether keys are used, pending requests lapse and
// keys end at their time.
func TestHangingChecksDelayNoExpiry(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		var shown []policy.ID
		for n := range 40 {
			id := w.SubmittedBy(alice, n)
			_, err := w.Approve(t.Context(), as(bob), id)
			require.NoError(t, err)
			shown = append(shown, id)
		}
		w.WaitIdle()
		for _, id := range shown {
			_, err := w.Issue(t.Context(), as(alice), id)
			require.NoError(t, err)
		}
		w.Advance(10 * time.Second)
		hang(&w.Keys.Script, approvaltest.CallWasUsed, 80*time.Second)
		pending := w.SubmittedBy(carol, 1000)
		w.Advance(30 * time.Minute) // the reminders are due
		require.Equal(t, approval.StatePending, w.Stored(pending).State)
		_, err := w.Withdraw(t.Context(), as(carol), pending)
		require.NoError(t, err)
		active := shown[39] // not in hand
		_, err = w.Confirm(t.Context(), as(alice), active)
		require.NoError(t, err)
		_, err = w.Revoke(t.Context(), as(alice), active, "")
		require.NoError(t, err)
		w.WaitIdle()
		assert.Equal(t, approval.StateEnded, w.Stored(active).State)
	})
}

// A slowRelease has the worker read due work before the job of an ended lease is over.
type slowRelease struct {
	worker.Store
	wake func()
}

func (s slowRelease) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	defer func() { s.wake(); <-time.After(time.Millisecond) }()
	return s.Store.ReleaseWork(ctx, id, version, at)
}

func (s slowRelease) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[approval.MessageName]string) error {
	defer func() { s.wake(); <-time.After(time.Millisecond) }()
	return s.Store.ReleaseSync(ctx, id, version, at, updated)
}

// A claim that comes between the end of a lease and that of its job is given back, and not
// kept until its lease ends.
func TestClaimBesideAnEndingJobIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		w.Worker.Store = slowRelease{w.Store, w.Worker.Wake}
		w.Run(func() {
			pair := w.rotated()
			w.requireNext(pair.next, approval.StateActive)
			_, err := w.Revoke(t.Context(), as(bob), pair.before, "")
			require.NoError(t, err)
			w.WaitIdle()
			w.RequireNoKeys()
			w.RequireState(pair.before, approval.StateEnded)
			w.RequireState(pair.next, approval.StateEnded)
		})
	})
}
