package approval_test

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
func TestAListThatLagsForLongIsNotBelieved(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.keys.Lag = 20 * time.Minute
		id := w.approved()
		w.keys.Fail(approvaltest.CallCreate, approvaltest.Unheard(approvaltest.Unknown()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.pass(10 * time.Minute)
		assert.Len(t, w.get(id).UnresolvedCreates, 1, "the events tell of a key that is not listed")
		w.pass(20 * time.Minute)
		assert.Empty(t, w.is(id, approval.StateApproved).UnresolvedCreates)
		w.noKey()
	})
}

func TestWhatNeverHappenedIsBelievedInTheEnd(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.approved()
		w.keys.Fail(approvaltest.CallCreate, approvaltest.Lost(approvaltest.Unknown()))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.pass(4 * time.Minute)
		assert.Len(t, w.get(id).UnresolvedCreates, 1, "not before five minutes")
		w.pass(2 * time.Minute)
		assert.Empty(t, w.is(id, approval.StateApproved).UnresolvedCreates)
		assert.Equal(t, 4, w.count(approval.EventOrphanSearch))
	})
}
