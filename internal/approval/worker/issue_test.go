package worker_test

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

func TestWaitsExpire(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given func(w *env) policy.ID
		after time.Duration
		state approval.State
		cause approval.Cause
	}{
		"not decided":   {(*env).Submitted, 24 * time.Hour, approval.StateExpired, approval.CauseUndecided},
		"not issued":    {(*env).Approved, 24 * time.Hour, approval.StateExpired, approval.CauseNotIssuedInTime},
		"not confirmed": {(*env).Delivered, time.Hour, approval.StateEnded, approval.CauseUnconfirmed},
		"the end date":  {(*env).Active, 8 * time.Hour, approval.StateEnded, approval.CauseKeyExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := tt.given(w)
				before := w.Stored(id).State
				w.Advance(tt.after - 10*time.Second)
				assert.Equal(t, before, w.Stored(id).State, "not before its time")
				w.Advance(10 * time.Second)
				r := w.RequireState(id, tt.state)
				assert.Equal(t, tt.cause, r.Outcome.Cause)
				assert.NotEmpty(t, r.SaysOutcome())
				w.RequireNoKeys()
			})
		})
	}
}

func TestConfirmationReminderComesOnce(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		w.Advance(29 * time.Minute)
		assert.False(t, w.HasMessage(id, approval.ReminderMessage))
		w.Advance(time.Minute)
		assert.True(t, w.HasMessage(id, approval.ReminderMessage))
		w.RequireState(id, approval.StateDelivered)
		w.RequireLastShownKeyOnly()
	})
}

func TestUsedKeyIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]time.Duration{"before the reminder": 10 * time.Minute, "after the reminder": 40 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Delivered()
				w.Advance(when)
				w.Keys.Use(w.Keys.Alive()[0].ID)
				w.Advance(time.Hour - when)
				r := w.RequireState(id, approval.StateActive)
				assert.True(t, r.Confirmation.ByUse)
				w.RequireLastShownKeyOnly()
			})
		})
	}
}

func TestUnconfirmedKeyIsKeptUntilAtlasAnswers(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		w.Advance(35 * time.Minute)
		away := approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable))
		w.Keys.Fail(approvaltest.CallWasUsed, away, away)
		w.Advance(25*time.Minute + 30*time.Second)
		w.RequireState(id, approval.StateDelivered)
		w.Keys.Use(w.Keys.Alive()[0].ID)
		w.Advance(5 * time.Minute)
		w.RequireState(id, approval.StateActive)
	})
}

func TestReplaceKeepsOnlyLastShownKey(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		ends := w.Stored(id).KeyExpiresAt
		w.Advance(20 * time.Minute)
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateDelivered)
		assert.Len(t, w.Messenger.Revealed(), 2)
		w.RequireLastShownKeyOnly()
		assert.Equal(t, ends, r.KeyExpiresAt, "a replacement is no extension")
		assert.True(t, r.Confirmation.ConfirmBy.After(time.Now().Add(59*time.Minute)), "but there is time to confirm it")
	})
}

func TestRevokeByOwnerAndByApprover(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]policy.UserID{"owner": alice, "approver": bob} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Active()
				_, err := w.Revoke(t.Context(), as(who), id, "")
				require.NoError(t, err)
				w.WaitIdle()
				r := w.RequireState(id, approval.StateEnded)
				assert.Equal(t, approval.Outcome{Cause: approval.CauseRevoked, By: who, At: r.Outcome.At}, r.Outcome)
				w.RequireNoKeys()
			})
		})
	}
}

// mishaps of making a key: what is left at once, what is left after a patient
// person pressed again, and how often a key was shown.
func TestIssueFailures(t *testing.T) {
	t.Parallel()
	lost, unheard := approvaltest.Lost, approvaltest.AnswerLost
	refused, notNow, unknown := approvaltest.Permanent(approval.CauseBadAddress), approvaltest.Transient(approval.CauseAtlasUnavailable), approvaltest.Indeterminate()
	for name, tt := range map[string]struct {
		call    approvaltest.Call
		mishaps []approvaltest.Failure
		state   approval.State // a minute and a half later
		cause   approval.Cause
		shown   int
	}{
		"create refused":                    {approvaltest.CallCreate, []approvaltest.Failure{lost(refused)}, approval.StateFailed, approval.CauseBadAddress, 0},
		"create later, once":                {approvaltest.CallCreate, []approvaltest.Failure{lost(notNow)}, approval.StateDelivered, "", 1},
		"create later, three times":         {approvaltest.CallCreate, []approvaltest.Failure{lost(notNow), lost(notNow), lost(notNow)}, approval.StateApproved, approval.CauseAtlasUnavailable, 0},
		"create lost on the way":            {approvaltest.CallCreate, []approvaltest.Failure{lost(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"create done, its answer lost":      {approvaltest.CallCreate, []approvaltest.Failure{unheard(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"access list refused":               {approvaltest.CallRestrict, []approvaltest.Failure{lost(refused)}, approval.StateFailed, approval.CauseBadAddress, 0},
		"access list later":                 {approvaltest.CallRestrict, []approvaltest.Failure{lost(notNow)}, approval.StateApproved, approval.CauseAtlasUnavailable, 0},
		"access list done, its answer lost": {approvaltest.CallRestrict, []approvaltest.Failure{unheard(unknown)}, approval.StateApproved, approval.CauseUnknown, 0},
		"note not taken by Slack":           {approvaltest.CallRevealKey, []approvaltest.Failure{lost(refused)}, approval.StateApproved, approval.CauseNotShown, 0},
		"note shown, the answer lost":       {approvaltest.CallRevealKey, []approvaltest.Failure{unheard(unknown)}, approval.StateApproved, approval.CauseNotShown, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.Approved()
				w.Keys.Fail(tt.call, tt.mishaps...)
				w.Messenger.Fail(tt.call, tt.mishaps...)
				_, err := w.Issue(t.Context(), as(alice), id)
				require.NoError(t, err)
				w.Advance(90 * time.Second)
				r := w.RequireState(id, tt.state)
				assert.Len(t, w.Messenger.Revealed(), tt.shown)
				switch tt.state {
				case approval.StateFailed:
					assert.Equal(t, tt.cause, r.Outcome.Cause)
					assert.True(t, w.HasMessage(id, approval.FailedNotice))
					w.RequireNoKeys()
				case approval.StateApproved:
					assert.Equal(t, tt.cause, r.Issuance.Cause)
					w.RequireNoKeys()
					_, err := w.Issue(t.Context(), as(alice), id)
					require.NoError(t, err, "pressed again")
					w.WaitIdle()
					w.RequireState(id, approval.StateDelivered)
					w.RequireLastShownKeyOnly()
				default:
					w.RequireLastShownKeyOnly()
				}
			})
		})
	}
}

// A create that reached Atlas although its answer was lost is found, even if
// Atlas's lists do not show it at once.
func TestOrphanFoundDespiteListLag(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.Keys.Lag = 2 * time.Minute
		id := w.Approved()
		w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err, "pressed again at once: the list does not show the first key yet")
		w.WaitIdle()
		assert.Len(t, w.Keys.Alive(), 2, "for some minutes")
		w.Advance(6 * time.Minute)
		w.RequireLastShownKeyOnly()
		assert.Empty(t, w.RequireState(id, approval.StateDelivered).UnresolvedCreates)
	})
}

func TestOrphanedKeyDeletedAfterRequestCloses(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.Keys.Lag = 2 * time.Minute
		id := w.Approved()
		w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Withdraw(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(6 * time.Minute)
		w.RequireState(id, approval.StateWithdrawn)
		w.RequireNoKeys()
	})
}

func TestDeletionIsRetriedAndReported(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		away := make([]approvaltest.Failure, 12)
		for i := range away {
			away[i] = approvaltest.Lost(approvaltest.Transient(approval.CauseAtlasUnavailable))
		}
		w.Keys.Fail(approvaltest.CallDelete, away...)
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.Advance(10 * time.Minute)
		assert.False(t, w.HasMessage(id, approval.DeletionOverdueMessage))
		w.Advance(15 * time.Minute)
		w.RequireState(id, approval.StateRevoking)
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueMessage))
		assert.True(t, w.HasMessage(id, approval.DeletionOverdueNotice))
		w.Advance(3 * time.Hour)
		w.RequireState(id, approval.StateEnded)
		w.RequireNoKeys()
	})
}

// The store fails at one note of the making, in both ways. Whatever happens,
// the person can press again and ends up with the one key that works.
func TestIssueSurvivesStoreFailures(t *testing.T) {
	t.Parallel()
	for _, event := range []approval.Event{approval.EventIssue, approval.EventCreateStarted, approval.EventKeyCreated, approval.EventDeliver, approval.EventRollback, approval.EventReturnToApproved} {
		for _, applied := range []bool{false, true} {
			name := string(event) + " lost"
			if applied {
				name = string(event) + " done, its answer lost"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				inEnv(t, func(w *env) {
					id := w.Approved()
					if event == approval.EventRollback || event == approval.EventReturnToApproved {
						w.Messenger.Fail(approvaltest.CallRevealKey, approvaltest.AnswerLost(approvaltest.Indeterminate()))
					}
					failed := false
					w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
						if e.Event != event || failed {
							return true, nil
						}
						failed = true
						return applied, errors.New("the disk is full")
					})
					for range 3 {
						if w.Stored(id).State == approval.StateApproved {
							w.Issue(t.Context(), as(alice), id)
						}
						w.Advance(3 * time.Minute)
					}
					require.True(t, failed)
					w.Advance(10 * time.Minute)
					w.RequireState(id, approval.StateDelivered)
					w.RequireLastShownKeyOnly()
				})
			})
		}
	}
}

func TestStaleClickDoesNotIssueKey(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy())
	clock := approvaltest.NewClock()
	w.Now, w.Worker.Now, w.Keys.Now = clock.Now, clock.Now, clock.Now
	r, err := w.Submit(t.Context(), as(alice), form())
	require.NoError(t, err)
	_, err = w.Approve(t.Context(), as(bob), r.ID)
	require.NoError(t, err)
	_, err = w.Issue(t.Context(), as(alice), r.ID)
	require.NoError(t, err)
	clock.Advance(10 * time.Minute) // the bot was down
	runUntil(t, w, func() bool { return w.Stored(r.ID).State == approval.StateApproved })
	assert.Equal(t, approval.CauseInterrupted, w.Stored(r.ID).Issuance.Cause)
	assert.Zero(t, w.Keys.Made())
}

func TestSyncIsRetried(t *testing.T) {
	t.Parallel()
	for name, mishap := range map[string]approvaltest.Failure{
		"not posted":                  approvaltest.Lost(approvaltest.Transient("")),
		"refused":                     approvaltest.Lost(approvaltest.Permanent("")),
		"posted, and the answer lost": approvaltest.AnswerLost(approvaltest.Indeterminate()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				w.Messenger.Fail(approvaltest.CallSyncMessage, mishap)
				id := w.Submitted()
				assert.True(t, w.HasMessage(id, approval.RequestedMessage), "the other message is not kept from being drawn")
				w.Advance(time.Minute)
				r := w.RequireState(id, approval.StatePending)
				assert.NotEmpty(t, r.MessageRefs[approval.CardMessage].TS)
				asked := w.Messenger.Messages(id)
				for _, m := range asked {
					if m.Name == approval.RequestedMessage {
						assert.NotEmpty(t, m.Request.MessageRefs[approval.CardMessage].TS, "the requester reads that the approvers were reached")
					}
				}
			})
		})
	}
}
