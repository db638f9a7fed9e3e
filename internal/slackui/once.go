package slackui

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// deduper answers each delivery of Slack's once: a copy of it is not done again and
// gets the answer of the first. A delivery is remembered as done only with its
// answer; one that ended without is done again. It spares people an odd second
// answer; that nothing happens twice is the store's doing.
type deduper struct {
	now func() time.Time

	mu    sync.Mutex
	young half
	old   half
	since time.Time // of young
}

// A half holds the deliveries of a while, and how large they are together.
type half struct {
	all   map[string]*delivery
	bytes int
}

// A delivery is one that is being done, or was.
type delivery struct {
	over     chan struct{} // closed with its answer, or when it ended without
	answered bool
	answer   json.RawMessage // nil: received, and nothing to say
}

const (
	rememberFor   = time.Hour // at least; at most twice
	rememberMax   = 20_000    // deliveries in each half
	rememberBytes = 2 << 20   // names and answers in each half
)

func newDeduper(now func() time.Time) *deduper {
	return &deduper{now: now, young: half{all: map[string]*delivery{}}}
}

// do does work, unless a delivery of that name was done before: then answer
// gets what that one was answered, for which a copy waits [answerLimit] at most.
// The empty name is always new.
func (o *deduper) do(ctx context.Context, name string, answer ack, work func(ack)) {
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
func (o *deduper) begin(name string) (*delivery, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if now.Sub(o.since) >= rememberFor || len(o.young.all) >= rememberMax || o.young.bytes >= rememberBytes {
		o.old, o.young, o.since = o.young, half{all: map[string]*delivery{}}, now
	}
	if d := o.young.all[name]; d != nil {
		return d, false
	}
	if d := o.old.all[name]; d != nil {
		return d, false
	}
	d := &delivery{over: make(chan struct{})}
	o.young.all[name] = d
	o.young.bytes += len(name)
	return d, true
}

// settle remembers what d was answered first.
func (o *deduper) settle(name string, d *delivery, body any) {
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
	if o.young.all[name] == d {
		o.young.bytes += len(encoded)
	}
	close(d.over)
}

// end forgets d if it was never answered.
func (o *deduper) end(name string, d *delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d.answered {
		return
	}
	for _, h := range []half{o.young, o.old} {
		if h.all[name] == d {
			delete(h.all, name)
		}
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
