package worker_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/service"
)

// rateLimitWaits are waits that Atlas, Slack or a proxy may ask for.
var longWaits = map[string]time.Duration{
	"an hour":     time.Hour,
	"thirty days": 30 * 24 * time.Hour,
	"for ever":    math.MaxInt64,
}

// waitingRequests is the error of a call that was refused with a Retry-After.
func waitingRequests(d time.Duration) *approval.CallError {
	f := approvaltest.Transient(approval.CauseAtlasUnavailable)
	f.RetryAfter = d
	return f
}

func TestDeletionRetryIsCapped(t *testing.T) {
	t.Parallel()
	for name, wait := range longWaits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Active()
				w.Keys.Fail(approvaltest.CallDelete, approvaltest.Lost(waitingRequests(wait)))
				_, err := w.Revoke(t.Context(), as(alice), id, "")
				require.NoError(t, err)
				w.WaitIdle()
				require.LessOrEqual(t, time.Until(w.RequireState(id, approval.StateRevoking).Deletion.RetryAt), 10*time.Minute)
				w.Advance(10 * time.Minute)
				w.RequireState(id, approval.StateEnded)
				w.RequireNoKeys()
			})
		})
	}
}

func TestOverdueDeletionIsReported(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		w.Keys.Fail(approvaltest.CallDelete, repeat(20, approvaltest.Lost(waitingRequests(time.Hour)))...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.Advance(15*time.Minute - time.Second)
		assert.False(t, w.HasMessage(id, approval.DeletionOverdueMessage))
		w.Advance(2 * time.Second)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueNotice))
	})
}

// The deletion that would be tried after a quarter of an hour hangs: people are
// told all the same.
func TestOverdueDeletionIsReportedDuringHangingCall(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		revoked := time.Now()
		w.Keys.Fail(approvaltest.CallDelete, repeat(100, approvaltest.Lost(waitingRequests(0)))...)
		w.Keys.SetOnCall(func(c approvaltest.Call) {
			if c == approvaltest.CallDelete && time.Since(revoked) > 14*time.Minute {
				<-time.After(80 * time.Second)
			}
		})
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.Advance(16*time.Minute + 30*time.Second)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
	})
}

func TestRollbackRetryIsCapped(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		w.Keys.Fail(approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Indeterminate()))
		w.Keys.Fail(approvaltest.CallDelete, approvaltest.Lost(waitingRequests(24*time.Hour)))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(10*time.Minute + time.Second)
		w.RequireState(id, approval.StateApproved)
		w.RequireNoKeys()
	})
}

func TestChangeRetryIsCapped(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		w.Keys.Fail(approvaltest.CallAddAccess, approvaltest.Lost(waitingRequests(24*time.Hour)))
		change, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "change", Reason: "moved", Networks: "203.0.113.9"})
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), change.ID)
		require.NoError(t, err)
		w.Advance(10*time.Minute + time.Second)
		w.RequireState(change.ID, approval.StateApplied)
	})
}

func TestSyncRetryIsCapped(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.Messenger.Fail(approvaltest.CallSyncMessage, approvaltest.Lost(waitingRequests(24*time.Hour)))
		id := w.Submitted()
		w.Advance(10 * time.Minute)
		assert.True(t, w.HasMessage(id, approval.CardMessage))
	})
}

// repeat is the same mishap, n times.
func repeat(n int, m approvaltest.Failure) []approvaltest.Failure {
	all := make([]approvaltest.Failure, n)
	for i := range all {
		all[i] = m
	}
	return all
}

// The card's edit is limited and the post of the message with the button fails:
// the post is tried again after its own, short, pause.
func TestRateLimitedMessageDelaysNoOther(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		lost := approvaltest.Lost
		w.Messenger.Fail(approvaltest.CallSyncMessage, lost(waitingRequests(time.Hour)), approvaltest.Fine(), lost(approvaltest.Indeterminate()))
		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.Advance(10 * time.Second)
		assert.True(t, w.HasMessage(id, approval.ReadyMessage))
		assert.True(t, w.Stored(id).IsOutOfDate(approval.CardMessage), "the card waits as Slack asked")
		w.Advance(10 * time.Minute)
		w.RequireState(id, approval.StateApproved)
	})
}

// A message that is limited waits also when the request goes on meanwhile; one
// that failed otherwise is tried at once.
func TestNewVersionIsSyncedAtOnceUnlessRateLimited(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault *approval.CallError
		after time.Duration
	}{
		"limited": {waitingRequests(5 * time.Minute), 5 * time.Minute},
		"failed":  {approvaltest.Indeterminate(), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Submitted()
				w.Messenger.Fail(approvaltest.CallSyncMessage, approvaltest.Lost(tt.fault))
				_, err := w.Nudge(t.Context(), as(alice), id) // draws the card first
				require.NoError(t, err)
				w.WaitIdle()
				_, err = w.Withdraw(t.Context(), as(alice), id)
				require.NoError(t, err)
				w.Advance(tt.after + time.Second)
				w.RequireState(id, approval.StateWithdrawn)
			})
		})
	}
}
