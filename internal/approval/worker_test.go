package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

func TestWaitsLapse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(w *world) approval.ID
		after time.Duration
		state approval.State
		cause approval.Cause
	}{
		"nobody decides":  {(*world).ask, 24 * time.Hour, approval.Expired, approval.CauseUndecided},
		"nobody collects": {(*world).approved, 24 * time.Hour, approval.Expired, approval.CauseUncollected},
		"nobody confirms": {(*world).delivered, time.Hour, approval.Ended, approval.CauseUnconfirmed},
		"the end date":    {(*world).active, 8 * time.Hour, approval.Ended, approval.CauseEndDate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := tt.given(w)
				before := w.get(id).State
				w.pass(tt.after - 10*time.Second)
				assert.Equal(t, before, w.get(id).State, "not before its time")
				w.pass(10 * time.Second)
				r := w.is(id, tt.state)
				assert.Equal(t, tt.cause, r.End.Cause)
				assert.True(t, w.shows(id, approval.OutcomeMessage))
				w.noKey()
			})
		})
	}
}

func TestAReminderComesAtHalfTimeOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.delivered()
		w.pass(29 * time.Minute)
		assert.False(t, w.shows(id, approval.ReminderMessage))
		w.pass(time.Minute)
		assert.True(t, w.shows(id, approval.ReminderMessage))
		w.is(id, approval.Delivered)
		w.keyIsTheLastShown()
	})
}

func TestAKeyInUseCountsAsConfirmed(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]time.Duration{"before the reminder": 10 * time.Minute, "after the reminder": 40 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.delivered()
				w.pass(when)
				w.keys.Use(w.keys.Alive()[0].ID)
				w.pass(time.Hour - when)
				r := w.is(id, approval.Active)
				assert.True(t, r.Custody.ByUse)
				w.keyIsTheLastShown()
			})
		})
	}
}

func TestAKeyThatMayBeInUseIsNotDeletedBeforeAtlasAnswers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.delivered()
		w.pass(35 * time.Minute)
		away := approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasAway))
		w.keys.Fail(approvaltest.CallUsed, away, away)
		w.pass(25*time.Minute + 30*time.Second)
		w.is(id, approval.Delivered)
		w.keys.Use(w.keys.Alive()[0].ID)
		w.pass(5 * time.Minute)
		w.is(id, approval.Active)
	})
}

func TestReplaceLeavesOnlyTheLastKeyShown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.delivered()
		ends := w.get(id).EndsAt
		w.pass(20 * time.Minute)
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		r := w.is(id, approval.Delivered)
		assert.Len(t, w.screens.Revealed(), 2)
		w.keyIsTheLastShown()
		assert.Equal(t, ends, r.EndsAt, "a replacement is no extension")
		assert.True(t, r.Custody.ConfirmBy.After(time.Now().Add(59*time.Minute)), "but there is time to confirm it")
	})
}

func TestRevokeByOwnerAndByApprover(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]approval.UserID{"owner": alice, "approver": bob} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.active()
				_, err := w.Revoke(t.Context(), as(who), id, "")
				require.NoError(t, err)
				w.settle()
				r := w.is(id, approval.Ended)
				assert.Equal(t, approval.End{Cause: approval.CauseRevoked, By: who, At: r.End.At}, r.End)
				w.noKey()
			})
		})
	}
}

// mishaps of making a key: what is left at once, what is left after a patient
// person pressed again, and how often a key was shown.
func TestMishapsWhileMaking(t *testing.T) {
	t.Parallel()
	lost, unheard := approvaltest.Lost, approvaltest.Unheard
	refused, notNow, unknown := approvaltest.Refused(approval.CauseBadAddress), approvaltest.NotNow(approval.CauseAtlasAway), approvaltest.Unknown()
	for name, tt := range map[string]struct {
		call    approvaltest.Call
		mishaps []approvaltest.Mishap
		state   approval.State // a minute and a half later
		cause   approval.Cause
		shown   int
	}{
		"create refused":                    {approvaltest.CallCreate, []approvaltest.Mishap{lost(refused)}, approval.Failed, approval.CauseBadAddress, 0},
		"create later, once":                {approvaltest.CallCreate, []approvaltest.Mishap{lost(notNow)}, approval.Delivered, "", 1},
		"create later, three times":         {approvaltest.CallCreate, []approvaltest.Mishap{lost(notNow), lost(notNow), lost(notNow)}, approval.Approved, approval.CauseAtlasAway, 0},
		"create lost on the way":            {approvaltest.CallCreate, []approvaltest.Mishap{lost(unknown)}, approval.Approved, approval.CauseUnknown, 0},
		"create done, its answer lost":      {approvaltest.CallCreate, []approvaltest.Mishap{unheard(unknown)}, approval.Approved, approval.CauseUnknown, 0},
		"access list refused":               {approvaltest.CallRestrict, []approvaltest.Mishap{lost(refused)}, approval.Failed, approval.CauseBadAddress, 0},
		"access list later":                 {approvaltest.CallRestrict, []approvaltest.Mishap{lost(notNow)}, approval.Approved, approval.CauseAtlasAway, 0},
		"access list done, its answer lost": {approvaltest.CallRestrict, []approvaltest.Mishap{unheard(unknown)}, approval.Approved, approval.CauseUnknown, 0},
		"note not taken by Slack":           {approvaltest.CallReveal, []approvaltest.Mishap{lost(refused)}, approval.Approved, approval.CauseNotShown, 0},
		"note shown, the answer lost":       {approvaltest.CallReveal, []approvaltest.Mishap{unheard(unknown)}, approval.Approved, approval.CauseNotShown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.approved()
				w.keys.Fail(tt.call, tt.mishaps...)
				w.screens.Fail(tt.call, tt.mishaps...)
				_, err := w.Collect(t.Context(), as(alice), id)
				require.NoError(t, err)
				w.pass(90 * time.Second)
				r := w.is(id, tt.state)
				assert.Len(t, w.screens.Revealed(), tt.shown)
				switch tt.state {
				case approval.Failed:
					assert.Equal(t, tt.cause, r.End.Cause)
					assert.True(t, w.shows(id, approval.FailedNotice))
					w.noKey()
				case approval.Approved:
					assert.Equal(t, tt.cause, r.Mint.Cause)
					w.noKey()
					_, err := w.Collect(t.Context(), as(alice), id)
					require.NoError(t, err, "pressed again")
					w.settle()
					w.is(id, approval.Delivered)
					w.keyIsTheLastShown()
				default:
					w.keyIsTheLastShown()
				}
			})
		})
	}
}

// A create that reached Atlas although its answer was lost is found, even if
// Atlas's lists do not show it at once.
func TestAnUnheardCreateIsFoundInAListThatLags(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.keys.Lag = 2 * time.Minute
		id := w.approved()
		w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
		_, err := w.Collect(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		_, err = w.Collect(t.Context(), as(alice), id)
		require.NoError(t, err, "pressed again at once: the list does not show the first key yet")
		w.settle()
		assert.Len(t, w.keys.Alive(), 2, "for some minutes")
		w.pass(6 * time.Minute)
		w.keyIsTheLastShown()
		assert.Empty(t, w.is(id, approval.Delivered).Debts)
	})
}

func TestADebtIsPaidAfterTheRequestIsOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.keys.Lag = 2 * time.Minute
		id := w.approved()
		w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
		_, err := w.Collect(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		_, err = w.Withdraw(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.pass(6 * time.Minute)
		w.is(id, approval.Withdrawn)
		w.noKey()
	})
}

func TestAKeyThatCannotBeRemovedIsToldOfAndTriedForEver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		away := make([]approvaltest.Mishap, 12)
		for i := range away {
			away[i] = approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasAway))
		}
		w.keys.Fail(approvaltest.CallRemove, away...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.pass(10 * time.Minute)
		assert.False(t, w.shows(id, approval.StuckMessage))
		w.pass(15 * time.Minute)
		w.is(id, approval.Revoking)
		assert.True(t, w.shows(id, approval.StuckMessage))
		assert.True(t, w.shows(id, approval.StuckNotice))
		w.pass(3 * time.Hour)
		w.is(id, approval.Ended)
		w.noKey()
	})
}

// The store fails at one note of the making, in both ways. Whatever happens,
// the person can press again and ends up with the one key that works.
func TestAStoreThatFailsWhileMaking(t *testing.T) {
	t.Parallel()
	for _, event := range []approval.Event{approval.Collect, approval.Begin, approval.Made, approval.HandOver, approval.Undo, approval.PutBack} {
		for _, applied := range []bool{false, true} {
			name := string(event) + " lost"
			if applied {
				name = string(event) + " done, its answer lost"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(w *world) {
					id := w.approved()
					if event == approval.Undo || event == approval.PutBack {
						w.screens.Fail(approvaltest.CallReveal, approvaltest.Unheard(approvaltest.Unknown()))
					}
					failed := false
					w.store.SetOnMove(func(e approval.Entry) (bool, error) {
						if e.Event != event || failed {
							return true, nil
						}
						failed = true
						return applied, errors.New("the disk is full")
					})
					for range 3 {
						if w.get(id).State == approval.Approved {
							w.Collect(t.Context(), as(alice), id)
						}
						w.pass(3 * time.Minute)
					}
					require.True(t, failed)
					w.pass(10 * time.Minute)
					w.is(id, approval.Delivered)
					w.keyIsTheLastShown()
				})
			})
		}
	}
}

func TestAKeyIsNotMadeLongAfterThePress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policy())
	clock := approvaltest.NewClock()
	w.Now, w.worker.Now, w.keys.Now = clock.Now, clock.Now, clock.Now
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	_, err = w.Approve(t.Context(), as(bob), r.ID)
	require.NoError(t, err)
	_, err = w.Collect(t.Context(), as(alice), r.ID)
	require.NoError(t, err)
	clock.Advance(10 * time.Minute) // the bot was down
	runUntil(t, w, func() bool { return w.get(r.ID).State == approval.Approved })
	assert.Equal(t, approval.CauseInterrupted, w.get(r.ID).Mint.Cause)
	assert.Zero(t, w.keys.Made())
}

func TestDrawingIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, mishap := range map[string]approvaltest.Mishap{
		"not posted":                  approvaltest.Lost(approvaltest.NotNow("")),
		"refused":                     approvaltest.Lost(approvaltest.Refused("")),
		"posted, and the answer lost": approvaltest.Unheard(approvaltest.Unknown()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.screens.Fail(approvaltest.CallDraw, mishap)
				id := w.ask()
				assert.True(t, w.shows(id, approval.AskedMessage), "the other message is not kept from being drawn")
				w.pass(time.Minute)
				r := w.is(id, approval.Pending)
				assert.NotEmpty(t, r.Places[approval.CardMessage].TS)
				asked := w.screens.Messages(id)
				for _, m := range asked {
					if m.Name == approval.AskedMessage {
						assert.NotEmpty(t, m.Request.Places[approval.CardMessage].TS, "the requester reads that the approvers were reached")
					}
				}
			})
		})
	}
}
