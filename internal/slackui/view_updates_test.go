package slackui

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnlyNewestInputUpdatesView(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newViewUpdates(time.Now)
		type taken struct {
			hash string
			ok   bool
		}
		results := make(chan taken, 2)
		hash, done, ok := turns.acquire(t.Context(), "V1", "h0", "1.1")
		require.True(t, ok)
		require.Equal(t, "h0", hash)
		for _, at := range []string{"1.2", "1.3"} {
			go func() {
				hash, done, ok := turns.acquire(t.Context(), "V1", "h0", at)
				if ok {
					defer done("h2")
				}
				results <- taken{hash, ok}
			}()
			synctest.Wait()
		}
		other, otherDone, ok := turns.acquire(t.Context(), "V2", "g0", "1.0")
		require.True(t, ok, "another modal does not wait")
		require.Equal(t, "g0", other)
		otherDone("")
		done("h1")
		require.ElementsMatch(t, []taken{{"", false}, {"h1", true}}, []taken{<-results, <-results})

		_, _, ok = turns.acquire(t.Context(), "V1", "h2", "1.2")
		require.False(t, ok, "one that comes late")
		for delivered, want := range map[string]string{"h0": "h2", "h1": "h2", "h2": "h2", "h9": "h9"} {
			hash, done, ok = turns.acquire(t.Context(), "V1", delivered, "")
			require.True(t, ok, "what is no choice has its turn")
			require.Equal(t, want, hash)
			done("")
		}
	})
}

func TestViewUpdateAcquireTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newViewUpdates(time.Now)
		_, done, ok := turns.acquire(t.Context(), "V1", "h0", "1.1")
		require.True(t, ok)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, ok = turns.acquire(ctx, "V1", "h0", "1.2")
		require.False(t, ok)
		done("h1")
		hash, done, ok := turns.acquire(t.Context(), "V1", "h0", "1.3")
		require.True(t, ok)
		require.Equal(t, "h1", hash)
		done("")
	})
}

func TestViewUpdatesAreEvicted(t *testing.T) {
	t.Parallel()
	now := requestedAt
	turns := newViewUpdates(func() time.Time { return now })
	take := func(view string) string {
		hash, done, ok := turns.acquire(t.Context(), view, "h0", "")
		require.True(t, ok)
		done("h1")
		return hash
	}
	require.Equal(t, "h0", take("V1"))
	now = now.Add(59 * time.Minute)
	require.Equal(t, "h1", take("V1"))
	now = now.Add(5 * time.Hour)
	take("V2")
	now = now.Add(5 * time.Hour)
	require.Equal(t, "h0", take("V1"))
	for i := range 3 * maxViewUpdates {
		take(fmt.Sprint(i))
	}
	require.LessOrEqual(t, turns.views.Len(), 2*maxViewUpdates)
}
