package approval_test

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

// inJumpyWorld runs f in a world whose wall clock can be moved while time passes.
func inJumpyWorld(t *testing.T, f func(w *world, jump func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, testPolicy())
		var offset atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())).Round(0) }
		w.Now, w.worker.Now, w.keys.Now = now, now, now
		w.run(func() { f(w, func(d time.Duration) { offset.Add(int64(d)) }) })
	})
}

var jumps = map[string]time.Duration{
	"an hour back": -time.Hour, "a day back": -24 * time.Hour, "four minutes back": -4 * time.Minute,
	"three minutes ahead": 3 * time.Minute, "an hour ahead": time.Hour,
}

// The clock is moved in the middle of each call of the making. What the person
// sees in the end is the key that works, or a button.
func TestClockJumpWhileMakingShowsNoDeadKey(t *testing.T) {
	t.Parallel()
	for name, d := range jumps {
		for _, call := range []approvaltest.Call{approvaltest.CallCreate, approvaltest.CallRestrict, approvaltest.CallReveal} {
			t.Run(name+" at "+string(call), func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					id := w.approved()
					jumped := false
					onCall := func(c approvaltest.Call) {
						if c == call && !jumped {
							jumped = true
							jump(d)
							w.worker.Wake()
							<-time.After(30 * time.Second) // long enough for another to take over
						}
					}
					w.keys.SetOnCall(onCall)
					w.screens.SetOnCall(onCall)
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.pass(time.Minute)
					r := w.get(id)
					switch r.State {
					case approval.StateDelivered:
						w.keyIsTheLastShown()
					case approval.StateApproved:
						w.noKey()
						assert.Empty(t, w.screens.Revealed(), "a key that is dead was shown")
					default:
						require.Fail(t, "somebody waits for the clock", "%s", r.State)
					}
				})
			})
		}
	}
}

func TestClockThatGoesBackKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"four minutes": 4 * time.Minute, "an hour": time.Hour, "three days": 72 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("for a key", func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					id := w.approved()
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					jump(-d)
					w.pass(time.Minute)
					w.is(id, approval.StateDelivered)
				})
			})
			t.Run("for a message", func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					w.settle()
					r, err := w.Submit(t.Context(), as(alice), form())
					require.NoError(t, err)
					jump(-d)
					w.pass(time.Minute)
					assert.True(t, w.shows(r.ID, approval.CardMessage))
				})
			})
			t.Run("for a deletion", func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					id := w.active()
					w.keys.Fail(approvaltest.CallRemove, repeated(8, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))...)
					_, err := w.Revoke(t.Context(), as(alice), id, "")
					require.NoError(t, err)
					w.pass(12 * time.Minute)
					w.is(id, approval.StateRevoking)
					jump(-d)
					w.pass(11 * time.Minute)
					w.is(id, approval.StateEnded)
				})
			})
			t.Run("for the search of a lost create", func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					id := w.approved()
					w.keys.Now, w.keys.Lag = time.Now, 30*time.Second // Atlas's clock is its own
					w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.settle()
					_, err = w.Withdraw(t.Context(), as(alice), id)
					require.NoError(t, err)
					w.pass(10 * time.Second)
					require.Len(t, w.keys.Alive(), 1)
					jump(-d)
					w.pass(12 * time.Minute)
					w.noKey()
				})
			})
			t.Run("for the comparison with Atlas", func(t *testing.T) {
				t.Parallel()
				inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
					id := w.active()
					w.pass(11 * time.Minute)
					jump(-d)
					require.NoError(t, w.keys.Of("org").Delete(t.Context(), w.keys.Alive()[0].ID))
					w.pass(aWhile)
					w.is(id, approval.StateEnded)
				})
			})
		})
	}
}

// A late deletion is told a quarter of an hour after it began, also if the clock
// went back meanwhile.
func TestLateDeletionIsReportedAlthoughTheClockWentBack(t *testing.T) {
	t.Parallel()
	inJumpyWorld(t, func(w *world, jump func(time.Duration)) {
		id := w.active()
		w.keys.Fail(approvaltest.CallRemove, repeated(100, approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable)))...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.settle()
		jump(-24 * time.Hour)
		w.pass(26 * time.Minute)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
	})
}
