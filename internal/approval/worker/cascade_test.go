package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A rotated pair is a live key and the request of its successor.
type rotatedPair struct{ before, next policy.ID }

func (w *env) rotated() rotatedPair {
	w.T.Helper()
	id := w.ActiveFor(7 * 24 * time.Hour)
	next, err := w.Rotate(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	return rotatedPair{id, next.ID}
}

// requireNext brings the successor to a state.
func (w *env) requireNext(id policy.ID, state approval.State) {
	w.T.Helper()
	if state == approval.StateApproved {
		return
	}
	_, err := w.Issue(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	if state == approval.StateIssuing {
		return
	}
	w.WaitIdle()
	if state == approval.StateActive {
		_, err := w.Confirm(w.T.Context(), as(alice), id)
		require.NoError(w.T, err)
		w.WaitIdle()
	}
	w.RequireState(id, state)
}

// revocations are the ways in which a key ends that its owner did not choose.
var revocations = map[string]func(w *env, id policy.ID) error{
	"by an approver": func(w *env, id policy.ID) error {
		_, err := w.Revoke(w.T.Context(), as(bob), id, "seen in a log")
		return err
	},
	"by the operator": func(w *env, id policy.ID) error {
		_, err := w.RevokeAsOperator(w.T.Context(), id, "seen in a log")
		return err
	},
}

func TestRevocationEndsTheSuccessorInEveryState(t *testing.T) {
	t.Parallel()
	for how, revoke := range revocations {
		for _, state := range []approval.State{approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive} {
			t.Run(how+"/"+string(state), func(t *testing.T) {
				t.Parallel()
				inEnv(t, func(w *env) {
					pair := w.rotated()
					w.requireNext(pair.next, state)
					require.NoError(t, revoke(w, pair.before))
					w.Advance(time.Minute)
					w.RequireNoKeys()
					w.RequireState(pair.before, approval.StateEnded)
					assert.True(t, w.Stored(pair.next).State.Final(), w.Stored(pair.next).State)
					for _, press := range []func(context.Context, policy.Actor, policy.ID) (approval.Request, error){w.Issue, w.Replace, w.Confirm} {
						_, err := press(t.Context(), as(alice), pair.next)
						require.Error(t, err)
					}
					w.Advance(time.Hour)
					w.RequireNoKeys()
					assert.Empty(t, w.Stored(pair.before).Cascade)
				})
			})
		}
	}
}

// The access is revoked, and not one of its two keys.
func TestRevocationOfASuccessorEndsThePredecessor(t *testing.T) {
	t.Parallel()
	for how, revoke := range revocations {
		for _, state := range []approval.State{approval.StateDelivered, approval.StateActive} {
			t.Run(how+"/"+string(state), func(t *testing.T) {
				t.Parallel()
				inEnv(t, func(w *env) {
					pair := w.rotated()
					w.requireNext(pair.next, state)
					require.NoError(t, revoke(w, pair.next))
					w.Advance(time.Minute)
					w.RequireNoKeys()
					r := w.RequireState(pair.before, approval.StateEnded)
					assert.Equal(t, approval.CauseRevoked, r.Outcome.Cause)
					assert.Equal(t, "seen in a log", r.Outcome.Note)
				})
			})
		}
	}
}

// Of three keys the first and the last live: the one between was switched over.
func TestRevocationCascadesAcrossEndedKeys(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		pair := w.rotated()
		w.requireNext(pair.next, approval.StateActive)
		third, err := w.Rotate(t.Context(), as(alice), pair.next)
		require.NoError(t, err)
		w.requireNext(third.ID, approval.StateActive)
		_, err = w.RetirePredecessorNow(t.Context(), as(alice), third.ID)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(pair.next, approval.StateEnded)
		require.Len(t, w.Keys.Alive(), 2)
		_, err = w.Revoke(t.Context(), as(bob), pair.before, "")
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireNoKeys()
		assert.Equal(t, bob, w.RequireState(third.ID, approval.StateEnded).Outcome.By)
	})
}

func TestOwnerRevocationKeepsConfirmedSuccessor(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateDelivered, approval.StateActive} {
		inEnv(t, func(w *env) {
			pair := w.rotated()
			w.requireNext(pair.next, state)
			_, err := w.Revoke(t.Context(), as(alice), pair.before, "")
			require.NoError(t, err)
			w.WaitIdle()
			w.RequireState(pair.before, approval.StateEnded)
			w.RequireState(pair.next, state)
			w.RequireLastShownKeyOnly()
			_, err = w.Replace(t.Context(), as(alice), pair.next)
			require.Error(t, err, "no other key is made")
		})
	}
	inEnv(t, func(w *env) {
		pair := w.rotated()
		_, err := w.Revoke(t.Context(), as(alice), pair.before, "")
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(pair.next, approval.StateExpired)
		w.RequireNoKeys()
	})
}

func TestUnconfirmedSuccessorEndsWithExternallyDeletedKey(t *testing.T) {
	t.Parallel()
	for state, alive := range map[approval.State]int{approval.StateApproved: 0, approval.StateDelivered: 0, approval.StateActive: 1} {
		inEnv(t, func(w *env) {
			pair := w.rotated()
			w.requireNext(pair.next, state)
			require.NoError(t, w.Keys.Of(w.Stored(pair.before).Org).Delete(t.Context(), w.Stored(pair.before).Key.ID))
			w.Advance(30 * time.Minute)
			require.Equal(t, approval.CauseDeletedExternally, w.RequireState(pair.before, approval.StateEnded).Outcome.Cause)
			assert.Len(t, w.Keys.Alive(), alive, state)
		}, func(p *policy.Policy) { p.ConfirmWithin = 8 * time.Hour })
	}
}

func TestUnconfirmedSuccessorEndsWithTransfer(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateApproved, approval.StateDelivered} {
		inEnv(t, func(w *env) {
			pair := w.rotated()
			w.requireNext(pair.next, state)
			w.Directory.Set(policy.Deactivated, alice)
			w.Advance(90 * time.Minute)
			_, err := w.Transfer(t.Context(), as(bob), pair.before, carol)
			require.NoError(t, err)
			w.Directory.Set(policy.Member, alice)
			w.WaitIdle()
			assert.True(t, w.Stored(pair.next).State.Final(), w.Stored(pair.next).State)
			require.Len(t, w.Keys.Alive(), 1, "carol's")
		}, func(p *policy.Policy) { p.ConfirmWithin = 8 * time.Hour })
	}
}

// A crash between the move of one request and that of the other leaves nothing
// alive: what is owed is on the row that was moved first.
func TestRevocationSurvivesACrashBetweenItsMoves(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive} {
		for at := range 4 {
			inEnv(t, func(w *env) {
				pair := w.rotated()
				w.requireNext(pair.next, state)
				var moves atomic.Int64
				w.Store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
					if e.By != "" {
						return true, nil
					}
					if int(moves.Add(1))-1 == at {
						return at%2 == 0, context.DeadlineExceeded
					}
					return true, nil
				})
				_, err := w.Revoke(t.Context(), as(bob), pair.before, "")
				require.NoError(t, err)
				w.Advance(20 * time.Minute)
				w.RequireNoKeys()
				assert.True(t, w.Stored(pair.next).State.Final(), w.Stored(pair.next).State)
				assert.Empty(t, w.Stored(pair.before).Cascade)
			})
		}
	}
}
