package approvaltest

import (
	"context"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// ClaimWork implements [approval.Store].
func (m *Memory) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	return m.claim(ctx, now, until, func(r *row) (*dueTime, bool) {
		if len(in) > 0 && !slices.Contains(in, r.State) {
			return nil, false
		}
		return &r.work, slices.Contains(approval.ShortWaits, r.State)
	})
}

// ClaimSync implements [approval.Store].
func (m *Memory) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return m.claim(ctx, now, until, func(r *row) (*dueTime, bool) { return &r.sync, true })
}

// claim leases what is due. Of says what is due for a row, nil for nothing, and
// whether that is never far ahead.
func (m *Memory) claim(ctx context.Context, now, until time.Time, of func(*row) (due *dueTime, isSoon bool)) (approval.Request, error) {
	var claimed approval.Request
	err := m.locked(ctx, func() error {
		var first *dueTime
		isDamaged := false
		for _, r := range m.rows {
			due, isSoon := of(r)
			if due != nil && due.isDue(toMillis(now), isSoon) && (first == nil || due.at.Before(first.at)) {
				first, claimed, isDamaged = due, r.Request, r.isDamaged
			}
		}
		if first == nil {
			return approval.ErrNothingDue
		}
		first.until = toMillis(until)
		if isDamaged {
			claimed = approval.Request{}
			return approval.ErrUnreadable
		}
		claimed = deepCopy(claimed)
		return nil
	})
	return claimed, err
}

func (d *dueTime) isDue(now time.Time, isSoon bool) bool {
	implausible := now.Add(approval.MaxWait)
	isPast := !d.at.After(now) || isSoon && d.at.After(implausible)
	return !d.at.IsZero() && isPast && (!d.until.After(now) || d.until.After(implausible))
}

// next is when d can be claimed, or zero.
func (d *dueTime) next() time.Time {
	if !d.at.IsZero() && d.until.After(d.at) {
		return d.until
	}
	return d.at
}

// ReleaseWork implements [approval.Store].
func (m *Memory) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	return m.with(ctx, id, func(r *row) {
		r.work.until = time.Time{}
		if !at.IsZero() && r.Version == version {
			r.work.at = toMillis(at)
		}
	})
}

// ReleaseSync implements [approval.Store].
func (m *Memory) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[approval.MessageName]string) error {
	return m.with(ctx, id, func(r *row) {
		for name, digest := range updated {
			if ref, isListed := r.MessageRefs[name]; isListed {
				ref.Digest = digest
				r.MessageRefs[name] = ref
			}
		}
		r.sync.until = time.Time{}
		if r.Version == version {
			r.sync.at = toMillis(at)
		}
	})
}

// SaveMessageRef implements [approval.Store].
func (m *Memory) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return m.with(ctx, id, func(r *row) {
		if slices.Contains(r.Messages, name) {
			r.MessageRefs[name] = at
		}
	})
}

// NextDue implements [approval.Store].
func (m *Memory) NextDue(ctx context.Context) (time.Time, error) {
	var first time.Time
	err := m.locked(ctx, func() error {
		for _, r := range m.rows {
			for _, at := range []time.Time{r.work.next(), r.sync.next()} {
				if !at.IsZero() && (first.IsZero() || at.Before(first)) {
					first = at
				}
			}
		}
		return nil
	})
	return first, err
}
