package approval_test

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

func (w *world) rotates() rotatedPair {
	w.t.Helper()
	id := w.activeFor(7 * 24 * time.Hour)
	next, err := w.Rotate(w.t.Context(), as(alice), id)
	require.NoError(w.t, err)
	w.settle()
	return rotatedPair{id, next.ID}
}

// takesTo brings the successor to a state.
func (w *world) takesTo(id policy.ID, state approval.State) {
	w.t.Helper()
	if state == approval.StateApproved {
		return
	}
	_, err := w.Issue(w.t.Context(), as(alice), id)
	require.NoError(w.t, err)
	if state == approval.StateIssuing {
		return
	}
	w.settle()
	if state == approval.StateActive {
		_, err := w.Confirm(w.t.Context(), as(alice), id)
		require.NoError(w.t, err)
		w.settle()
	}
	w.is(id, state)
}

// revocations are the ways in which a key ends that its owner did not choose.
var revocations = map[string]func(w *world, id policy.ID) error{
	"by an approver": func(w *world, id policy.ID) error {
		_, err := w.Revoke(w.t.Context(), as(bob), id, "seen in a log")
		return err
	},
	"by the operator": func(w *world, id policy.ID) error {
		_, err := w.RevokeAsOperator(w.t.Context(), id, "seen in a log")
		return err
	},
}

func TestRevocationEndsTheSuccessorInEveryState(t *testing.T) {
	t.Parallel()
	for how, revoke := range revocations {
		for _, state := range []approval.State{approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive} {
			t.Run(how+"/"+string(state), func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(w *world) {
					pair := w.rotates()
					w.takesTo(pair.next, state)
					require.NoError(t, revoke(w, pair.before))
					w.pass(time.Minute)
					w.noKey()
					w.is(pair.before, approval.StateEnded)
					assert.True(t, w.get(pair.next).State.Final(), w.get(pair.next).State)
					for _, press := range []func(context.Context, policy.Actor, policy.ID) (approval.Request, error){w.Issue, w.Replace, w.Confirm} {
						_, err := press(t.Context(), as(alice), pair.next)
						require.Error(t, err)
					}
					w.pass(time.Hour)
					w.noKey()
					assert.Empty(t, w.get(pair.before).Cascade)
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
				inWorld(t, func(w *world) {
					pair := w.rotates()
					w.takesTo(pair.next, state)
					require.NoError(t, revoke(w, pair.next))
					w.pass(time.Minute)
					w.noKey()
					r := w.is(pair.before, approval.StateEnded)
					assert.Equal(t, approval.CauseRevoked, r.Outcome.Cause)
					assert.Equal(t, "seen in a log", r.Outcome.Note)
				})
			})
		}
	}
}

// Of three keys the first and the last live: the one between was switched over.
func TestRevocationReachesOverAKeyThatIsGone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		pair := w.rotates()
		w.takesTo(pair.next, approval.StateActive)
		third, err := w.Rotate(t.Context(), as(alice), pair.next)
		require.NoError(t, err)
		w.takesTo(third.ID, approval.StateActive)
		_, err = w.RetirePredecessorNow(t.Context(), as(alice), third.ID)
		require.NoError(t, err)
		w.settle()
		w.is(pair.next, approval.StateEnded)
		require.Len(t, w.keys.Alive(), 2)
		_, err = w.Revoke(t.Context(), as(bob), pair.before, "")
		require.NoError(t, err)
		w.settle()
		w.noKey()
		assert.Equal(t, bob, w.is(third.ID, approval.StateEnded).Outcome.By)
	})
}

func TestAnOwnerWhoRevokesTheEarlierKeyKeepsTheOneThatTheyHold(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateDelivered, approval.StateActive} {
		inWorld(t, func(w *world) {
			pair := w.rotates()
			w.takesTo(pair.next, state)
			_, err := w.Revoke(t.Context(), as(alice), pair.before, "")
			require.NoError(t, err)
			w.settle()
			w.is(pair.before, approval.StateEnded)
			w.is(pair.next, state)
			w.keyIsTheLastShown()
			_, err = w.Replace(t.Context(), as(alice), pair.next)
			require.Error(t, err, "no other key is made")
		})
	}
	inWorld(t, func(w *world) {
		pair := w.rotates()
		_, err := w.Revoke(t.Context(), as(alice), pair.before, "")
		require.NoError(t, err)
		w.settle()
		w.is(pair.next, approval.StateExpired)
		w.noKey()
	})
}

func TestASuccessorOnItsWayEndsWithAKeyThatWasDeletedByHand(t *testing.T) {
	t.Parallel()
	for state, alive := range map[approval.State]int{approval.StateApproved: 0, approval.StateDelivered: 0, approval.StateActive: 1} {
		inWorld(t, func(w *world) {
			pair := w.rotates()
			w.takesTo(pair.next, state)
			require.NoError(t, w.keys.Of(w.get(pair.before).Org).Delete(t.Context(), w.get(pair.before).Key.ID))
			w.pass(30 * time.Minute)
			require.Equal(t, approval.CauseDeletedExternally, w.is(pair.before, approval.StateEnded).Outcome.Cause)
			assert.Len(t, w.keys.Alive(), alive, state)
		}, func(p *policy.Policy) { p.ConfirmWithin = 8 * time.Hour })
	}
}

func TestASuccessorOnItsWayEndsWithATransfer(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateApproved, approval.StateDelivered} {
		inWorld(t, func(w *world) {
			pair := w.rotates()
			w.takesTo(pair.next, state)
			w.directory.Set(policy.Deactivated, alice)
			w.pass(90 * time.Minute)
			_, err := w.Transfer(t.Context(), as(bob), pair.before, carol)
			require.NoError(t, err)
			w.directory.Set(policy.Member, alice)
			w.settle()
			assert.True(t, w.get(pair.next).State.Final(), w.get(pair.next).State)
			require.Len(t, w.keys.Alive(), 1, "carol's")
		}, func(p *policy.Policy) { p.ConfirmWithin = 8 * time.Hour })
	}
}

// A crash between the move of one request and that of the other leaves nothing
// alive: what is owed is on the row that was moved first.
func TestRevocationSurvivesACrashBetweenItsMoves(t *testing.T) {
	t.Parallel()
	for _, state := range []approval.State{approval.StateApproved, approval.StateIssuing, approval.StateDelivered, approval.StateActive} {
		for at := range 4 {
			inWorld(t, func(w *world) {
				pair := w.rotates()
				w.takesTo(pair.next, state)
				var moves atomic.Int64
				w.store.SetOnMove(func(e approval.AuditEntry) (bool, error) {
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
				w.pass(20 * time.Minute)
				w.noKey()
				assert.True(t, w.get(pair.next).State.Final(), w.get(pair.next).State)
				assert.Empty(t, w.get(pair.before).Cascade)
			})
		}
	}
}
