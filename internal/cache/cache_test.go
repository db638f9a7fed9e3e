package cache_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/cache"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func requireHas(t *testing.T, c *cache.Cache[string, int], key string, now time.Time, want bool) {
	t.Helper()
	_, ok := c.Get(key, now)
	require.Equal(t, want, ok, key)
}

func TestCacheKeepsEntryForTTL(t *testing.T) {
	t.Parallel()
	c := cache.New[string, int](cache.Limits{TTL: time.Hour, Entries: 10})
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	requireHas(t, c, "a", at(0), false)
	c.Put("a", 1, at(0))
	c.Put("b", 2, at(59))
	c.Put("c", 3, at(61))
	requireHas(t, c, "a", at(118), true)
	requireHas(t, c, "b", at(118), true)
	requireHas(t, c, "a", at(121), false)
	requireHas(t, c, "b", at(121), false)
	requireHas(t, c, "c", at(121), true)
	requireHas(t, c, "c", at(181), false)
}

func TestPutRenewsEntry(t *testing.T) {
	t.Parallel()
	c := cache.New[string, int](cache.Limits{TTL: time.Hour, Entries: 10})
	c.Put("a", 1, start)
	for i := range 10 {
		now := start.Add(time.Duration(i) * 50 * time.Minute)
		v, ok := c.Get("a", now)
		require.True(t, ok)
		c.Put("a", v+1, now)
	}
	v, _ := c.Get("a", start.Add(500*time.Minute))
	require.Equal(t, 11, v)
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := cache.New[int, int](cache.Limits{TTL: time.Hour, Entries: 100})
	for i := range 1000 {
		c.Put(i, i, start)
		require.LessOrEqual(t, c.Len(), 200)
	}
	for i := 900; i < 1000; i++ {
		_, ok := c.Get(i, start)
		require.True(t, ok, "the last %d entries stay", 100)
	}
	sized := cache.New[int, int](cache.Limits{TTL: time.Hour, Entries: 1000, Size: 50})
	for i := range 1000 {
		sized.Put(i, i, start)
		sized.Grow(i, 20)
		require.LessOrEqual(t, sized.Size(), 120)
	}
	require.LessOrEqual(t, sized.Len(), 6)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	c := cache.New[string, int](cache.Limits{TTL: time.Hour, Entries: 1})
	c.Put("old", 1, start)
	c.Put("young", 2, start)
	c.Delete("old")
	c.Delete("young")
	require.Zero(t, c.Len())
}

func TestClockThatGoesBackStartsGeneration(t *testing.T) {
	t.Parallel()
	c := cache.New[string, int](cache.Limits{TTL: time.Hour, Entries: 10})
	c.Put("a", 1, start)
	c.Put("b", 2, start.Add(-24*time.Hour))
	requireHas(t, c, "a", start.Add(-24*time.Hour), true)
	requireHas(t, c, "a", start.Add(-23*time.Hour), false)
	requireHas(t, c, "b", start.Add(-23*time.Hour), true)
}
