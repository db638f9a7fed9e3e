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

// Atlas says that a key is deleted, and it is not: people are told, and it is
// deleted until Atlas does not know it any more.
func TestLeftoverKeyIsReportedAndDeleted(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *env) policy.ID{
		"of an ended request": func(w *env) policy.ID {
			id := w.Active()
			w.Keys.Undying(w.Keys.Alive()[0].ID)
			_, err := w.Revoke(w.T.Context(), as(alice), id, "")
			require.NoError(w.T, err)
			w.WaitIdle()
			w.RequireState(id, approval.StateEnded)
			return id
		},
		"that was replaced": func(w *env) policy.ID {
			id := w.Delivered()
			w.Keys.Undying(w.Keys.Alive()[0].ID)
			_, err := w.Replace(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
			w.WaitIdle()
			_, err = w.Confirm(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
			w.WaitIdle()
			w.RequireState(id, approval.StateActive)
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				id := given(w)
				alive := len(w.Keys.Alive())
				w.Advance(35 * time.Minute)
				r := w.Stored(id)
				assert.True(t, r.Leftover.IsOpen())
				assert.True(t, w.HasMessage(id, approval.LeftoverMessage))
				assert.True(t, w.HasMessage(id, approval.LeftoverNotice))
				lines := w.CountEvents(approval.EventOrphanSearch)
				w.Advance(3 * time.Hour)
				assert.Len(t, w.Keys.Alive(), alive)
				assert.Equal(t, lines, w.CountEvents(approval.EventOrphanSearch), "told once")
				assert.Greater(t, w.Keys.Calls(approvaltest.CallDelete), 10, "and deleted again and again")

				w.Keys.Undying("")
				w.Advance(11 * time.Minute)
				assert.Len(t, w.Keys.Alive(), alive-1)
				assert.False(t, w.Stored(id).Leftover.IsOpen())
			})
		})
	}
}
