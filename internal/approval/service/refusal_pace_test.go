package service_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// TestRecordedRefusalsAreLimited: 1,000 at once and one a
// minute; the next line counts what was left out, and others lose none.
func TestRecordedRefusalsAreLimited(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Submitted()
		refusals := func(by policy.UserID) (n int, last approval.AuditEntry) {
			require.NoError(t, w.Store.Audit(t.Context(), func(e approval.AuditEntry) error {
				if e.By == by && e.Refused != "" {
					n, last = n+1, e
				}
				return nil
			}))
			return n, last
		}
		for range 1200 {
			_, err := w.Approve(t.Context(), as(carol), id)
			require.ErrorIs(t, err, policy.ErrNotApprover)
		}
		n, _ := refusals(carol)
		assert.Equal(t, 1000, n)
		_, err := w.Withdraw(t.Context(), as(dana), id)
		require.ErrorIs(t, err, approval.ErrNotOwner)
		n, _ = refusals(dana)
		assert.Equal(t, 1, n)
		w.Advance(time.Minute)
		for range 50 {
			_, err := w.Approve(t.Context(), as(carol), id)
			require.ErrorIs(t, err, policy.ErrNotApprover)
		}
		n, last := refusals(carol)
		assert.Equal(t, 1001, n)
		assert.Equal(t, "200 refusals before were left out", last.Note)
	})
}
