package approvaltest

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
)

// ClaimWork implements [approval.Store].
func (m *Memory) ClaimWork(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return m.claim(ctx, now, until, func(r *row) *duty { return &r.work })
}

// ClaimDrawing implements [approval.Store].
func (m *Memory) ClaimDrawing(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return m.claim(ctx, now, until, func(r *row) *duty { return &r.draw })
}

func (m *Memory) claim(ctx context.Context, now, until time.Time, of func(*row) *duty) (approval.Request, error) {
	var claimed approval.Request
	err := m.locked(ctx, func() error {
		var first *row
		for _, r := range m.rows {
			if of(r).isDue(toMillis(now)) && (first == nil || of(r).at.Before(of(first).at)) {
				first = r
			}
		}
		if first == nil {
			return approval.ErrNothingDue
		}
		of(first).until = toMillis(until)
		claimed = deepCopy(first.Request)
		return nil
	})
	return claimed, err
}

func (d *duty) isDue(now time.Time) bool {
	return !d.at.IsZero() && !d.at.After(now) && !d.until.After(now)
}

// next is when d can be claimed, or zero.
func (d *duty) next() time.Time {
	if !d.at.IsZero() && d.until.After(d.at) {
		return d.until
	}
	return d.at
}

// ReleaseWork implements [approval.Store].
func (m *Memory) ReleaseWork(ctx context.Context, id approval.ID, version int64, at time.Time) error {
	return m.with(ctx, id, func(r *row) {
		r.work.until = time.Time{}
		if !at.IsZero() && r.Version == version {
			r.work.at = toMillis(at)
		}
	})
}

// ReleaseDrawing implements [approval.Store].
func (m *Memory) ReleaseDrawing(ctx context.Context, id approval.ID, version int64, at time.Time) error {
	return m.with(ctx, id, func(r *row) {
		r.draw.until = time.Time{}
		if !at.IsZero() || r.Version == version {
			r.draw.at = toMillis(at)
		}
	})
}

// Drawn implements [approval.Store].
func (m *Memory) Drawn(ctx context.Context, id approval.ID, name approval.MessageName, at approval.Place) error {
	return m.with(ctx, id, func(r *row) { r.Places[name] = at })
}

// NextDue implements [approval.Store].
func (m *Memory) NextDue(ctx context.Context) (time.Time, error) {
	var first time.Time
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			for _, at := range []time.Time{r.work.next(), r.draw.next()} {
				if !at.IsZero() && (first.IsZero() || at.Before(first)) {
					first = at
				}
			}
		}
		return nil
	})
	return first, err
}
