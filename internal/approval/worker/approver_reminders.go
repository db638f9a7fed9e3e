package worker

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// processPending does what is due for a pending request.
func (w *Worker) processPending(ctx context.Context, r approval.Request, p policy.Policy) error {
	now := w.Now()
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case due(r.ExpiresAt), due(r.KeyExpiresAt):
		return w.expire(ctx, r)
	case due(r.EscalateAt):
		step, err := r.Escalate(p.EscalateTo, now)
		_, err = w.move(ctx, r, step, err)
		return err
	}
	step, err := r.RemindApprovers(now, p)
	_, err = w.move(ctx, r, step, err)
	return err
}
