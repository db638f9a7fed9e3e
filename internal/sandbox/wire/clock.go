package wire

import (
	"sync"
	"time"
)

// A Clock is real time plus an offset, so that a day can pass in a second. It never
// goes back. The zero Clock is real time.
type Clock struct {
	mu          sync.Mutex
	offset      time.Duration
	nextID      int
	subscribers map[int]func()
}

// Now returns the time as the sandbox sees it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance moves the clock forward by d and wakes the subscribers. A d below
// zero is ignored.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		return
	}
	c.mu.Lock()
	c.offset += d
	wake := make([]func(), 0, len(c.subscribers))
	for _, f := range c.subscribers {
		wake = append(wake, f)
	}
	c.mu.Unlock()
	for _, f := range wake {
		f()
	}
}

// Offset is how far the clock is ahead of real time.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Subscribe calls f after every Advance until cancel is called. f must not
// block.
func (c *Clock) Subscribe(f func()) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscribers == nil {
		c.subscribers = map[int]func(){}
	}
	id := c.nextID
	c.nextID++
	c.subscribers[id] = f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subscribers, id)
	}
}
