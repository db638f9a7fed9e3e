package worker_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// inEnvWithMovedClock runs f in a world whose wall clock can be moved while time passes.
func inEnvWithMovedClock(t *testing.T, f func(w *env, jump func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		var offset atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())).Round(0) }
		w.Now, w.Worker.Now, w.Keys.Now = now, now, now
		w.Run(func() { f(w, func(d time.Duration) { offset.Add(int64(d)) }) })
	})
}

var jumps = map[string]time.Duration{
	"an hour back": -time.Hour, "a day back": -24 * time.Hour, "four minutes back": -4 * time.Minute,
	"three minutes ahead": 3 * time.Minute, "an hour ahead": time.Hour,
}

// The clock is moved in the middle of each call of the making. What the person
// sees in the end is the key that works, or a button.
func TestClockJumpWhileIssuingShowsNoDeadKey(t *testing.T) {
	t.Parallel()
	for name, d := range jumps {
		for _, call := range []approvaltest.Call{approvaltest.CallCreate, approvaltest.CallRestrict, approvaltest.CallRevealKey} {
			t.Run(name+" at "+string(call), func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					id := w.Approved()
					jumped := false
					onCall := func(c approvaltest.Call) {
						if c == call && !jumped {
							jumped = true
							jump(d)
							w.Worker.Wake()
							<-time.After(30 * time.Second) // long enough for another to take over
						}
					}
					w.Keys.SetOnCall(onCall)
					w.Messenger.SetOnCall(onCall)
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.Advance(time.Minute)
					r := w.Stored(id)
					switch r.State {
					case approval.StateDelivered:
						w.RequireLastShownKeyOnly()
					case approval.StateApproved:
						w.RequireNoKeys()
						assert.Empty(t, w.Messenger.Revealed(), "a key that is dead was shown")
					default:
						require.Fail(t, "a request waits for the clock", "%s", r.State)
					}
				})
			})
		}
	}
}

func TestClockThatGoesBackDelaysNoWork(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"four minutes": 4 * time.Minute, "an hour": time.Hour, "three days": 72 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("for a key", func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					id := w.Approved()
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					jump(-d)
					w.Advance(time.Minute)
					w.RequireState(id, approval.StateDelivered)
				})
			})
			t.Run("for a message", func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					w.WaitIdle()
					r, err := w.Submit(t.Context(), as(alice), form())
					require.NoError(t, err)
					jump(-d)
					w.Advance(time.Minute)
					assert.True(t, w.HasMessage(r.ID, approval.CardMessage))
				})
			})
			t.Run("for a deletion", func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					id := w.Active()
					w.Keys.Fail(approvaltest.CallDelete, repeat(8, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))...)
					_, err := w.Revoke(t.Context(), as(alice), id, "")
					require.NoError(t, err)
					w.Advance(12 * time.Minute)
					w.RequireState(id, approval.StateRevoking)
					jump(-d)
					w.Advance(11 * time.Minute)
					w.RequireState(id, approval.StateEnded)
				})
			})
			t.Run("for the search of a lost create", func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					id := w.Approved()
					w.Keys.Now, w.Keys.Lag = time.Now, 30*time.Second // Atlas's clock is its own
					w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.WaitIdle()
					_, err = w.Withdraw(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.Advance(10 * time.Second)
					require.Len(t, w.Keys.Alive(), 1)
					jump(-d)
					w.Advance(12 * time.Minute)
					w.RequireNoKeys()
				})
			})
			t.Run("for the comparison with Atlas", func(t *testing.T) {
				t.Parallel()
				inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
					id := w.Active()
					w.Advance(11 * time.Minute)
					jump(-d)
					require.NoError(t, w.Keys.Of("org").Delete(t.Context(), w.Keys.Alive()[0].ID))
					w.Advance(someTime)
					w.RequireState(id, approval.StateEnded)
				})
			})
		})
	}
}

// A late deletion is told a quarter of an hour after it began, also if the clock
// went back meanwhile.
func TestOverdueDeletionIsReportedAfterClockWentBack(t *testing.T) {
	t.Parallel()
	inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
		id := w.Active()
		w.Keys.Fail(approvaltest.CallDelete, repeat(100, approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable)))...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.WaitIdle()
		jump(-24 * time.Hour)
		w.Advance(26 * time.Minute)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
	})
}
