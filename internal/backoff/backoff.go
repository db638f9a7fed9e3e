// Package backoff has the waits between tries: how long they are, and waiting.
package backoff

import (
	"context"
	"time"
)

// Exponential is the wait after that many failed tries, from 1: it doubles from
// shortest to longest.
func Exponential(shortest, longest time.Duration, failed int) time.Duration {
	wait := shortest
	for range failed - 1 {
		if wait >= longest {
			break
		}
		wait *= 2
	}
	return min(wait, longest)
}

// Sleep waits for d. If ctx ends before, it returns its error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
