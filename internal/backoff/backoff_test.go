package backoff_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/backoff"
)

func TestExponentialDoublesUpToLongest(t *testing.T) {
	t.Parallel()
	for failed, want := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 1000: 30 * time.Second,
	} {
		require.Equal(t, want, backoff.Exponential(time.Second, 30*time.Second, failed), failed)
	}
	require.Equal(t, time.Duration(math.MaxInt64/2), backoff.Exponential(time.Second, math.MaxInt64/2, math.MaxInt), "no overflow")
}

func TestSleepEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.NoError(t, backoff.Sleep(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, backoff.Sleep(ctx, time.Minute), context.DeadlineExceeded)
		require.Equal(t, time.Minute+time.Second, time.Since(began))
	})
}
