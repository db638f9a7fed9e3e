package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func TestOwnedProjectsAreReportedNotDrift(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Active()
		key := w.Keys.Alive()[0].ID
		late := []approval.OwnedProject{{Project: policy.Project{ID: "p1", Name: "New"}}}
		w.Keys.Change(key, approval.Drift{Owns: late})
		w.Advance(someTime)
		r := w.RequireState(id, approval.StateActive)
		assert.Equal(t, late, r.Owns)
		assert.True(t, r.Drift.IsZero())
		assert.True(t, w.HasMessage(id, approval.OwnsNotice))
		assert.False(t, w.HasMessage(id, approval.DriftNotice(1)))

		proven := []approval.OwnedProject{{Project: policy.Project{ID: "p1", Name: "New"}, Proven: true}}
		w.Keys.Change(key, approval.Drift{Owns: proven})
		w.Advance(time.Hour)
		assert.Equal(t, proven, w.RequireState(id, approval.StateActive).Owns)
		assert.Equal(t, 2, w.CountEvents(approval.EventOwnsProjects), "each once")
		assert.Zero(t, w.CountEvents(approval.EventDriftDetected))

		w.Keys.Change(key, approval.Drift{Owns: proven, RolesChanged: true})
		w.Advance(someTime)
		r = w.RequireState(id, approval.StateActive)
		assert.True(t, r.Drift.RolesChanged)
		assert.Equal(t, proven, r.Owns)

		next, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		assert.Equal(t, proven, next.Change.Left, "what the successor will not own")
		assert.Empty(t, next.Owns)
	})
}
