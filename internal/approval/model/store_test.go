package model_test

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// guardedStore is the store as a process has it: it fails in pairs, and with
// the process's end for good. Changes are made one after the other, so that
// each can be looked at when it is made.
type guardedStore struct{ p *process }

var _ approval.Store = guardedStore{}

// The methods of a store, for its faults.
const (
	onCreate, onMove, onRecord, onGet      = "Create", "Move", "Record", "Get"
	onClaimWork, onReleaseWork             = "ClaimWork", "ReleaseWork"
	onClaimDrawing, onDrawn, onReleaseDraw = "ClaimDrawing", "Drawn", "ReleaseDrawing"
	onNextDue, onMine, onLive, onAuditRead = "NextDue", "ByRequester", "Live", "Audit"
)

var storeMethods = []string{
	onCreate, onMove, onMove, onMove, onRecord, onGet, onClaimWork, onReleaseWork,
	onClaimDrawing, onDrawn, onReleaseDraw, onNextDue, onLive,
}

func stored[T any](g guardedStore, method string, happen func(approval.Store) (T, error)) (T, error) {
	var none, got T
	var err error
	fails, applied := g.p.run.faults.ofStore(method)
	crashed := g.p.call(method, func() {
		if !fails || applied {
			got, err = happen(g.p.run.store)
		}
	})
	switch {
	case crashed != nil:
		return none, crashed
	case fails:
		return none, errDisk
	}
	return got, err
}

type nothing = struct{}

func (g guardedStore) done(method string, happen func(approval.Store) error) error {
	_, err := stored(g, method, func(s approval.Store) (nothing, error) { return nothing{}, happen(s) })
	return err
}

func (g guardedStore) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (approval.Request, error) {
	return stored(g, onCreate, func(s approval.Store) (approval.Request, error) {
		g.p.run.storing.Lock()
		defer g.p.run.storing.Unlock()
		created, err := s.Create(ctx, r, e)
		if err == nil {
			g.p.run.created(created, e)
		}
		return created, err
	})
}

func (g guardedStore) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	return stored(g, onGet, func(s approval.Store) (approval.Request, error) { return s.Get(ctx, id) })
}

func (g guardedStore) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (approval.Request, error) {
	g.p.run.write("%s: %s %s -> %s, %s", e.Request, e.From, e.Event, e.To, e.Note)
	return stored(g, onMove, func(s approval.Store) (approval.Request, error) {
		g.p.run.storing.Lock()
		defer g.p.run.storing.Unlock()
		was := g.p.run.last(next.ID)
		is, err := s.Move(ctx, next, e)
		if err == nil {
			g.p.run.moved(was, is, e)
		}
		return is, err
	})
}

func (g guardedStore) Record(ctx context.Context, e approval.AuditEntry) error {
	return g.done(onRecord, func(s approval.Store) error { return s.Record(ctx, e) })
}

func (g guardedStore) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	return stored(g, onClaimWork, func(s approval.Store) (approval.Request, error) { return s.ClaimWork(ctx, now, until, in...) })
}

func (g guardedStore) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	return g.done(onReleaseWork, func(s approval.Store) error { return s.ReleaseWork(ctx, id, version, at) })
}

func (g guardedStore) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return stored(g, onClaimDrawing, func(s approval.Store) (approval.Request, error) { return s.ClaimSync(ctx, now, until) })
}

func (g guardedStore) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return g.done(onDrawn, func(s approval.Store) error { return s.SaveMessageRef(ctx, id, name, at) })
}

func (g guardedStore) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[approval.MessageName]string) error {
	return g.done(onReleaseDraw, func(s approval.Store) error { return s.ReleaseSync(ctx, id, version, at, updated) })
}

func (g guardedStore) NextDue(ctx context.Context) (time.Time, error) {
	return stored(g, onNextDue, func(s approval.Store) (time.Time, error) { return s.NextDue(ctx) })
}

func (g guardedStore) ListByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return stored(g, onMine, func(s approval.Store) ([]approval.Request, error) { return s.ListByRequester(ctx, user) })
}

func (g guardedStore) PageByRequester(ctx context.Context, user policy.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	more := false
	found, err := stored(g, onMine, func(s approval.Store) (found []approval.Request, err error) {
		found, more, err = s.PageByRequester(ctx, user, at, limit)
		return found, err
	})
	return found, more, err
}

func (g guardedStore) Successors(ctx context.Context, id policy.ID) ([]approval.Request, error) {
	return stored(g, onLive, func(s approval.Store) ([]approval.Request, error) { return s.Successors(ctx, id) })
}

func (g guardedStore) ByIdempotencyKey(ctx context.Context, key string) (approval.Request, error) {
	return stored(g, onGet, func(s approval.Store) (approval.Request, error) { return s.ByIdempotencyKey(ctx, key) })
}

func (g guardedStore) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	return stored(g, onMine, func(s approval.Store) (policy.Usage, error) { return s.Usage(ctx, user, org, since) })
}

func (g guardedStore) OpenByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return stored(g, onMine, func(s approval.Store) ([]approval.Request, error) { return s.OpenByRequester(ctx, user) })
}

func (g guardedStore) ListActive(ctx context.Context) ([]approval.Request, error) {
	return stored(g, onLive, func(s approval.Store) ([]approval.Request, error) { return s.ListActive(ctx) })
}

func (g guardedStore) PageActive(ctx context.Context, which approval.KeySearch, skip, limit int) (found []approval.Request, total int, err error) {
	found, err = stored(g, onLive, func(s approval.Store) (found []approval.Request, err error) {
		found, total, err = s.PageActive(ctx, which, skip, limit)
		return found, err
	})
	return found, total, err
}

func (g guardedStore) PagePending(ctx context.Context, after approval.Cursor, limit int) (found []approval.Request, more bool, err error) {
	found, err = stored(g, onLive, func(s approval.Store) (found []approval.Request, err error) {
		found, more, err = s.PagePending(ctx, after, limit)
		return found, err
	})
	return found, more, err
}

func (g guardedStore) ListPending(ctx context.Context) ([]approval.Request, error) {
	return stored(g, onLive, func(s approval.Store) ([]approval.Request, error) { return s.ListPending(ctx) })
}

func (g guardedStore) AwaitingReview(ctx context.Context) ([]approval.Request, error) {
	return stored(g, onLive, func(s approval.Store) ([]approval.Request, error) { return s.AwaitingReview(ctx) })
}

func (g guardedStore) Audit(ctx context.Context, yield func(approval.AuditEntry) error) error {
	return g.done(onAuditRead, func(s approval.Store) error { return s.Audit(ctx, yield) })
}
