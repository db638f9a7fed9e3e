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
	"atlaskeybot/internal/approval/service"
)

// orphaned is a live key whose owner was deactivated, and is flagged.
func (w *world) orphaned() policy.ID {
	w.t.Helper()
	id := w.activeFor(7 * 24 * time.Hour)
	w.directory.Set(policy.Deactivated, alice)
	w.pass(90 * time.Minute)
	require.False(w.t, w.get(id).OwnerDeactivatedAt.IsZero())
	return id
}

func TestAKeyOfSomebodyDeactivatedIsFlagged(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.orphaned()
		assert.True(t, w.shows(id, approval.OwnerDeactivatedNotice(1)))
		w.is(id, approval.StateActive)
		w.directory.Set(policy.Member, alice)
		w.pass(90 * time.Minute)
		assert.True(t, w.get(id).OwnerDeactivatedAt.IsZero(), "and is not any more when they are back")
		w.directory.Set(policy.Deactivated, alice)
		w.pass(90 * time.Minute)
		assert.True(t, w.shows(id, approval.OwnerDeactivatedNotice(2)), "approvers are told anew")
	})
}

func TestAnAccountThatCannotBeLookedUpIsNotGone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.activeFor(7 * 24 * time.Hour)
		for range 3 {
			w.directory.Fail(approvaltest.CallAccount, approvaltest.Lost(errors.New("slack is down")))
		}
		w.pass(2 * time.Hour)
		assert.True(t, w.get(id).OwnerDeactivatedAt.IsZero())
	})
}

func TestAKeyGetsAnotherOwner(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.orphaned()
		r, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		assert.Equal(t, carol, r.Requester)
		assert.True(t, r.OwnerDeactivatedAt.IsZero())
		assert.Equal(t, []approval.MessageName{approval.CardMessage, approval.DecidedNotice, approval.KeyCreatedNotice, approval.OwnerDeactivatedNotice(1), approval.TransferMessage(1)}, r.Messages)
		w.settle()
		assert.True(t, w.shows(id, approval.TransferMessage(1)))

		theirs, err := w.Mine(t.Context(), as(carol), approval.Cursor{}, 20)
		require.NoError(t, err)
		require.Len(t, theirs.Requests, 1)
		_, err = w.Revoke(t.Context(), as(carol), id, "")
		require.NoError(t, err)
		w.settle()
		w.is(id, approval.StateEnded)
		w.noKey()
	})
}

func TestWhoHandsAKeyToWhom(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by, to policy.UserID
		want   error
	}{
		"not an approver":             {carol, dana, policy.ErrNotApprover},
		"to a guest":                  {bob, gil, service.ErrNotEligible},
		"to a stranger":               {bob, eve, service.ErrNotEligible},
		"to nobody":                   {bob, "", service.ErrNotEligible},
		"to whoever had it":           {bob, alice, service.ErrOwnerActive},
		"to themself":                 {bob, bob, service.ErrToSelf},
		"to somebody who can hold it": {bob, carol, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := w.orphaned()
				_, err := w.Transfer(t.Context(), as(tt.by), id, tt.to)
				require.ErrorIs(t, err, tt.want)
			})
		})
	}
}

func TestAKeyIsHandedOnOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.orphaned()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		_, err = w.Transfer(t.Context(), as(dana), id, dana)
		require.ErrorIs(t, err, service.ErrOwnerActive, "its owner is carol, who is active")
		w.settle()
		assert.Equal(t, carol, w.get(id).Requester)
	})
}

func TestTheKeyOfSomebodyActiveIsNotHandedOn(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.ErrorIs(t, err, service.ErrOwnerActive)
	})
}

func TestTheOperatorRevokes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		_, err := w.RevokeAsOperator(t.Context(), id, "seen in a public repository")
		require.NoError(t, err)
		w.settle()
		r := w.is(id, approval.StateEnded)
		assert.Equal(t, approval.Outcome{Cause: approval.CauseRevoked, By: service.Operator, At: r.Outcome.At, Note: "seen in a public repository"}, r.Outcome)
		w.noKey()
		_, err = w.RevokeAsOperator(t.Context(), id, "")
		require.ErrorIs(t, err, approval.ErrNotAllowed, "twice")
	})
}
