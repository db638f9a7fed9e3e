package worker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whether a rotation took an approval is not told from times: the clock may have
// been set back since the key before it was approved.
func TestRotationCarriesDecisionAfterClockWentBack(t *testing.T) {
	t.Parallel()
	inEnvWithMovedClock(t, func(w *env, jump func(time.Duration)) {
		id := w.Active()
		jump(-24 * time.Hour)
		successor, err := w.Rotate(t.Context(), as(alice), id)
		require.NoError(t, err)
		assert.True(t, successor.CarriesDecision)
		assert.Equal(t, w.Stored(id).Decision, successor.Decision)
	})
}
