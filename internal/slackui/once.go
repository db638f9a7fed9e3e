package slackui

import (
	"sync"
	"time"
)

// once remembers names (triggers, signatures) for a while, so that what Slack delivers again is not
// answered again. It spares people an odd second answer; that nothing happens
// twice is the store's doing.
type once struct {
	now func() time.Time

	mu    sync.Mutex
	young map[string]bool
	old   map[string]bool
	since time.Time // of young
}

const (
	rememberFor = time.Hour // at least; at most twice
	rememberMax = 20_000    // names in each half
)

func newOnce(now func() time.Time) *once { return &once{now: now, young: map[string]bool{}} }

// first reports whether name was not seen before, and remembers it. The empty
// name is always new.
func (o *once) first(name string) bool {
	if name == "" {
		return true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.now(); now.Sub(o.since) >= rememberFor || len(o.young) >= rememberMax {
		o.old, o.young, o.since = o.young, map[string]bool{}, now
	}
	if o.young[name] || o.old[name] {
		return false
	}
	o.young[name] = true
	return true
}
