package approval_test

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

// owns makes user the owner of a live key.
func (w *world) owns(user policy.UserID) policy.ID {
	w.t.Helper()
	w.directory.Set(policy.Member, user)
	f := form()
	f.IdempotencyKey = "of " + string(user)
	r, err := w.Submit(w.t.Context(), as(user), f)
	require.NoError(w.t, err)
	_, err = w.Approve(w.t.Context(), as(bob), r.ID)
	require.NoError(w.t, err)
	_, err = w.Issue(w.t.Context(), as(user), r.ID)
	require.NoError(w.t, err)
	w.settle()
	_, err = w.Confirm(w.t.Context(), as(user), r.ID)
	require.NoError(w.t, err)
	return r.ID
}

// TestOwnersAreLookedAtAtAPace: Slack allows about a hundred look-ups a minute,
// for everybody.
func TestOwnersAreLookedAtAtAPace(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var last policy.ID
		for i := range 60 {
			last = w.owns(policy.UserID(fmt.Sprintf("U%02d", i)))
		}
		w.directory.Set(policy.Deactivated, "U59")
		var mu sync.Mutex
		var looks []time.Time
		w.directory.SetOnCall(func(c approvaltest.Call) {
			if c == approvaltest.CallAccount {
				mu.Lock()
				defer mu.Unlock()
				looks = append(looks, time.Now())
			}
		})
		w.pass(80 * time.Minute)
		assert.False(t, w.get(last).OwnerDeactivatedAt.IsZero(), "the last of them is looked at too")
		mu.Lock()
		defer mu.Unlock()
		require.GreaterOrEqual(t, len(looks), 60)
		for i := 20; i < len(looks); i++ {
			require.Greater(t, looks[i].Sub(looks[i-20]), time.Minute, "no more than twenty a minute")
		}
	})
}

// TestOwnersAreLookedAtLaterWhenSlackSaysSo, and none is forgotten for that.
func TestOwnersAreLookedAtLaterWhenSlackSaysSo(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		id := w.owns("U01")
		w.directory.Set(policy.Deactivated, "U01")
		limited := approvaltest.NotNow(approval.CauseUnknown)
		limited.RetryAfter = 30 * time.Second
		w.directory.Fail(approvaltest.CallAccount, approvaltest.Lost(limited))
		w.pass(75 * time.Minute)
		assert.False(t, w.get(id).OwnerDeactivatedAt.IsZero())
	})
}
