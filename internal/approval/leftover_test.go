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

// Atlas says that a key is deleted, and it is not: people are told, and it is
// deleted until Atlas does not know it any more.
func TestKeyThatComesBackIsReportedAndDeletedAgain(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(w *world) policy.ID{
		"of an ended request": func(w *world) policy.ID {
			id := w.active()
			w.keys.Undying(w.keys.Alive()[0].ID)
			_, err := w.Revoke(w.t.Context(), as(alice), id, "")
			require.NoError(w.t, err)
			w.settle()
			w.is(id, approval.StateEnded)
			return id
		},
		"that was replaced": func(w *world) policy.ID {
			id := w.delivered()
			w.keys.Undying(w.keys.Alive()[0].ID)
			_, err := w.Replace(w.t.Context(), as(alice), id)
			require.NoError(w.t, err)
			w.settle()
			_, err = w.Confirm(w.t.Context(), as(alice), id)
			require.NoError(w.t, err)
			w.settle()
			w.is(id, approval.StateActive)
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				id := given(w)
				alive := len(w.keys.Alive())
				w.pass(35 * time.Minute)
				r := w.get(id)
				assert.True(t, r.Leftover.IsOpen())
				assert.True(t, w.shows(id, approval.LeftoverMessage))
				assert.True(t, w.shows(id, approval.LeftoverNotice))
				lines := w.count(approval.EventOrphanSearch)
				w.pass(3 * time.Hour)
				assert.Len(t, w.keys.Alive(), alive)
				assert.Equal(t, lines, w.count(approval.EventOrphanSearch), "told once")
				assert.Greater(t, w.keys.Calls(approvaltest.CallRemove), 10, "and deleted again and again")

				w.keys.Undying("")
				w.pass(11 * time.Minute)
				assert.Len(t, w.keys.Alive(), alive-1)
				assert.False(t, w.get(id).Leftover.IsOpen())
			})
		})
	}
}
