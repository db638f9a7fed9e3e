package approvaltest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Memory is a Store that forgets everything with its end. It passes
// [ExerciseStore] like every other. The zero value is empty and ready.
type Memory struct {
	// onMove, if set, is asked before each Move and Create whether to apply it
	// and what to return. (true, err) is the nasty case: it happened, but the
	// caller is told that it did not. It may use the store.
	onMove func(approval.AuditEntry) (apply bool, err error)

	mu    sync.Mutex
	rows  []*row // in the order of their making
	audit []approval.AuditEntry
}

// A row is a request with what is due for it.
type row struct {
	approval.Request
	work, sync dueTime
	isDamaged  bool // nothing of it can be read
}

// A dueTime is due at a time, or never, and may be leased.
type dueTime struct{ at, until time.Time }

var _ approval.Store = (*Memory)(nil)

// Create implements [approval.Store].
func (m *Memory) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (approval.Request, error) {
	return m.hooked(ctx, e, func() (approval.Request, error) {
		if i := slices.IndexFunc(m.rows, func(o *row) bool { return o.IdempotencyKey == r.IdempotencyKey }); i >= 0 {
			return deepCopy(m.rows[i].Request), approval.ErrDuplicate
		}
		if m.find(r.ID) != nil {
			return approval.Request{}, approval.ErrIDTaken
		}
		if err := m.note(e); err != nil {
			return approval.Request{}, err
		}
		r.Version = 1
		r.MessageRefs = nil
		made := &row{}
		m.rows = append(m.rows, made)
		return made.store(r, e), nil
	})
}

// Move implements [approval.Store].
func (m *Memory) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (approval.Request, error) {
	return m.hooked(ctx, e, func() (approval.Request, error) {
		there := m.find(next.ID)
		switch {
		case there == nil:
			return approval.Request{}, approval.ErrNotFound
		case there.State != e.From || there.Version != next.Version:
			return deepCopy(there.Request), approval.ErrConflict
		}
		if err := m.note(e); err != nil {
			return approval.Request{}, err
		}
		next.Version++
		next.MessageRefs = maps.Clone(there.MessageRefs)
		maps.DeleteFunc(next.MessageRefs, func(m approval.MessageName, _ approval.MessageRef) bool { return !slices.Contains(next.Messages, m) })
		return there.store(next, e), nil
	})
}

// store keeps r and returns it; every message of it is due.
func (w *row) store(r approval.Request, e approval.AuditEntry) approval.Request {
	w.Request, w.isDamaged = deepCopy(r), false
	w.work.at = w.WorkAt()
	w.sync.at = toMillis(w.SyncAt(e.At))
	return deepCopy(w.Request)
}

// SetOnMove has hook asked before each Move and Create whether to apply it and
// what to answer. nil: each is applied.
func (m *Memory) SetOnMove(hook func(approval.AuditEntry) (apply bool, err error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onMove = hook
}

// hooked asks onMove, and applies what it says under the lock.
func (m *Memory) hooked(ctx context.Context, e approval.AuditEntry, apply func() (approval.Request, error)) (approval.Request, error) {
	if err := ctx.Err(); err != nil {
		return approval.Request{}, err
	}
	isApplied, told := true, error(nil)
	if m.onMove != nil {
		isApplied, told = m.onMove(e)
	}
	if !isApplied {
		return approval.Request{}, cmp.Or(told, errors.New("lost by the script"))
	}
	var stored approval.Request
	err := m.locked(ctx, func() (err error) {
		stored, err = apply()
		return err
	})
	if told != nil {
		return approval.Request{}, told
	}
	return stored, err
}

// locked calls do under the lock, unless ctx has ended.
func (m *Memory) locked(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return do()
}

// with calls do under the lock with the request that id names.
func (m *Memory) with(ctx context.Context, id policy.ID, do func(*row)) error {
	return m.locked(ctx, func() error {
		r := m.find(id)
		if r == nil {
			return approval.ErrNotFound
		}
		do(r)
		return nil
	})
}

// Damage implements [Damager].
func (m *Memory) Damage(ctx context.Context, id policy.ID) error {
	return m.with(ctx, id, func(r *row) { r.isDamaged = true })
}

func (m *Memory) find(id policy.ID) *row {
	if i := slices.IndexFunc(m.rows, func(r *row) bool { return r.ID == id }); i >= 0 {
		return m.rows[i]
	}
	return nil
}
