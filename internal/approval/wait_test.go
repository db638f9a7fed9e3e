package approval_test

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

// longWaits are waits that Atlas, Slack or a proxy may ask for.
var longWaits = map[string]time.Duration{
	"an hour":     time.Hour,
	"thirty days": 30 * 24 * time.Hour,
	"for ever":    math.MaxInt64,
}

// askToWait is the error of a call that was refused with a Retry-After.
func askToWait(d time.Duration) *approval.CallError {
	f := approvaltest.NotNow(approval.CauseAtlasUnavailable)
	f.RetryAfter = d
	return f
}

func TestDeletionIsRetriedWithinTenMinutesWhateverRetryAfterSays(t *testing.T) {
	t.Parallel()
	for name, wait := range longWaits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.active()
				w.keys.Fail(approvaltest.CallRemove, approvaltest.Lost(askToWait(wait)))
				_, err := w.Revoke(t.Context(), as(alice), id, "")
				require.NoError(t, err)
				w.settle()
				require.LessOrEqual(t, time.Until(w.is(id, approval.StateRevoking).Deletion.RetryAt), 10*time.Minute)
				w.pass(10 * time.Minute)
				w.is(id, approval.StateEnded)
				w.noKey()
			})
		})
	}
}

func TestLateDeletionIsReportedAfterAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		w.keys.Fail(approvaltest.CallRemove, repeated(20, approvaltest.Lost(askToWait(time.Hour)))...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.pass(15*time.Minute - time.Second)
		assert.False(t, w.shows(id, approval.DeletionOverdueMessage))
		w.pass(2 * time.Second)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
		assert.True(t, w.shows(id, approval.DeletionOverdueNotice))
	})
}

// The deletion that would be tried after a quarter of an hour hangs: people are
// told all the same.
func TestLateDeletionIsReportedWhileACallHangs(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		revoked := time.Now()
		w.keys.Fail(approvaltest.CallRemove, repeated(100, approvaltest.Lost(askToWait(0)))...)
		w.keys.SetOnCall(func(c approvaltest.Call) {
			if c == approvaltest.CallRemove && time.Since(revoked) > 14*time.Minute {
				<-time.After(80 * time.Second)
			}
		})
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.pass(16*time.Minute + 30*time.Second)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
	})
}

func TestKeyOfFailedAttemptIsDeletedWithinTenMinutes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.approved()
		w.keys.Fail(approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Unknown()))
		w.keys.Fail(approvaltest.CallRemove, approvaltest.Lost(askToWait(24*time.Hour)))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.pass(10*time.Minute + time.Second)
		w.is(id, approval.StateApproved)
		w.noKey()
	})
}

func TestChangeIsRetriedWithinTenMinutes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		w.keys.Fail(approvaltest.CallReaddress, approvaltest.Lost(askToWait(24*time.Hour)))
		change, err := w.ReplaceAccessList(t.Context(), as(alice), id, service.AccessListForm{IdempotencyKey: "change", Reason: "moved", Networks: "203.0.113.9"})
		require.NoError(t, err)
		_, err = w.Approve(t.Context(), as(bob), change.ID)
		require.NoError(t, err)
		w.pass(10*time.Minute + time.Second)
		w.is(change.ID, approval.StateApplied)
	})
}

func TestMessageIsRetriedWithinTenMinutes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.screens.Fail(approvaltest.CallDraw, approvaltest.Lost(askToWait(24*time.Hour)))
		id := w.ask()
		w.pass(10 * time.Minute)
		assert.True(t, w.shows(id, approval.CardMessage))
	})
}

// repeated is the same mishap, n times.
func repeated(n int, m approvaltest.Mishap) []approvaltest.Mishap {
	all := make([]approvaltest.Mishap, n)
	for i := range all {
		all[i] = m
	}
	return all
}

// The card's edit is limited and the post of the message with the button fails:
// the post is tried again after its own, short, pause.
func TestLimitedMessageHoldsBackNoOther(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.ask()
		lost := approvaltest.Lost
		w.screens.Fail(approvaltest.CallDraw, lost(askToWait(time.Hour)), approvaltest.Fine(), lost(approvaltest.Unknown()))
		_, err := w.Approve(t.Context(), as(bob), id)
		require.NoError(t, err)
		w.pass(10 * time.Second)
		assert.True(t, w.shows(id, approval.ReadyMessage))
		r := w.get(id)
		assert.Less(t, r.MessageRefs[approval.CardMessage].Shown, r.Version, "the card waits as Slack asked")
		w.pass(10 * time.Minute)
		w.is(id, approval.StateApproved)
	})
}

// A message that is limited waits also when the request goes on meanwhile; one
// that failed otherwise is tried at once.
func TestNewVersionIsDrawnAtOnceUnlessLimited(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault *approval.CallError
		after time.Duration
	}{
		"limited": {askToWait(5 * time.Minute), 5 * time.Minute},
		"failed":  {approvaltest.Unknown(), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.ask()
				w.screens.Fail(approvaltest.CallDraw, approvaltest.Lost(tt.fault))
				_, err := w.Nudge(t.Context(), as(alice), id) // draws the card first
				require.NoError(t, err)
				w.settle()
				_, err = w.Withdraw(t.Context(), as(alice), id)
				require.NoError(t, err)
				w.pass(tt.after + time.Second)
				w.is(id, approval.StateWithdrawn)
			})
		})
	}
}
