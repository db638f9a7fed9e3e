package approval_test

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
func notDeleted(w *world) policy.ID {
	id := w.approved()
	w.keys.Fail(approvaltest.CallRestrict, approvaltest.Lost(approvaltest.Unknown()))
	w.keys.Fail(approvaltest.CallRemove, approvaltest.Lost(askToWait(time.Hour)))
	_, err := w.Issue(w.t.Context(), as(alice), id)
	require.NoError(w.t, err)
	w.settle()
	w.is(id, approval.StateIssuing)
	return id
}

func TestOwnerHasADeletionTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := notDeleted(w)
		_, err := w.TryAgain(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.settle()
		w.is(id, approval.StateApproved)
		w.noKey()
	})
}

func TestOperatorHasADeletionTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		w.keys.Fail(approvaltest.CallRemove, approvaltest.Lost(askToWait(time.Hour)))
		_, err := w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.settle()
		_, err = w.TryAgainAsOperator(t.Context(), id)
		require.NoError(t, err)
		w.settle()
		w.is(id, approval.StateEnded)
	})
}

func TestTryAgainIsForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	for who, want := range map[policy.UserID]error{carol: approval.ErrNotOwner, bob: approval.ErrNotOwner, gil: approval.ErrNotOwner, eve: approval.ErrNotOwner} {
		t.Run(string(who), func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := notDeleted(w)
				before := w.get(id)
				_, err := w.TryAgain(t.Context(), as(who), id)
				require.ErrorIs(t, err, want)
				w.settle()
				assert.Equal(t, before.Version, w.get(id).Version)
				assert.Equal(t, 1, w.count(approval.EventRetry), "the refusal is recorded")
			})
		})
	}
}

// Where nothing waits a press changes nothing, however often it comes.
func TestTryAgainWithoutAWaitChangesNothing(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world) policy.ID{
		"pending": (*world).ask, "approved": (*world).approved, "delivered": (*world).delivered, "active": (*world).active,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := given(w)
				before := w.get(id)
				for range 3 {
					r, err := w.TryAgain(t.Context(), as(alice), id)
					require.NoError(t, err)
					assert.Equal(t, before.State, r.State)
				}
				assert.Equal(t, before.Version, w.get(id).Version)
				assert.Zero(t, w.count(approval.EventRetry))
			})
		})
	}
}
