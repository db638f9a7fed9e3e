package worker_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// activeKeyOf makes user the owner of a live key.
func (w *env) activeKeyOf(user policy.UserID) policy.ID {
	w.T.Helper()
	w.Directory.Set(policy.Member, user)
	f := form()
	f.IdempotencyKey = "of " + string(user)
	r, err := w.Submit(w.T.Context(), as(user), f)
	require.NoError(w.T, err)
	_, err = w.Approve(w.T.Context(), as(bob), r.ID)
	require.NoError(w.T, err)
	_, err = w.Issue(w.T.Context(), as(user), r.ID)
	require.NoError(w.T, err)
	w.WaitIdle()
	_, err = w.Confirm(w.T.Context(), as(user), r.ID)
	require.NoError(w.T, err)
	return r.ID
}

// TestOwnerChecksArePaced: Slack allows about a hundred look-ups a minute,
// for everybody.
func TestOwnerChecksArePaced(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		var last policy.ID
		for i := range 60 {
			last = w.activeKeyOf(policy.UserID(fmt.Sprintf("U%02d", i)))
		}
		w.Directory.Set(policy.Deactivated, "U59")
		var mu sync.Mutex
		var looks []time.Time
		w.Directory.SetOnCall(func(c approvaltest.Call) {
			if c == approvaltest.CallDeactivated {
				mu.Lock()
				defer mu.Unlock()
				looks = append(looks, time.Now())
			}
		})
		w.Advance(80 * time.Minute)
		assert.False(t, w.Stored(last).OwnerDeactivatedAt.IsZero(), "the last of them is looked at too")
		mu.Lock()
		defer mu.Unlock()
		require.GreaterOrEqual(t, len(looks), 60)
		for i := 20; i < len(looks); i++ {
			require.Greater(t, looks[i].Sub(looks[i-20]), time.Minute, "no more than twenty a minute")
		}
	})
}

// TestOwnerChecksWaitForRetryAfter, and none is forgotten for that.
func TestOwnerChecksWaitForRetryAfter(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.activeKeyOf("U01")
		w.Directory.Set(policy.Deactivated, "U01")
		limited := approvaltest.Transient(approval.CauseUnknown)
		limited.RetryAfter = 30 * time.Second
		w.Directory.Fail(approvaltest.CallDeactivated, approvaltest.Lost(limited))
		w.Advance(75 * time.Minute)
		assert.False(t, w.Stored(id).OwnerDeactivatedAt.IsZero())
	})
}
