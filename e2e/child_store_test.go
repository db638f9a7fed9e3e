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

// A fate is where a child dies by itself: at the nth commit of a name.
type fate struct {
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

// A talliedStore counts the commits of a store by name, knows when nothing is
// in hand, and lets a fate come true. It embeds nothing, so that a method that
// is new has to be counted.
type talliedStore struct {
	inner approval.Store
	fate  fate
	jump  func(time.Duration) // moves the clock

	mu       sync.Mutex
	counts   map[string]int
	full     int // so many commits fail from now on
	leases   map[lease]bool
	inFlight int  // leases that were not released, and one that is being taken
	held     bool // nothing is claimed for a moment
	changes  int  // after each of which the worker reads what is due
	checked  int  // changes as of its last reading
	due      time.Time
}

var _ approval.Store = (*talliedStore)(nil)

// commit does what commits, under a name.
func (s *talliedStore) commit(name string, do func() error) error {
	fated := s.count(name)
	if fated && s.fate.How == killedBefore {
		die()
	}
	if fated && s.fate.How == diskFull || s.isFull() {
		return fmt.Errorf("committing: %w", errDiskFull)
	}
	err := do()
	if fated && s.fate.How == killedAfter {
		die()
	}
	if fated && s.fate.How == clockJumps {
		s.jump(s.fate.Jump)
	}
	return err
}

// isFull reports whether the disk is still full, of which this commit is one.
func (s *talliedStore) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full--
	return s.full >= 0
}

// count reports whether this is the commit at which something happens.
func (s *talliedStore) count(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
	fated := s.fate.Commit == name && s.fate.Nth == s.counts[name]
	if fated && s.fate.How == diskStaysFull {
		s.full = fullFor
	}
	return fated
}

// die is what kill -9 does.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	select {}
}

// claim counts a lease that is taken. That nothing was due is no commit, and
// while the clock is held nothing is.
func (s *talliedStore) claim(name string, take func() (approval.Request, error)) (approval.Request, error) {
	if !s.begins() {
		return approval.Request{}, approval.ErrNothingDue
	}
	r, err := take()
	if err != nil {
		s.add(-1, 0)
		return r, err
	}
	s.leased(lease{name, r.ID})
	if fated := s.count(name); fated && s.fate.How == killedAfter {
		die()
	} else if fated && s.fate.How == clockJumps {
		s.jump(s.fate.Jump)
	}
	return r, nil
}

// A lease is a request that is in hand for something.
type lease struct {
	claim string
	id    policy.ID
}

// leased counts a lease. One that the clock ended early can be taken twice.
func (s *talliedStore) leased(l lease) {
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

func (s *talliedStore) begins() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		s.inFlight++
	}
	return !s.held
}

func (s *talliedStore) add(inHand, changes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight += inHand
	s.changes += changes
}

// hold keeps work from being begun until the clock was moved, unless some is in
// hand: that would seem to take hours, and its lease to be over.
func (s *talliedStore) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = s.inFlight == 0
	return s.held
}

func (s *talliedStore) letGo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
}

// released ends a lease.
func (s *talliedStore) released(l lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	if s.leases[l] {
		s.inFlight--
	}
	delete(s.leases, l)
}

// stir says that what is due has to be read again.
func (s *talliedStore) stir() { s.add(0, 1) }

// stirIf is for changes after which somebody wakes the worker, if they worked.
func (s *talliedStore) stirIf(err error) {
	if err == nil {
		s.stir()
	}
}

// rest reports whether nothing is in hand or due, and when something will be.
func (s *talliedStore) rest(now time.Time) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due, s.inFlight == 0 && s.checked == s.changes && (s.due.IsZero() || s.due.After(now))
}

func (s *talliedStore) tally() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

func (s *talliedStore) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (created approval.Request, err error) {
	err = s.commit("create", func() error { created, err = s.inner.Create(ctx, r, e); return err })
	s.stirIf(err)
	return created, err
}

func (s *talliedStore) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (moved approval.Request, err error) {
	err = s.commit("move: "+string(e.Event), func() error { moved, err = s.inner.Move(ctx, next, e); return err })
	s.stirIf(err)
	return moved, err
}

func (s *talliedStore) Record(ctx context.Context, e approval.AuditEntry) error {
	return s.commit("record: "+string(e.Event), func() error { return s.inner.Record(ctx, e) })
}

func (s *talliedStore) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	return s.claim("claim work", func() (approval.Request, error) { return s.inner.ClaimWork(ctx, now, until, in...) })
}

func (s *talliedStore) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	defer s.released(lease{"claim work", id})
	return s.commit("release work", func() error { return s.inner.ReleaseWork(ctx, id, version, at) })
}

func (s *talliedStore) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return s.claim("claim drawing", func() (approval.Request, error) { return s.inner.ClaimSync(ctx, now, until) })
}

func (s *talliedStore) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	defer s.released(lease{"claim drawing", id})
	return s.commit("release drawing", func() error { return s.inner.ReleaseSync(ctx, id, version, at) })
}

func (s *talliedStore) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return s.commit("drawn: "+string(name), func() error { return s.inner.SaveMessageRef(ctx, id, name, at) })
}

func (s *talliedStore) NextDue(ctx context.Context) (time.Time, error) {
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

func (s *talliedStore) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	return s.inner.Get(ctx, id)
}

func (s *talliedStore) ListByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return s.inner.ListByRequester(ctx, user)
}

func (s *talliedStore) PageByRequester(ctx context.Context, user policy.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	return s.inner.PageByRequester(ctx, user, at, limit)
}

func (s *talliedStore) Audit(ctx context.Context, yield func(approval.AuditEntry) error) error {
	return s.inner.Audit(ctx, yield)
}

func (s *talliedStore) Successors(ctx context.Context, id policy.ID) ([]approval.Request, error) {
	return s.inner.Successors(ctx, id)
}

func (s *talliedStore) ByOrigin(ctx context.Context, origin string) (approval.Request, error) {
	return s.inner.ByOrigin(ctx, origin)
}

func (s *talliedStore) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	return s.inner.Usage(ctx, user, org, since)
}

func (s *talliedStore) OpenByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return s.inner.OpenByRequester(ctx, user)
}

func (s *talliedStore) ListActive(ctx context.Context) ([]approval.Request, error) {
	return s.inner.ListActive(ctx)
}

func (s *talliedStore) ListPending(ctx context.Context) ([]approval.Request, error) {
	return s.inner.ListPending(ctx)
}

func (s *talliedStore) AwaitingReview(ctx context.Context) ([]approval.Request, error) {
	return s.inner.AwaitingReview(ctx)
}
