package approvaltest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// Get implements [approval.Store].
func (m *Memory) Get(ctx context.Context, id approval.ID) (approval.Request, error) {
	var got approval.Request
	isDamaged := false
	err := m.with(ctx, id, func(r *row) { got, isDamaged = deepCopy(r.Request), r.isDamaged })
	if isDamaged {
		return approval.Request{}, approval.ErrUnreadable
	}
	return got, err
}

// ByRequester implements [approval.Store].
func (m *Memory) ByRequester(ctx context.Context, user approval.UserID) ([]approval.Request, error) {
	var theirs []approval.Request
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			if r.Requester == user && !r.isDamaged {
				theirs = append(theirs, deepCopy(r.Request))
			}
		}
		return nil
	})
	slices.SortStableFunc(theirs, func(a, b approval.Request) int { return b.AskedAt.Compare(a.AskedAt) })
	return theirs[:min(len(theirs), approval.MaxListed)], err
}

// PageByRequester implements [approval.Store].
func (m *Memory) PageByRequester(ctx context.Context, user approval.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	theirs, err := m.those(ctx, func(r approval.Request) bool { return r.Requester == user })
	byPlace := func(a, b approval.Request) int {
		return cmp.Or(b.AskedAt.Truncate(time.Millisecond).Compare(a.AskedAt.Truncate(time.Millisecond)), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(theirs, byPlace)
	if at.AskedAt.IsZero() {
		return theirs[:min(len(theirs), limit)], len(theirs) > limit, err
	}
	place := approval.Request{AskedAt: at.AskedAt, ID: at.ID}
	if at.Newer {
		theirs = slices.DeleteFunc(theirs, func(r approval.Request) bool { return byPlace(r, place) >= 0 })
		return theirs[max(0, len(theirs)-limit):], len(theirs) > limit, err
	}
	theirs = slices.DeleteFunc(theirs, func(r approval.Request) bool { return byPlace(r, place) <= 0 })
	return theirs[:min(len(theirs), limit)], len(theirs) > limit, err
}

// OpenByRequester implements [approval.Store].
func (m *Memory) OpenByRequester(ctx context.Context, user approval.UserID) ([]approval.Request, error) {
	open, err := m.those(ctx, func(r approval.Request) bool { return r.Requester == user && !r.State.Final() })
	slices.SortStableFunc(open, func(a, b approval.Request) int { return b.AskedAt.Compare(a.AskedAt) })
	return open[:min(len(open), approval.MaxListed)], err
}

// ByOrigin implements [approval.Store].
func (m *Memory) ByOrigin(ctx context.Context, origin string) (approval.Request, error) {
	found, err := m.those(ctx, func(r approval.Request) bool { return r.Origin == origin })
	if err == nil && len(found) == 0 {
		return approval.Request{}, approval.ErrNotFound
	}
	if err != nil {
		return approval.Request{}, err
	}
	return found[0], nil
}

// Tally implements [approval.Store].
func (m *Memory) Tally(ctx context.Context, user approval.UserID, org approval.OrgID, since time.Time) (approval.Tally, error) {
	var t approval.Tally
	theirs, err := m.those(ctx, func(r approval.Request) bool { return r.Requester == user })
	for _, r := range theirs {
		t.Any = true
		isLive, isHere := r.State == approval.Delivered || r.State == approval.Active, r.Org == org
		if isLive {
			t.Held++
		}
		if isLive && isHere {
			t.Live++
		}
		if isHere && slices.Contains(approval.OpenStates, r.State) {
			t.Open++
			if r.Purpose == approval.NewKey {
				t.Coming++
			}
		}
		if isHere && toMillis(r.AskedAt).After(toMillis(since)) {
			t.Recent++
		}
	}
	return t, err
}

// Successors implements [approval.Store].
func (m *Memory) Successors(ctx context.Context, id approval.ID) ([]approval.Request, error) {
	var found []approval.Request
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			switch isOne := id != "" && r.Of == id && r.Purpose == approval.Rotation; {
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
	slices.SortStableFunc(found, func(a, b approval.Request) int { return a.AskedAt.Compare(b.AskedAt) })
	return found, nil
}

// Live implements [approval.Store].
func (m *Memory) Live(ctx context.Context) ([]approval.Request, error) {
	return m.in(ctx, approval.Delivered, approval.Active)
}

// Waiting implements [approval.Store].
func (m *Memory) Waiting(ctx context.Context) ([]approval.Request, error) {
	return m.in(ctx, approval.Pending)
}

// Unsigned implements [approval.Store].
func (m *Memory) Unsigned(ctx context.Context) ([]approval.Request, error) {
	return m.those(ctx, func(r approval.Request) bool { return r.Emergency && r.Review.By == "" })
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
	slices.SortStableFunc(found, func(a, b approval.Request) int { return a.AskedAt.Compare(b.AskedAt) })
	return found, err
}

// Record implements [approval.Store].
func (m *Memory) Record(ctx context.Context, e approval.Entry) error {
	return m.locked(ctx, func() error { return m.note(e) })
}

func (m *Memory) note(e approval.Entry) error {
	if e.At.IsZero() {
		return errors.New("adding to the audit trail: the entry has no time")
	}
	var last approval.Entry
	if len(m.audit) > 0 {
		last = m.audit[len(m.audit)-1]
	}
	e.Seq = last.Seq + 1
	m.audit = append(m.audit, e.Chained(last.Hash))
	return nil
}

// Audit implements [approval.Store].
func (m *Memory) Audit(ctx context.Context, yield func(approval.Entry) error) error {
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
func (m *Memory) Entries() []approval.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.audit)
}
