package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func TestProjectsThatAKeyCreatedAreNewsAndNoAlarm(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.active()
		key := w.keys.Alive()[0].ID
		late := []approval.OwnedProject{{Project: policy.Project{ID: "p1", Name: "New"}}}
		w.keys.Change(key, approval.Drift{Owns: late})
		w.pass(aWhile)
		r := w.is(id, approval.StateActive)
		assert.Equal(t, late, r.Owns)
		assert.True(t, r.Drift.IsZero())
		assert.True(t, w.shows(id, approval.OwnsNotice))
		assert.False(t, w.shows(id, approval.DriftNotice))

		proven := []approval.OwnedProject{{Project: policy.Project{ID: "p1", Name: "New"}, Proven: true}}
		w.keys.Change(key, approval.Drift{Owns: proven})
		w.pass(time.Hour)
		assert.Equal(t, proven, w.is(id, approval.StateActive).Owns)
		assert.Equal(t, 2, w.count(approval.EventOwnsProjects), "each once")
		assert.Zero(t, w.count(approval.EventDriftDetected))

		w.keys.Change(key, approval.Drift{Owns: proven, RolesChanged: true})
		w.pass(aWhile)
		r = w.is(id, approval.StateActive)
		assert.True(t, r.Drift.RolesChanged)
		assert.Equal(t, proven, r.Owns)

		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		assert.Equal(t, proven, next.Change.Left, "what the successor will not own")
		assert.Empty(t, next.Owns)
	})
}
