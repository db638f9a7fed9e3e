package approvaltest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Get implements [approval.Store].
func (m *Memory) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	var got approval.Request
	isDamaged := false
	err := m.with(ctx, id, func(r *row) { got, isDamaged = deepCopy(r.Request), r.isDamaged })
	if isDamaged {
		return approval.Request{}, approval.ErrUnreadable
	}
	return got, err
}

// ListByRequester implements [approval.Store].
func (m *Memory) ListByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	var theirs []approval.Request
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			if r.Requester == user && !r.isDamaged {
				theirs = append(theirs, deepCopy(r.Request))
			}
		}
		return nil
	})
	slices.SortStableFunc(theirs, func(a, b approval.Request) int { return b.RequestedAt.Compare(a.RequestedAt) })
	return theirs[:min(len(theirs), policy.MaxListed)], err
}

// PageByRequester implements [approval.Store].
func (m *Memory) PageByRequester(ctx context.Context, user policy.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	theirs, err := m.those(ctx, func(r approval.Request) bool { return r.Requester == user })
	byPlace := func(a, b approval.Request) int {
		return cmp.Or(b.RequestedAt.Truncate(time.Millisecond).Compare(a.RequestedAt.Truncate(time.Millisecond)), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(theirs, byPlace)
	if at.RequestedAt.IsZero() {
		return theirs[:min(len(theirs), limit)], len(theirs) > limit, err
	}
	place := approval.Request{RequestedAt: at.RequestedAt, ID: at.ID}
	if at.Newer {
		theirs = slices.DeleteFunc(theirs, func(r approval.Request) bool { return byPlace(r, place) >= 0 })
		return theirs[max(0, len(theirs)-limit):], len(theirs) > limit, err
	}
	theirs = slices.DeleteFunc(theirs, func(r approval.Request) bool { return byPlace(r, place) <= 0 })
	return theirs[:min(len(theirs), limit)], len(theirs) > limit, err
}

// OpenByRequester implements [approval.Store].
func (m *Memory) OpenByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	open, err := m.those(ctx, func(r approval.Request) bool { return r.Requester == user && !r.State.Final() })
	slices.SortStableFunc(open, func(a, b approval.Request) int { return b.RequestedAt.Compare(a.RequestedAt) })
	return open[:min(len(open), policy.MaxListed)], err
}

// ByIdempotencyKey implements [approval.Store].
func (m *Memory) ByIdempotencyKey(ctx context.Context, key string) (approval.Request, error) {
	found, err := m.those(ctx, func(r approval.Request) bool { return r.IdempotencyKey == key })
	if err == nil && len(found) == 0 {
		return approval.Request{}, approval.ErrNotFound
	}
	if err != nil {
		return approval.Request{}, err
	}
	return found[0], nil
}

// Usage implements [approval.Store]. It copies no request: every form counts.
func (m *Memory) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	var t policy.Usage
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			if r.Requester == user && !r.isDamaged {
				count(&t, r.Request, org, since)
			}
		}
		return nil
	})
	return t, err
}

func count(t *policy.Usage, r approval.Request, org policy.OrgID, since time.Time) {
	t.Any = true
	isLive, isHere := r.State == approval.StateDelivered || r.State == approval.StateActive, r.Org == org
	if isLive {
		t.Held++
	}
	if isLive && isHere {
		t.ActiveKeys++
	}
	if isHere && slices.Contains(approval.OpenStates, r.State) {
		t.Open++
		if r.Type == approval.NewKey {
			t.Coming++
		}
	}
	if isHere && toMillis(r.RequestedAt).After(toMillis(since)) {
		t.Recent++
	}
}

// Successors implements [approval.Store].
func (m *Memory) Successors(ctx context.Context, id policy.ID) ([]approval.Request, error) {
	var found []approval.Request
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			switch isOne := id != "" && r.ParentID == id && r.Type == approval.Rotation; {
			case isOne && r.isDamaged:
				return approval.ErrUnreadable
			case isOne:
				found = append(found, deepCopy(r.Request))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b approval.Request) int { return a.RequestedAt.Compare(b.RequestedAt) })
	return found, nil
}

// ListActive implements [approval.Store].
func (m *Memory) ListActive(ctx context.Context) ([]approval.Request, error) {
	return m.in(ctx, approval.StateDelivered, approval.StateActive)
}

// PageActive implements [approval.Store].
func (m *Memory) PageActive(ctx context.Context, which approval.KeySearch, skip, limit int) ([]approval.Request, int, error) {
	var damaged int
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			if r.isDamaged && isActive(r.Request) && which.Finds(r.Request) {
				damaged++
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	found, err := m.those(ctx, func(r approval.Request) bool { return isActive(r) && which.Finds(r) })
	slices.SortFunc(found, oldestFirst)
	n := len(found)
	return found[min(skip, n):min(skip+limit, n)], n + damaged, err
}

func isActive(r approval.Request) bool {
	return r.State == approval.StateDelivered || r.State == approval.StateActive
}

// oldestFirst orders requests of one time by ID.
func oldestFirst(a, b approval.Request) int {
	return cmp.Or(toMillis(a.RequestedAt).Compare(toMillis(b.RequestedAt)), cmp.Compare(a.ID, b.ID))
}

// PagePending implements [approval.Store].
func (m *Memory) PagePending(ctx context.Context, after approval.Cursor, limit int) ([]approval.Request, bool, error) {
	place := approval.Request{RequestedAt: after.RequestedAt, ID: after.ID}
	found, err := m.those(ctx, func(r approval.Request) bool {
		return r.State == approval.StatePending && (after.RequestedAt.IsZero() || oldestFirst(r, place) > 0)
	})
	slices.SortFunc(found, oldestFirst)
	return found[:min(len(found), limit)], len(found) > limit, err
}

// ListPending implements [approval.Store].
func (m *Memory) ListPending(ctx context.Context) ([]approval.Request, error) {
	return m.in(ctx, approval.StatePending)
}

// AwaitingReview implements [approval.Store].
func (m *Memory) AwaitingReview(ctx context.Context) ([]approval.Request, error) {
	return m.those(ctx, func(r approval.Request) bool { return r.BreakGlass && r.Review.By == "" })
}

func (m *Memory) in(ctx context.Context, states ...approval.State) ([]approval.Request, error) {
	return m.those(ctx, func(r approval.Request) bool { return slices.Contains(states, r.State) })
}

func (m *Memory) those(ctx context.Context, are func(approval.Request) bool) ([]approval.Request, error) {
	var found []approval.Request
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			if are(r.Request) && !r.isDamaged {
				found = append(found, deepCopy(r.Request))
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b approval.Request) int { return a.RequestedAt.Compare(b.RequestedAt) })
	return found, err
}

// Record implements [approval.Store].
func (m *Memory) Record(ctx context.Context, e approval.AuditEntry) error {
	return m.locked(ctx, func() error { return m.note(e) })
}

func (m *Memory) note(e approval.AuditEntry) error {
	if e.At.IsZero() {
		return errors.New("adding to the audit trail: the entry has no time")
	}
	var last approval.AuditEntry
	if len(m.audit) > 0 {
		last = m.audit[len(m.audit)-1]
	}
	e.Seq = last.Seq + 1
	m.audit = append(m.audit, e.Linked(last.Hash))
	return nil
}

// Audit implements [approval.Store].
func (m *Memory) Audit(ctx context.Context, yield func(approval.AuditEntry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range m.Entries() {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// Entries returns the audit trail so far.
func (m *Memory) Entries() []approval.AuditEntry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.audit)
}
