package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
)

// A queue is one kind of due work, with slots of its own: calls that hang in one queue
// delay none of the others.
type queue struct {
	name  string
	slots chan struct{}
	claim func(ctx context.Context, due time.Time) (job, error)

	// shortWaits says that its requests wait for a next try only, never for a date.
	shortWaits bool
}

// syncQueue is the name of the queue of messages.
const syncQueue = "sync"

// A job is one claimed request: do does what is due and ends the lease, and giveBack
// only ends the lease.
type job struct {
	id           policy.ID
	do, giveBack func(context.Context)
}

// queues returns the worker's queues. A state belongs to the queue of what it mostly
// waits for: people wait for keys and messages, many keys may have to be deleted at the
// same time, and the rest calls Atlas rarely or never.
func (w *Worker) queues() []*queue {
	work := func(name string, slots int, shortWaits bool, in ...approval.State) *queue {
		claim := func(ctx context.Context, due time.Time) (job, error) { return w.claimWork(ctx, due, in) }
		return &queue{name, make(chan struct{}, slots), claim, shortWaits}
	}
	return []*queue{
		work("create", 16, true, approval.StateIssuing, approval.StateApplying),
		work("delete", 32, true, approval.StateRevoking),
		work("wait", 4, false, approval.StatePending, approval.StateActive),
		work("search", 8, false, approval.StateApproved, approval.StateDelivered, approval.StateDenied, approval.StateWithdrawn, approval.StateExpired, approval.StateFailed, approval.StateEnded, approval.StateApplied),
		{syncQueue, make(chan struct{}, 16), w.claimSync, true},
	}
}

// startAll starts everything that is due, as long as there are slots. It reports whether
// the store could be read. If the clock went back, next tries that were due by then are
// due now.
func (w *Worker) startAll(ctx context.Context, inFlight *sync.WaitGroup, queues []*queue) bool {
	readable := true
	now := w.Now()
	latestSeen := now
	if now.Before(w.seenAt) {
		latestSeen = w.seenAt.Add(time.Since(w.seen)) // what the clock would say
	}
	w.seenAt, w.seen = now, time.Now()
	for _, q := range queues {
		due := now
		if q.shortWaits {
			due = latestSeen
		}
		if err := w.start(ctx, inFlight, q, due); err != nil && ctx.Err() == nil {
			w.logPanic("reading due work panicked", "", err, "queue", q.name)
			w.Log.Error("reading due work", "queue", q.name, "error", err)
			readable = false
		}
	}
	return readable
}

// start starts what is due in q. A request that cannot be read is leased all the same, so
// it delays the others only once.
func (w *Worker) start(ctx context.Context, inFlight *sync.WaitGroup, q *queue, due time.Time) error {
	for ctx.Err() == nil && acquire(q.slots) {
		j, err := isolate.Safely(func() (job, error) { return q.claim(ctx, due) })
		switch {
		case errors.Is(err, approval.ErrUnreadable):
			w.Log.Error("a request cannot be read and is set aside for a while", "error", err)
			<-q.slots
			continue
		case errors.Is(err, approval.ErrNothingDue):
			<-q.slots
			return nil
		case err != nil:
			<-q.slots
			return err
		}
		if !w.begin(q, j) {
			<-q.slots
			continue
		}
		inFlight.Go(func() {
			// A job outlives the signal to stop: it is finished, not cut.
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), workLimit)
			defer cancel()
			defer w.Wake()
			defer func() { <-q.slots }()
			defer w.end(bounded, q, j.id)
			j.do(bounded)
		})
	}
	return nil
}

// inFlightKey identifies a job: work on a request and the sync of its messages run side
// by side.
type inFlightKey struct {
	isSync bool
	id     policy.ID
}

// begin marks j as in flight, unless work on its request is. That happens between the end
// of a lease and that of its job, and if the clock is moved. The claim of j is then given
// back when that work ends: with the lease of j the request would wait for two minutes.
func (w *Worker) begin(q *queue, j job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := inFlightKey{q.name == syncQueue, j.id}
	if _, isInFlight := w.inFlight[key]; isInFlight {
		w.inFlight[key] = j.giveBack
		return false
	}
	w.inFlight[key] = nil
	return true
}

// isSyncInFlight is called under w.mu.
func (w *Worker) isSyncInFlight(id policy.ID) bool {
	_, is := w.inFlight[inFlightKey{isSync: true, id: id}]
	return is
}

// end marks the request as no longer in flight and gives back a claim that came meanwhile.
func (w *Worker) end(ctx context.Context, q *queue, id policy.ID) {
	w.mu.Lock()
	key := inFlightKey{q.name == syncQueue, id}
	giveBack := w.inFlight[key]
	delete(w.inFlight, key)
	w.mu.Unlock()
	if giveBack != nil {
		giveBack(ctx)
	}
}

func acquire(slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (w *Worker) claimWork(ctx context.Context, due time.Time, in []approval.State) (job, error) {
	r, err := w.Store.ClaimWork(ctx, due, due.Add(lease), in...)
	return job{
		id:       r.ID,
		do:       func(ctx context.Context) { w.doWork(ctx, r) },
		giveBack: func(ctx context.Context) { w.releaseWork(ctx, r, time.Time{}) },
	}, err
}

func (w *Worker) claimSync(ctx context.Context, due time.Time) (job, error) {
	r, err := w.Store.ClaimSync(ctx, due, due.Add(lease))
	return job{
		id:       r.ID,
		do:       func(ctx context.Context) { w.syncMessages(ctx, r) },
		giveBack: func(ctx context.Context) { w.releaseSync(ctx, r, due, nil) },
	}, err
}

// pause returns how long nothing is due. Due work that waits for a slot is woken when
// one is free.
func (w *Worker) pause(ctx context.Context) time.Duration {
	due, err := w.Store.NextDue(ctx)
	if err != nil || due.IsZero() {
		return tick
	}
	return min(max(due.Sub(w.Now()), 100*time.Millisecond), tick)
}
