package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
)

// Store is what the worker needs of the database.
type Store interface {
	approval.Requests
	approval.Lists
	approval.Work
	approval.Messages
	approval.AuditReader
}

// Worker does what the rows of the database say is due: it issues and deletes keys,
// expires requests and syncs messages. The rows are the queue: a wake-up is only a hint,
// and a crash at any point loses nothing.
type Worker struct {
	Orgs      policy.Orgs
	Store     Store
	KeysOf    approval.KeysOf
	Messenger approval.Messenger
	Directory policy.Directory
	Now       func() time.Time
	Log       *slog.Logger

	// ReconcileTick is how often the clock, which may be moved, is read for the next
	// reconciliation with Atlas. OnReconciled, if set, is called after each.
	ReconcileTick time.Duration
	OnReconciled  func(at time.Time)

	hint   chan struct{}
	seenAt time.Time // what the clock said when due work was last read
	seen   time.Time // when that was, to measure from

	mu          sync.Mutex
	failedSyncs map[policy.ID]map[approval.MessageName]failedSync
	inFlight    map[inFlightKey]func(context.Context) // see begin
	activeAt    map[policy.UserID]time.Time           // within the last minute
	panics      map[policy.ID]int                     // of the work on a request, in a row

	deletedAgain map[policy.OrgID]map[string]int // deletions by the reconciliation, by key

	// What the reconciler remembers.
	reconciledAt time.Time
	missingSince map[policy.ID]time.Time
	inspectedAt  map[policy.ID]time.Time
	adopted      []adoption
	owners       *ownerRound
}

const (
	lease     = 2 * time.Minute  // how long a request is this worker's
	workLimit = 90 * time.Second // for one piece of work; shorter than the lease
	tick      = time.Minute      // after which the rows are read without a hint

	storePause = 5 * time.Second // after the store could not be read
)

// NewWorker returns a worker; see [Worker.Run].
func NewWorker(orgs policy.Orgs, store Store, keysOf approval.KeysOf, messenger approval.Messenger, directory policy.Directory, now func() time.Time, log *slog.Logger) *Worker {
	return &Worker{
		Orgs: orgs, Store: store, KeysOf: keysOf, Messenger: messenger, Directory: directory, Now: now, Log: log,
		ReconcileTick: 10 * time.Second,
		hint:          make(chan struct{}, 1), failedSyncs: map[policy.ID]map[approval.MessageName]failedSync{},
		inFlight: map[inFlightKey]func(context.Context){}, activeAt: map[policy.UserID]time.Time{}, panics: map[policy.ID]int{}, deletedAgain: map[policy.OrgID]map[string]int{},
		missingSince: map[policy.ID]time.Time{}, inspectedAt: map[policy.ID]time.Time{},
		owners: newOwnerRound(),
	}
}

// Wake hints that something may be due. It never blocks.
func (w *Worker) Wake() {
	select {
	case w.hint <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then finishes what is in flight.
func (w *Worker) Run(ctx context.Context) {
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	inFlight.Go(func() { w.runReconciler(ctx) })
	queues := w.queues()
	for ctx.Err() == nil {
		wait := storePause
		if w.startAll(ctx, &inFlight, queues) {
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

// A retry is the error of work that could not be done now and changed nothing.
type retry struct {
	after time.Duration
	err   error
}

func (r *retry) Error() string { return r.err.Error() }

func (r *retry) Unwrap() error { return r.err }

// doWork does what is due for r and ends the lease.
func (w *Worker) doWork(ctx context.Context, r approval.Request) {
	err := isolate.SafelyDo(func() error { return w.work(ctx, r) })
	var at time.Time
	panics := w.countPanics(r.ID, err)
	later, isRetry := errors.AsType[*retry](err)
	switch {
	case panics > 0:
		at = w.Now().Add(approval.Backoff(panics))
		w.logPanic("the work on a request panicked: it is set aside", r.ID, err, "state", r.State, "again_in", approval.Backoff(panics).String())
	case err == nil, errors.Is(err, approval.ErrConflict): // the request was changed meanwhile: its row says what is due now
	case isRetry:
		at = w.Now().Add(later.after)
		w.Log.Warn("working on a request, to be tried again", "request", r.ID, "state", r.State, "after", later.after.String(), "error", err)
	default:
		at = w.Now().Add(approval.Backoff(1))
		w.Log.Error("working on a request", "request", r.ID, "state", r.State, "error", err)
	}
	w.releaseWork(ctx, r, at)
}

// releaseWork ends the lease of r. A non-zero at says when r is due again, if it is still
// the same version.
func (w *Worker) releaseWork(ctx context.Context, r approval.Request, at time.Time) {
	if err := w.Store.ReleaseWork(ctx, r.ID, r.Version, at); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// countPanics counts consecutive panics of the work on a request, so that the pause
// between them grows.
func (w *Worker) countPanics(id policy.ID, err error) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, panicked := errors.AsType[*isolate.PanicError](err); !panicked {
		delete(w.panics, id)
		return 0
	}
	w.panics[id]++
	return w.panics[id]
}

// logPanic logs the stack of a panic, if err is one.
func (w *Worker) logPanic(what string, id policy.ID, err error, more ...any) {
	if p, panicked := errors.AsType[*isolate.PanicError](err); panicked {
		w.Log.Error(what, append([]any{"request", id, "stack", p.Stack}, more...)...)
	}
}

func (w *Worker) work(ctx context.Context, r approval.Request) error {
	if r.Cascade != "" {
		return w.cascade(ctx, r)
	}
	now := w.Now()
	org, err := w.Orgs.Find(r.Org)
	if err != nil {
		return w.processUnconfigured(ctx, r, err)
	}
	switch due := r.StateDueAt(); {
	case r.IsSearchDue(now) && (due.IsZero() || due.After(now)):
		return w.searchOrphans(ctx, r)
	case due.IsZero(), due.After(now) && !slices.Contains(approval.ShortWaits, r.State):
		return &retry{r.WorkAt().Sub(now), errNotDue}
	}
	switch r.State {
	case approval.StatePending:
		return w.processPending(ctx, r, org.Policy)
	case approval.StateApproved:
		return w.expire(ctx, r)
	case approval.StateActive:
		return w.processActive(ctx, r)
	case approval.StateApplying:
		return w.apply(ctx, r)
	case approval.StateIssuing:
		return w.issue(ctx, r)
	case approval.StateDelivered:
		return w.checkConfirmation(ctx, r)
	case approval.StateRevoking:
		return w.deleteKey(ctx, r)
	}
	return &retry{r.WorkAt().Sub(now), errNotDue}
}

// errNotDue says that a request was claimed before its time, as happens if the clock goes
// back at that moment.
var errNotDue = errors.New("nothing is due yet")

// policyOf returns the policy of an organization. One that is not configured any
// more has none.
func (w *Worker) policyOf(id policy.OrgID) policy.Policy {
	org, _ := w.Orgs.Find(id)
	return org.Policy
}

// move stores a step of the worker's own, unless err refused it. It returns the
// request as stored, or r if it was not.
func (w *Worker) move(ctx context.Context, r approval.Request, step approval.Step, err error) (approval.Request, error) {
	if err != nil {
		return r, err
	}
	stored, err := w.Store.Move(ctx, step.Next, step.Entry)
	if err != nil {
		return r, err
	}
	w.Log.Info("request moved", "request", r.ID, "event", step.Entry.Event, "from", step.Entry.From, "to", step.Entry.To, "note", step.Entry.Note)
	return stored, nil
}
