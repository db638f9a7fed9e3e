package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// An approver who revokes a key revokes what was opened to take over from it.
func TestRevokedKeyHasNoSuccessor(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.ActiveFor(7 * 24 * time.Hour)
		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		_, err = w.Revoke(t.Context(), as(bob), id, "seen in a log")
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Issue(t.Context(), as(alice), next.ID)
		require.ErrorIs(t, err, approval.ErrPredecessorNotActive)
		w.WaitIdle()
		assert.Equal(t, approval.CauseKeyNotActive, w.RequireState(next.ID, approval.StateExpired).Outcome.Cause)
		w.RequireNoKeys()
	})
}
