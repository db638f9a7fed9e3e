package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A crashPoint is where a process dies by itself: at the nth commit of a name.
type crashPoint struct {
	Commit string `json:"commit"`
	Nth    int    `json:"nth"` // from 1
	How    string `json:"how"`

	Jump time.Duration `json:"jump,omitempty"` // of the clock, for clockJumps
}

// How a commit can go wrong.
const (
	killedBefore = "killed before"
	killedAfter  = "killed after"
	diskFull     = "the disk is full" // nothing is kept, and the bot is told

	diskStaysFull = "the disk stays full" // the same of [fullFor] commits in a row
	clockJumps    = "the clock jumps"
)

const fullFor = 6

var errDiskFull = errors.New("database or disk is full")

// A countingStore counts the commits of a store by name, knows when nothing is
// in hand, and lets a crash point take effect. It embeds nothing, so that a method that
// is new has to be counted.
type countingStore struct {
	inner      approval.Store
	crashPoint crashPoint
	jump       func(time.Duration) // moves the clock

	mu       sync.Mutex
	counts   map[string]int
	full     int // so many commits fail from now on
	leases   map[lease]bool
	inFlight int                 // leases that were not released, and one that is being taken
	held     bool                // nothing is claimed for a moment
	changes  int                 // after each of which the worker reads what is due
	checked  int                 // changes as of its last reading
	unsynced map[policy.ID]int64 // the versions whose messages are due, also under a lease
	due      time.Time
}

var _ approval.Store = (*countingStore)(nil)

// commit does what commits, under a name.
func (s *countingStore) commit(name string, do func() error) error {
	fated := s.count(name)
	if fated && s.crashPoint.How == killedBefore {
		killSelf()
	}
	if fated && s.crashPoint.How == diskFull || s.isFull() {
		return fmt.Errorf("committing: %w", errDiskFull)
	}
	err := do()
	if fated && s.crashPoint.How == killedAfter {
		killSelf()
	}
	if fated && s.crashPoint.How == clockJumps {
		s.jump(s.crashPoint.Jump)
	}
	return err
}

// isFull reports whether the disk is still full, of which this commit is one.
func (s *countingStore) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full--
	return s.full >= 0
}

// count reports whether this is the commit at which something happens.
func (s *countingStore) count(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
	fated := s.crashPoint.Commit == name && s.crashPoint.Nth == s.counts[name]
	if fated && s.crashPoint.How == diskStaysFull {
		s.full = fullFor
	}
	return fated
}

// killSelf is what kill -9 does.
func killSelf() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	select {}
}

// claim counts a lease that is taken. That nothing was due is no commit, and
// while the clock is held nothing is.
func (s *countingStore) claim(name string, take func() (approval.Request, error)) (approval.Request, error) {
	if !s.begins() {
		return approval.Request{}, approval.ErrNothingDue
	}
	r, err := take()
	if err != nil {
		s.add(-1, 0)
		return r, err
	}
	s.leased(lease{name, r.ID})
	if fated := s.count(name); fated && s.crashPoint.How == killedAfter {
		killSelf()
	} else if fated && s.crashPoint.How == clockJumps {
		s.jump(s.crashPoint.Jump)
	}
	return r, nil
}

// A lease is a request that is in hand for something.
type lease struct {
	claim string
	id    policy.ID
}

// leased counts a lease. One that the clock ended early can be taken twice.
func (s *countingStore) leased(l lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	if s.leases[l] {
		s.inFlight--
	}
	if s.leases == nil {
		s.leases = map[lease]bool{}
	}
	s.leases[l] = true
}

func (s *countingStore) begins() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		s.inFlight++
	}
	return !s.held
}

func (s *countingStore) add(inHand, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight += inHand
	s.changes += changes
}

// hold keeps work from being begun until the clock was moved, unless some is in
// hand: that would seem to take hours, and its lease to be over.
func (s *countingStore) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = s.inFlight == 0
	return s.held
}

func (s *countingStore) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
}

// released ends a lease, also in the memory of a bot that could not store that. A
// release without a lease makes messages due, and the worker is woken if it worked.
func (s *countingStore) released(l lease, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[l] {
		s.inFlight--
		s.changes++
	} else if err == nil {
		s.changes++
	}
	delete(s.leases, l)
}

// owes notes that the messages of r are due.
func (s *countingStore) owes(r approval.Request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsynced == nil {
		s.unsynced = map[policy.ID]int64{}
	}
	if err == nil && len(r.Messages) > 0 {
		s.unsynced[r.ID] = max(s.unsynced[r.ID], r.Version)
	}
}

// synced notes that the messages of a version are in sync.
func (s *countingStore) synced(id policy.ID, version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsynced[id] == version {
		delete(s.unsynced, id)
	}
}

func (s *countingStore) isSynced(id policy.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, isDue := s.unsynced[id]
	return !isDue
}

// changed says that what is due has to be read again.
func (s *countingStore) changed() { s.add(0, 1) }

// changedIf is for changes after which a user wakes the worker, if they worked.
func (s *countingStore) changedIf(err error) {
	if err == nil {
		s.changed()
	}
}

// moment is how long what is due soon is waited for, rather than that the clock is moved:
// messages about what may change at once wait for less.
const moment = 400 * time.Millisecond

// idle reports whether nothing is in hand or due in a moment, and when something will be.
func (s *countingStore) idle(now time.Time) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due, s.inFlight == 0 && s.checked == s.changes && (s.due.IsZero() || s.due.After(now.Add(moment)))
}

func (s *countingStore) stats() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

func (s *countingStore) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (created approval.Request, err error) {
	err = s.commit("create", func() error { created, err = s.inner.Create(ctx, r, e); s.owes(created, err); return err })
	s.changedIf(err)
	return created, err
}

func (s *countingStore) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (moved approval.Request, err error) {
	err = s.commit("move: "+string(e.Event), func() error { moved, err = s.inner.Move(ctx, next, e); s.owes(moved, err); return err })
	s.changedIf(err)
	return moved, err
}

func (s *countingStore) Record(ctx context.Context, e approval.AuditEntry) error {
	return s.commit("record: "+string(e.Event), func() error { return s.inner.Record(ctx, e) })
}

func (s *countingStore) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	return s.claim("claim work", func() (approval.Request, error) { return s.inner.ClaimWork(ctx, now, until, in...) })
}

func (s *countingStore) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) (err error) {
	defer func() { s.released(lease{"claim work", id}, err) }()
	return s.commit("release work", func() error { return s.inner.ReleaseWork(ctx, id, version, at) })
}

func (s *countingStore) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return s.claim("claim sync", func() (approval.Request, error) {
		r, err := s.inner.ClaimSync(ctx, now, until)
		s.owes(r, err)
		return r, err
	})
}

func (s *countingStore) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[approval.MessageName]string) (err error) {
	defer func() { s.released(lease{"claim sync", id}, err) }()
	return s.commit("release sync", func() error {
		err := s.inner.ReleaseSync(ctx, id, version, at, updated)
		if err == nil && at.IsZero() {
			s.synced(id, version)
		}
		return err
	})
}

func (s *countingStore) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return s.commit("posted: "+string(name), func() error { return s.inner.SaveMessageRef(ctx, id, name, at) })
}

func (s *countingStore) NextDue(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	changes := s.changes
	s.mu.Unlock()
	due, err := s.inner.NextDue(ctx)
	if err == nil {
		s.mu.Lock()
		s.checked, s.due = changes, due
		s.mu.Unlock()
	}
	return due, err
}

func (s *countingStore) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	return s.inner.Get(ctx, id)
}

func (s *countingStore) ListByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return s.inner.ListByRequester(ctx, user)
}

func (s *countingStore) PageByRequester(ctx context.Context, user policy.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	return s.inner.PageByRequester(ctx, user, at, limit)
}

func (s *countingStore) Audit(ctx context.Context, yield func(approval.AuditEntry) error) error {
	return s.inner.Audit(ctx, yield)
}

func (s *countingStore) Successors(ctx context.Context, id policy.ID) ([]approval.Request, error) {
	return s.inner.Successors(ctx, id)
}

func (s *countingStore) ByIdempotencyKey(ctx context.Context, key string) (approval.Request, error) {
	return s.inner.ByIdempotencyKey(ctx, key)
}

func (s *countingStore) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	return s.inner.Usage(ctx, user, org, since)
}

func (s *countingStore) OpenByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return s.inner.OpenByRequester(ctx, user)
}

func (s *countingStore) ListActive(ctx context.Context) ([]approval.Request, error) {
	return s.inner.ListActive(ctx)
}

func (s *countingStore) PageActive(ctx context.Context, which approval.KeySearch, skip, limit int) ([]approval.Request, int, error) {
	return s.inner.PageActive(ctx, which, skip, limit)
}

func (s *countingStore) PagePending(ctx context.Context, after approval.Cursor, limit int) ([]approval.Request, bool, error) {
	return s.inner.PagePending(ctx, after, limit)
}

func (s *countingStore) ListPending(ctx context.Context) ([]approval.Request, error) {
	return s.inner.ListPending(ctx)
}

func (s *countingStore) AwaitingReview(ctx context.Context) ([]approval.Request, error) {
	return s.inner.AwaitingReview(ctx)
}
