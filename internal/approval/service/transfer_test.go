package service_test

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

// activeWithoutOwner is a live key whose owner was deactivated, and is flagged.
func (w *env) activeWithoutOwner() policy.ID {
	w.T.Helper()
	id := w.ActiveFor(7 * 24 * time.Hour)
	w.Directory.Set(policy.Deactivated, alice)
	w.Advance(90 * time.Minute)
	require.False(w.T, w.Stored(id).OwnerDeactivatedAt.IsZero())
	return id
}

func TestKeyOfDeactivatedOwnerIsFlagged(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		assert.True(t, w.HasMessage(id, approval.OwnerDeactivatedNotice(1)))
		w.RequireState(id, approval.StateActive)
		w.Directory.Set(policy.Member, alice)
		w.Advance(90 * time.Minute)
		assert.True(t, w.Stored(id).OwnerDeactivatedAt.IsZero(), "and is not any more when they are back")
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(90 * time.Minute)
		assert.True(t, w.HasMessage(id, approval.OwnerDeactivatedNotice(2)), "approvers are told anew")
	})
}

func TestUncheckedOwnerIsNotFlagged(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		for range 3 {
			w.Directory.Fail(approvaltest.CallDeactivated, approvaltest.Lost(errors.New("slack is down")))
		}
		w.Advance(2 * time.Hour)
		assert.True(t, w.Stored(id).OwnerDeactivatedAt.IsZero())
	})
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		r, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		assert.Equal(t, carol, r.Requester)
		assert.True(t, r.OwnerDeactivatedAt.IsZero())
		assert.Equal(t, []approval.MessageName{approval.CardMessage, approval.KeyCreatedNotice, approval.OwnerDeactivatedNotice(1), approval.TransferMessage(1)}, r.Messages)
		w.WaitIdle()
		assert.True(t, w.HasMessage(id, approval.TransferMessage(1)))

		theirs, err := w.Mine(t.Context(), as(carol), approval.Cursor{}, 20)
		require.NoError(t, err)
		require.Len(t, theirs.Requests, 1)
		_, err = w.Revoke(t.Context(), as(carol), id, "")
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateEnded)
		w.RequireNoKeys()
	})
}

func TestTransferAuthorization(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by, to policy.UserID
		want   error
	}{
		"not an approver":       {carol, dana, policy.ErrNotApprover},
		"to a guest":            {bob, gil, service.ErrNotEligible},
		"to a stranger":         {bob, eve, service.ErrNotEligible},
		"to no user":            {bob, "", service.ErrNotEligible},
		"to the former owner":   {bob, alice, service.ErrOwnerActive},
		"to themself":           {bob, bob, service.ErrToSelf},
		"to an eligible member": {bob, carol, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := w.activeWithoutOwner()
				_, err := w.Transfer(t.Context(), as(tt.by), id, tt.to)
				require.ErrorIs(t, err, tt.want)
			})
		})
	}
}

func TestConcurrentTransfersTransferOnce(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeWithoutOwner()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		_, err = w.Transfer(t.Context(), as(dana), id, dana)
		require.ErrorIs(t, err, service.ErrOwnerActive, "its owner is carol, who is active")
		w.WaitIdle()
		assert.Equal(t, carol, w.Stored(id).Requester)
	})
}

func TestKeyOfActiveOwnerIsNotTransferred(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		_, err := w.Transfer(t.Context(), as(bob), id, carol)
		require.ErrorIs(t, err, service.ErrOwnerActive)
	})
}

func TestOperatorRevokes(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		_, err := w.RevokeAsOperator(t.Context(), id, "seen in a public repository")
		require.NoError(t, err)
		w.WaitIdle()
		r := w.RequireState(id, approval.StateEnded)
		assert.Equal(t, approval.Outcome{Cause: approval.CauseRevoked, By: service.Operator, At: r.Outcome.At, Note: "seen in a public repository"}, r.Outcome)
		w.RequireNoKeys()
		_, err = w.RevokeAsOperator(t.Context(), id, "")
		require.ErrorIs(t, err, approval.ErrNotAllowed, "twice")
	})
}
