package transport

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"atlaskeybot/internal/slackui/payload"
)

// deduper answers each delivery of Slack's once: a copy of it is not done again and
// gets the answer of the first. A delivery is remembered as done only with its
// answer; one that ended without is done again. It spares people an odd second
// answer; that nothing happens twice is the store's doing.
type Deduper struct {
	now func() time.Time

	mu    sync.Mutex
	Young Half
	Old   Half
	since time.Time // of young
}

// A half holds the deliveries of a while, and how large they are together.
type Half struct {
	All   map[string]*delivery
	bytes int
}

// A delivery is one that is being done, or was.
type delivery struct {
	over     chan struct{} // closed with its answer, or when it ended without
	answered bool
	Answer   json.RawMessage // nil: received, and nothing to say
}

const (
	rememberFor   = time.Hour // at least; at most twice
	RememberMax   = 20_000    // deliveries in each half
	rememberBytes = 2 << 20   // names and answers in each half
)

func NewDeduper(now func() time.Time) *Deduper {
	return &Deduper{now: now, Young: Half{All: map[string]*delivery{}}}
}

// do does work, unless a delivery of that name was done before: then answer
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
	if now.Sub(o.since) >= rememberFor || len(o.Young.All) >= RememberMax || o.Young.bytes >= rememberBytes {
		o.Old, o.Young, o.since = o.Young, Half{All: map[string]*delivery{}}, now
	}
	if d := o.Young.All[name]; d != nil {
		return d, false
	}
	if d := o.Old.All[name]; d != nil {
		return d, false
	}
	d := &delivery{over: make(chan struct{})}
	o.Young.All[name] = d
	o.Young.bytes += len(name)
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
	d.answered, d.Answer = true, encoded
	if o.Young.All[name] == d {
		o.Young.bytes += len(encoded)
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
	for _, h := range []Half{o.Young, o.Old} {
		if h.All[name] == d {
			delete(h.All, name)
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
	if d.Answer == nil {
		return nil
	}
	return d.Answer
}
