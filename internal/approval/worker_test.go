package approval_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

func TestWaitsLapse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(w *world) policy.ID
		after time.Duration
		state approval.State
		cause approval.Cause
	}{
		"nobody decides":  {(*world).ask, 24 * time.Hour, approval.StateExpired, approval.CauseUndecided},
		"nobody collects": {(*world).approved, 24 * time.Hour, approval.StateExpired, approval.CauseNotIssuedInTime},
		"nobody confirms": {(*world).delivered, time.Hour, approval.StateEnded, approval.CauseUnconfirmed},
		"the end date":    {(*world).active, 8 * time.Hour, approval.StateEnded, approval.CauseKeyExpired},
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
				assert.Equal(t, tt.cause, r.Outcome.Cause)
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
		w.is(id, approval.StateDelivered)
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
				r := w.is(id, approval.StateActive)
				assert.True(t, r.Confirmation.ByUse)
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
		away := approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable))
		w.keys.Fail(approvaltest.CallUsed, away, away)
		w.pass(25*time.Minute + 30*time.Second)
		w.is(id, approval.StateDelivered)
		w.keys.Use(w.keys.Alive()[0].ID)
		w.pass(5 * time.Minute)
		w.is(id, approval.StateActive)
	})
}

func TestReplaceLeavesOnlyTheLastKeyShown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.delivered()
		ends := w.get(id).KeyExpiresAt
		w.pass(20 * time.Minute)
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		r := w.is(id, approval.StateDelivered)
		assert.Len(t, w.screens.Revealed(), 2)
		w.keyIsTheLastShown()
		assert.Equal(t, ends, r.KeyExpiresAt, "a replacement is no extension")
		assert.True(t, r.Confirmation.ConfirmBy.After(time.Now().Add(59*time.Minute)), "but there is time to confirm it")
	})
}

func TestRevokeByOwnerAndByApprover(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]policy.UserID{"owner": alice, "approver": bob} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.active()
				_, err := w.Revoke(t.Context(), as(who), id, "")
				require.NoError(t, err)
				w.settle()
				r := w.is(id, approval.StateEnded)
				assert.Equal(t, approval.Outcome{Cause: approval.CauseRevoked, By: who, At: r.Outcome.At}, r.Outcome)
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
	refused, notNow, unknown := approvaltest.Refused(approval.CauseBadAddress), approvaltest.NotNow(approval.CauseAtlasUnavailable), approvaltest.Unknown()
	for name, tt := range map[string]struct {
		call    approvaltest.Call
		mishaps []approvaltest.Mishap
		state   approval.State // a minute and a half later
		cause   approval.Cause
		shown   int
	}{
		"create refused":                    {approvaltest.CallCreate, []approvaltest.Mishap{lost(refused)}, approval.StateFailed, approval.CauseBadAddress, 0},
		"create later, once":                {approvaltest.CallCreate, []approvaltest.Mishap{lost(notNow)}, approval.StateDelivered, "", 1},
		"create later, three times":         {approvaltest.CallCreate, []approvaltest.Mishap{lost(notNow), lost(notNow), lost(notNow)}, approval.StateApproved, approval.CauseAtlasUnavailable, 0},
		"create lost on the way":            {approvaltest.CallCreate, []approvaltest.Mishap{lost(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"create done, its answer lost":      {approvaltest.CallCreate, []approvaltest.Mishap{unheard(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"access list refused":               {approvaltest.CallRestrict, []approvaltest.Mishap{lost(refused)}, approval.StateFailed, approval.CauseBadAddress, 0},
		"access list later":                 {approvaltest.CallRestrict, []approvaltest.Mishap{lost(notNow)}, approval.StateApproved, approval.CauseAtlasUnavailable, 0},
		"access list done, its answer lost": {approvaltest.CallRestrict, []approvaltest.Mishap{unheard(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"note not taken by Slack":           {approvaltest.CallReveal, []approvaltest.Mishap{lost(refused)}, approval.StateApproved, approval.CauseNotShown, 0},
		"note shown, the answer lost":       {approvaltest.CallReveal, []approvaltest.Mishap{unheard(unknown)}, approval.StateApproved, approval.CauseNotShown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.approved()
				w.keys.Fail(tt.call, tt.mishaps...)
				w.screens.Fail(tt.call, tt.mishaps...)
				_, err := w.Issue(t.Context(), as(alice), id)
				require.NoError(t, err)
				w.pass(90 * time.Second)
				r := w.is(id, tt.state)
				assert.Len(t, w.screens.Revealed(), tt.shown)
				switch tt.state {
				case approval.StateFailed:
					assert.Equal(t, tt.cause, r.Outcome.Cause)
					assert.True(t, w.shows(id, approval.FailedNotice))
					w.noKey()
				case approval.StateApproved:
					assert.Equal(t, tt.cause, r.Issuance.Cause)
					w.noKey()
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err, "pressed again")
					w.settle()
					w.is(id, approval.StateDelivered)
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
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		_, err = w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err, "pressed again at once: the list does not show the first key yet")
		w.settle()
		assert.Len(t, w.keys.Alive(), 2, "for some minutes")
		w.pass(6 * time.Minute)
		w.keyIsTheLastShown()
		assert.Empty(t, w.is(id, approval.StateDelivered).UnresolvedCreates)
	})
}

func TestADebtIsPaidAfterTheRequestIsOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.keys.Lag = 2 * time.Minute
		id := w.approved()
		w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		_, err = w.Withdraw(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.pass(6 * time.Minute)
		w.is(id, approval.StateWithdrawn)
		w.noKey()
	})
}

func TestAKeyThatCannotBeRemovedIsToldOfAndTriedForEver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		away := make([]approvaltest.Mishap, 12)
		for i := range away {
			away[i] = approvaltest.Lost(approvaltest.NotNow(approval.CauseAtlasUnavailable))
		}
		w.keys.Fail(approvaltest.CallRemove, away...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.pass(10 * time.Minute)
		assert.False(t, w.shows(id, approval.DeletionOverdueMessage))
		w.pass(15 * time.Minute)
		w.is(id, approval.StateRevoking)
		assert.True(t, w.shows(id, approval.DeletionOverdueMessage))
		assert.True(t, w.shows(id, approval.DeletionOverdueNotice))
		w.pass(3 * time.Hour)
		w.is(id, approval.StateEnded)
		w.noKey()
	})
}

// The store fails at one note of the making, in both ways. Whatever happens,
// the person can press again and ends up with the one key that works.
func TestAStoreThatFailsWhileMaking(t *testing.T) {
	t.Parallel()
	for _, event := range []approval.Event{approval.EventIssue, approval.EventCreateStarted, approval.EventKeyCreated, approval.EventDeliver, approval.EventRollback, approval.EventReturnToApproved} {
		for _, applied := range []bool{false, true} {
			name := string(event) + " lost"
			if applied {
				name = string(event) + " done, its answer lost"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(w *world) {
					id := w.approved()
					if event == approval.EventRollback || event == approval.EventReturnToApproved {
						w.screens.Fail(approvaltest.CallReveal, approvaltest.Unheard(approvaltest.Unknown()))
					}
					failed := false
					w.store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
						if e.Event != event || failed {
							return true, nil
						}
						failed = true
						return applied, errors.New("the disk is full")
					})
					for range 3 {
						if w.get(id).State == approval.StateApproved {
							w.Issue(t.Context(), as(alice), id)
						}
						w.pass(3 * time.Minute)
					}
					require.True(t, failed)
					w.pass(10 * time.Minute)
					w.is(id, approval.StateDelivered)
					w.keyIsTheLastShown()
				})
			})
		}
	}
}

func TestAKeyIsNotMadeLongAfterThePress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testPolicy())
	clock := approvaltest.NewClock()
	w.Now, w.worker.Now, w.keys.Now = clock.Now, clock.Now, clock.Now
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	_, err = w.Approve(t.Context(), as(bob), r.ID)
	require.NoError(t, err)
	_, err = w.Issue(t.Context(), as(alice), r.ID)
	require.NoError(t, err)
	clock.Advance(10 * time.Minute) // the bot was down
	runUntil(t, w, func() bool { return w.get(r.ID).State == approval.StateApproved })
	assert.Equal(t, approval.CauseInterrupted, w.get(r.ID).Issuance.Cause)
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
				assert.True(t, w.shows(id, approval.RequestedMessage), "the other message is not kept from being drawn")
				w.pass(time.Minute)
				r := w.is(id, approval.StatePending)
				assert.NotEmpty(t, r.MessageRefs[approval.CardMessage].TS)
				asked := w.screens.Messages(id)
				for _, m := range asked {
					if m.Name == approval.RequestedMessage {
						assert.NotEmpty(t, m.Request.MessageRefs[approval.CardMessage].TS, "the requester reads that the approvers were reached")
					}
				}
			})
		})
	}
}
