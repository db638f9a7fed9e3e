package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// notDeleted is a request whose key could not be deleted for some minutes.
func notDeleted(w *env) policy.ID {
	id := w.Approved()
	w.Keys.Fail(approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Indeterminate()))
	w.Keys.Fail(approvaltest.CallDelete, approvaltest.Lost(waitingRequests(time.Hour)))
	_, err := w.Issue(w.T.Context(), as(alice), id)
	require.NoError(w.T, err)
	w.WaitIdle()
	w.RequireState(id, approval.StateIssuing)
	return id
}

func TestOwnerRetriesDeletion(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := notDeleted(w)
		_, err := w.TryAgain(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateApproved)
		w.RequireNoKeys()
	})
}

func TestOperatorRetriesDeletion(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		w.Keys.Fail(approvaltest.CallDelete, approvaltest.Lost(waitingRequests(time.Hour)))
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.TryAgainAsOperator(t.Context(), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateEnded)
	})
}

func TestRetryDeletionAuthorization(t *testing.T) {
	t.Parallel()
	for who, want := range map[policy.UserID]error{carol: approval.ErrNotOwner, bob: approval.ErrNotOwner, gil: approval.ErrNotOwner, eve: approval.ErrNotOwner} {
		t.Run(string(who), func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := notDeleted(w)
				before := w.Stored(id)
				_, err := w.TryAgain(t.Context(), as(who), id)
				require.ErrorIs(t, err, want)
				w.WaitIdle()
				assert.Equal(t, before.Version, w.Stored(id).Version)
				assert.Equal(t, 1, w.CountEvents(approval.EventRetry), "the refusal is recorded")
			})
		})
	}
}

// Where nothing waits a press changes nothing, however often it comes.
func TestRetryDeletionWithoutWaitChangesNothing(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *env) policy.ID{
		"pending": (*env).Submitted, "approved": (*env).Approved, "delivered": (*env).Delivered, "active": (*env).Active,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := given(w)
				before := w.Stored(id)
				for range 3 {
					r, err := w.TryAgain(t.Context(), as(alice), id)
					require.NoError(t, err)
					assert.Equal(t, before.State, r.State)
				}
				assert.Equal(t, before.Version, w.Stored(id).Version)
				assert.Zero(t, w.CountEvents(approval.EventRetry))
			})
		})
	}
}
