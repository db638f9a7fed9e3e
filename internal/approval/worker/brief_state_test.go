package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

// syncedStates lists the states that messages were synced in from now on.
func syncedStates(w *env) *[]approval.State {
	var states []approval.State
	w.Messenger.Refuse(func(r approval.Request, name approval.MessageName) error {
		if name == approval.CardMessage {
			states = append(states, r.State)
		}
		return nil
	})
	return &states
}

func TestStateOfAMomentIsNotSent(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		states := syncedStates(w)
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		w.RequireState(id, approval.StateDelivered)
		assert.Equal(t, []approval.State{approval.StateDelivered}, *states)
	})
}

func TestStateThatLastsIsSent(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Approved()
		states := syncedStates(w)
		w.Keys.Fail(approvaltest.CallCreate, approvaltest.Lost(waitingRequests(0)))
		_, err := w.Issue(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(30 * time.Second)
		w.RequireState(id, approval.StateDelivered)
		assert.Equal(t, []approval.State{approval.StateIssuing, approval.StateDelivered}, *states)
	})
}
