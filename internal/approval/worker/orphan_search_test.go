package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// A list that lags for longer than all looks take is found out by the feed of
// events.
func TestOrphanSearchRepeatsWhenEventsContradictList(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		w.Keys.Lag = 20 * time.Minute
		id := w.Approved()
		w.Keys.Fail(approvaltest.CallCreate, approvaltest.AnswerLost(approvaltest.Indeterminate()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(10 * time.Minute)
		assert.Len(t, w.Stored(id).UnresolvedCreates, 1, "the events tell of a key that is not listed")
		w.Advance(20 * time.Minute)
		assert.Empty(t, w.RequireState(id, approval.StateApproved).UnresolvedCreates)
		w.RequireNoKeys()
	})
}

func TestOrphanSearchGivesUpEventually(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		w.Keys.Fail(approvaltest.CallCreate, approvaltest.Lost(approvaltest.Indeterminate()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(4 * time.Minute)
		assert.Len(t, w.Stored(id).UnresolvedCreates, 1, "not before five minutes")
		w.Advance(2 * time.Minute)
		assert.Empty(t, w.RequireState(id, approval.StateApproved).UnresolvedCreates)
		assert.Equal(t, 4, w.CountEvents(approval.EventOrphanSearch))
	})
}
