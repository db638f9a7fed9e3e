package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// TestNewOwnerIsToldOfALeftover also if the former owner was told of one.
func TestNewOwnerIsToldOfALeftover(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		w.Keys.Undying(w.Keys.Alive()[0].ID)
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		_, err = w.Confirm(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.Advance(35 * time.Minute)
		require.True(t, w.HasMessage(id, approval.LeftoverMessage))
		hers := w.Stored(id).MessageRefs[approval.LeftoverMessage]
		w.Keys.Undying("")
		w.Advance(11 * time.Minute)
		w.Directory.Set(policy.Deactivated, alice)
		w.Advance(90 * time.Minute)
		_, err = w.Transfer(t.Context(), as(bob), id, carol)
		require.NoError(t, err)
		w.WaitIdle()
		w.Keys.Undying(w.Stored(id).Key.ID)
		_, err = w.Revoke(t.Context(), as(carol), id, "")
		require.NoError(t, err)
		w.Advance(35 * time.Minute)
		r := w.Stored(id)
		require.True(t, r.Leftover.IsOpen())
		assert.Contains(t, r.Messages, approval.LeftoverMessage)
		assert.NotEqual(t, hers.TS, r.MessageRefs[approval.LeftoverMessage].TS, "the message of the former owner is another: %+v", r.MessageRefs[approval.LeftoverMessage])
	})
}
