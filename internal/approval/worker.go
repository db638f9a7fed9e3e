package approval

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Worker does what the rows say is owed: it makes and removes keys, lets
// requests lapse and draws messages. The row is the queue: a wake-up is only a
// hint, and a crash at any point loses nothing.
type Worker struct {
	Orgs      Orgs
	Store     Store
	Keys      Keys
	Messenger Messenger
	Directory Directory
	Now       func() time.Time
	Log       *slog.Logger

	// ReconcileTick is how often the clock is looked at for the next comparison
	// with Atlas: it may be moved. Compared, if set, hears when one is over.
	ReconcileTick time.Duration
	OnReconciled  func(at time.Time)

	hint   chan struct{}
	seenAt time.Time // what the clock said when due work was last looked for
	seen   time.Time // and when that was, to measure from

	mu          sync.Mutex
	failedSyncs map[ID]map[MessageName]failedSync
	inFlight    map[inFlightKey]bool
	panics      map[ID]int // of the work on a request, in a row

	deletedAgain map[OrgID]map[string]int // by the comparison, by key

	// reconciler's own memory; see there.
	reconciledAt time.Time
	missingSince map[ID]time.Time
	inspectedAt  map[ID]time.Time
	adopted      []adoption
	owners       *ownerRound
}

const (
	lease     = 2 * time.Minute  // for which a request is this worker's
	workLimit = 90 * time.Second // for one piece of work; shorter than the lease
	tick      = time.Minute      // after which the rows are read although nobody hinted

	storePause = 5 * time.Second // after the store could not be read
)

// MaxWait is the longest wait between two tries, also if Atlas, Slack or a proxy
// before them asks for a longer one: a key that has to go must not stay for as
// long as somebody else says.
const MaxWait = 10 * time.Minute

// NewWorker returns a worker that has yet to be run.
func NewWorker(orgs Orgs, store Store, keys Keys, screens Messenger, directory Directory, now func() time.Time, log *slog.Logger) *Worker {
	return &Worker{
		Orgs: orgs, Store: store, Keys: keys, Messenger: screens, Directory: directory, Now: now, Log: log,
		ReconcileTick: 10 * time.Second,
		hint:          make(chan struct{}, 1), failedSyncs: map[ID]map[MessageName]failedSync{},
		inFlight: map[inFlightKey]bool{}, panics: map[ID]int{}, deletedAgain: map[OrgID]map[string]int{},
		missingSince: map[ID]time.Time{}, inspectedAt: map[ID]time.Time{},
		owners: newOwnerRound(),
	}
}

// Wake hints that something may be owed. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.hint <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then finishes what is in hand.
func (w *Worker) Run(ctx context.Context) {
	var inHand sync.WaitGroup
	defer inHand.Wait()
	inHand.Go(func() { w.runReconciler(ctx) })
	queues := w.queues()
	for ctx.Err() == nil {
		wait := storePause
		if w.startAll(ctx, &inHand, queues) {
			wait = w.pause(ctx)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-w.hint:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// A retry is returned by work that could not be done now and changed nothing.
type retry struct {
	after time.Duration
	err   error
}

func (r *retry) Error() string { return r.err.Error() }
func (r *retry) Unwrap() error { return r.err }

// doWork does what is due for r and ends the lease.
func (w *Worker) doWork(ctx context.Context, r Request) {
	err := safelyDo(func() error { return w.work(ctx, r) })
	var at time.Time
	panics := w.countPanics(r.ID, err)
	later, isRetry := errors.AsType[*retry](err)
	switch {
	case panics > 0:
		at = w.Now().Add(backoff(panics))
		w.logPanic("the work on a request panicked: it is set aside", r.ID, err, "state", r.State, "again_in", backoff(panics).String())
	case err == nil, errors.Is(err, ErrConflict): // somebody moved the request: its row says what is owed now
	case isRetry:
		at = w.Now().Add(later.after)
		w.Log.Warn("working on a request, to be tried again", "request", r.ID, "state", r.State, "after", later.after.String(), "error", err)
	default:
		at = w.Now().Add(backoff(1))
		w.Log.Error("working on a request", "request", r.ID, "state", r.State, "error", err)
	}
	if err := w.Store.ReleaseWork(ctx, r.ID, r.Version, at); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// countPanics counts panics in a row of the work on a request, so that the pause
// between them grows.
func (w *Worker) countPanics(id ID, err error) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, panicked := errors.AsType[*panicError](err); !panicked {
		delete(w.panics, id)
		return 0
	}
	w.panics[id]++
	return w.panics[id]
}

// logPanic logs where something panicked, if err says that it did.
func (w *Worker) logPanic(what string, id ID, err error, more ...any) {
	if p, panicked := errors.AsType[*panicError](err); panicked {
		w.Log.Error(what, append([]any{"request", id, "stack", p.stack}, more...)...)
	}
}

func (w *Worker) work(ctx context.Context, r Request) error {
	if r.Cascade != "" {
		return w.cascade(ctx, r)
	}
	now := w.Now()
	org, err := w.Orgs.Find(r.Org)
	if err != nil {
		return w.processUnconfigured(ctx, r, err)
	}
	switch due := r.stateDueAt(); {
	case r.isSearchDue(now) && (due.IsZero() || due.After(now)):
		return w.searchOrphans(ctx, r)
	case due.IsZero(), due.After(now) && !slices.Contains(ShortWaits, r.State):
		return &retry{r.WorkAt().Sub(now), errNotDue}
	}
	switch r.State {
	case StatePending:
		return w.processPending(ctx, r, org.Policy)
	case StateApproved:
		return w.expire(ctx, r)
	case StateActive:
		return w.processActive(ctx, r)
	case StateApplying:
		return w.apply(ctx, r)
	case StateIssuing:
		return w.issue(ctx, r)
	case StateDelivered:
		return w.checkConfirmation(ctx, r)
	case StateRevoking:
		return w.deleteKey(ctx, r)
	}
	return &retry{r.WorkAt().Sub(now), errNotDue}
}

// errNotDue says that a request came up before its time, as it does if the clock
// goes back at that moment.
var errNotDue = errors.New("nothing is due yet")

// policy is that of an organization; see [Service.testPolicy].
func (w *Worker) policy(id OrgID) Policy {
	org, _ := w.Orgs.Find(id)
	return org.Policy
}

// move records an event of the worker's own.
func (w *Worker) move(ctx context.Context, r Request, on Event, note string, change func(*Request, time.Time)) (Request, error) {
	now := w.Now()
	next, entry, err := step(r, on, "", now, note)
	if err != nil {
		return r, err
	}
	change(&next, now)
	next.keepEvents()
	moved, err := w.Store.Move(ctx, next, entry.withKey(r.Key, next.Key))
	if err != nil {
		return r, err
	}
	w.Log.Info("request moved", "request", r.ID, "event", on, "from", entry.From, "to", entry.To, "note", note)
	return moved, nil
}

// backoff grows from 5 seconds to [MaxWait].
func backoff(tries int) time.Duration {
	return min(5*time.Second<<min(max(tries-1, 0), 10), MaxWait)
}

// isPast reports whether a wait that began at most [MaxWait] ago is over. One
// that is longer than that began before the clock went back.
func isPast(at, now time.Time) bool {
	return !at.After(now) || at.After(now.Add(MaxWait))
}

// waitAfter is how long to wait after that many failed tries, the last of which
// ended with f: as long as the other side asked, or longer, but at most [MaxWait].
func waitAfter(f *CallError, tries int) time.Duration {
	return min(max(f.RetryAfter, backoff(tries)), MaxWait)
}
