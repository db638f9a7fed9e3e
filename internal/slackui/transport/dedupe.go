package transport

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"atlaskeybot/internal/cache"
	"atlaskeybot/internal/slackui/payload"
)

// Deduper answers each delivery of Slack's once: a copy of it is not done again and
// gets the answer of the first. A delivery is remembered as done only with its
// answer; one that ended without is done again. It spares people an odd second
// answer; that nothing happens twice is the store's doing.
type Deduper struct {
	now func() time.Time

	mu         sync.Mutex
	deliveries *cache.Cache[string, *delivery]
}

// A delivery is one that is being done, or was.
type delivery struct {
	over     chan struct{} // closed with its answer, or when it ended without
	answered bool
	answer   json.RawMessage // nil: received, and nothing to say
}

const (
	rememberFor   = time.Hour // at least; at most twice
	RememberMax   = 20_000    // deliveries in each generation
	rememberBytes = 2 << 20   // names and answers in each generation
)

// NewDeduper remembers deliveries by the clock now.
func NewDeduper(now func() time.Time) *Deduper {
	return &Deduper{now: now, deliveries: cache.New[string, *delivery](cache.Limits{TTL: rememberFor, Entries: RememberMax, Size: rememberBytes})}
}

// Size is the number of deliveries that are remembered, and the bytes of their names
// and answers.
func (o *Deduper) Size() (deliveries, bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.deliveries.Len(), o.deliveries.Size()
}

// Do does work, unless a delivery of that name was done before: then answer
// gets what that one was answered, for which a copy waits [answerLimit] at most.
// The empty name is always new.
func (o *Deduper) Do(ctx context.Context, name string, answer payload.Ack, work func(payload.Ack)) {
	if name == "" {
		work(answer)
		return
	}
	d, isFirst := o.begin(name)
	for !isFirst {
		if !d.wait(ctx) {
			return // Slack says so, or delivers it again
		}
		if d.answered {
			answer(d.again())
			return
		}
		d, isFirst = o.begin(name)
	}
	defer o.end(name, d)
	work(func(body any) {
		o.settle(name, d, body)
		answer(body)
	})
}

// begin returns the delivery of that name, and whether the caller is to do it.
func (o *Deduper) begin(name string) (*delivery, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if d, ok := o.deliveries.Get(name, now); ok {
		return d, false
	}
	d := &delivery{over: make(chan struct{})}
	o.deliveries.Put(name, d, now)
	o.deliveries.Grow(name, len(name))
	return d, true
}

// settle remembers what d was answered first.
func (o *Deduper) settle(name string, d *delivery, body any) {
	var encoded json.RawMessage
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return // the door will say so
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.answered {
		return
	}
	d.answered, d.answer = true, encoded
	if current, ok := o.deliveries.Get(name, o.now()); ok && current == d {
		o.deliveries.Grow(name, len(encoded))
	}
	close(d.over)
}

// end forgets d if it was never answered.
func (o *Deduper) end(name string, d *delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.answered {
		return
	}
	if current, ok := o.deliveries.Get(name, o.now()); ok && current == d {
		o.deliveries.Delete(name)
	}
	close(d.over)
}

// wait reports whether d is over.
func (d *delivery) wait(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	select {
	case <-d.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// again is the answer once more.
func (d *delivery) again() any {
	if d.answer == nil {
		return nil
	}
	return d.answer
}
