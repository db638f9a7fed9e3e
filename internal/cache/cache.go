// Package cache holds entries for a limited time in limited memory.
package cache

import "time"

// Limits bound a [Cache]. It keeps an entry for at least TTL after the last Put,
// unless it exceeds one of the other limits, which apply to each of its two
// generations. It does not return an entry after twice the TTL if it is used in
// between.
type Limits struct {
	TTL     time.Duration
	Entries int
	Size    int // the sum of what [Cache.Grow] adds; zero: no limit
}

// A Cache is a map in two generations. Put adds to the young one. When that is as
// old as the TTL or full, it replaces the old one, whose entries are dropped
// together. So a Cache needs no timer and no goroutine. It is not safe for
// concurrent use: its owner has a lock that covers more than the map.
type Cache[K comparable, V any] struct {
	limits Limits
	young  generation[K, V]
	old    generation[K, V]
}

type generation[K comparable, V any] struct {
	entries map[K]V
	size    int
	since   time.Time
}

// New returns an empty Cache.
func New[K comparable, V any](l Limits) *Cache[K, V] { return &Cache[K, V]{limits: l} }

// Get returns the entry of key.
func (c *Cache[K, V]) Get(key K, now time.Time) (V, bool) {
	c.age(now)
	v, ok := c.young.entries[key]
	if !ok {
		v, ok = c.old.entries[key]
	}
	return v, ok
}

// Put sets the entry of key and renews its time to live.
func (c *Cache[K, V]) Put(key K, v V, now time.Time) {
	c.age(now)
	if len(c.young.entries) >= c.limits.Entries || c.limits.Size > 0 && c.young.size >= c.limits.Size {
		c.next(now)
	}
	c.young.entries[key] = v
}

// age starts a generation if the young one is as old as the TTL. If the clock went
// back, its age is unknown, and it counts as old.
func (c *Cache[K, V]) age(now time.Time) {
	if age := now.Sub(c.young.since); age < 0 || age >= c.limits.TTL || c.young.entries == nil {
		c.next(now)
	}
}

func (c *Cache[K, V]) next(now time.Time) {
	c.old, c.young = c.young, generation[K, V]{entries: map[K]V{}, since: now}
}

// Grow adds n to the size of key's entry, for the limit.
func (c *Cache[K, V]) Grow(key K, n int) {
	if _, ok := c.young.entries[key]; ok {
		c.young.size += n
	}
}

// Delete removes the entry of key.
func (c *Cache[K, V]) Delete(key K) {
	delete(c.young.entries, key)
	delete(c.old.entries, key)
}

// Len is the number of entries.
func (c *Cache[K, V]) Len() int { return len(c.young.entries) + len(c.old.entries) }

// Size is the sum of what [Cache.Grow] added to the present entries.
func (c *Cache[K, V]) Size() int { return c.young.size + c.old.size }
