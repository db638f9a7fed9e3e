package slackui

import (
	"context"
	"sync"
	"time"

	"atlaskeybot/internal/cache"
)

// viewUpdates update one modal once at a time, for the choices that a user makes
// in it. A user who chooses faster than Slack updates sends a hash that our own drawing
// has made stale; here it is known which came of it. Another process does not
// know that, and then Slack refuses the drawing.
type viewUpdates struct {
	now func() time.Time

	mu    sync.Mutex
	views *cache.Cache[string, *viewState]
}

// A viewState is a modal that was updated. The holder of the turn may update it.
type viewState struct {
	turn   chan struct{} // holds one value while the turn is taken
	newest string        // of the choices, by Slack's time of them

	hash  string          // of what we drew last
	stale map[string]bool // the hashes before that
}

const (
	viewUpdatesFor = time.Hour // at least; at most twice
	maxViewUpdates = 2_000     // modals in each generation
)

func newViewUpdates(now func() time.Time) *viewUpdates {
	return &viewUpdates{now: now, views: cache.New[string, *viewState](cache.Limits{TTL: viewUpdatesFor, Entries: maxViewUpdates})}
}

// acquire waits for the turn to draw a view after the choice made at, and returns
// the hash to draw over. A choice that is not the newest does not get it; what
// is no choice, and has no time, does. Call done with the hash of what was
// drawn, empty if nothing was.
func (t *viewUpdates) acquire(ctx context.Context, view, hash, at string) (now string, done func(drawn string), isNewest bool) {
	d := t.of(view, at)
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return "", nil, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if at != "" && d.newest != at {
		<-d.turn
		return "", nil, false
	}
	if d.stale[hash] {
		hash = d.hash
	}
	return hash, func(drawn string) { t.release(d, hash, drawn) }, true
}

func (t *viewUpdates) release(d *viewState, before, after string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if after != "" {
		d.stale[before], d.hash = true, after
	}
	<-d.turn
}

// of finds the view, and notes that something was chosen in it at.
func (t *viewUpdates) of(view, at string) *viewState {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	d, ok := t.views.Get(view, now)
	if !ok {
		d = &viewState{turn: make(chan struct{}, 1), stale: map[string]bool{}}
	}
	t.views.Put(view, d, now)
	d.newest = max(d.newest, at)
	return d
}
