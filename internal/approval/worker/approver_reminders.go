package worker

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// processPending does what is due for a request that nobody decided yet.
func (w *Worker) processPending(ctx context.Context, r approval.Request, p policy.Policy) error {
	now := w.Now()
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case due(r.ExpiresAt), due(r.KeyExpiresAt):
		return w.expire(ctx, r)
	case due(r.EscalateAt):
		_, err := w.move(ctx, r, approval.EventEscalate, "", func(next *approval.Request, now time.Time) {
			next.EscalateAt, next.EscalatedAt, next.EscalatedTo = time.Time{}, now, p.EscalateTo
			next.AddMessage(approval.EscalatedNotice)
		})
		return err
	}
	_, err := w.move(ctx, r, approval.EventRemindApprovers, "", func(next *approval.Request, now time.Time) {
		for next.PlanApproverReminder(p); due(next.NextApproverReminderAt); next.PlanApproverReminder(p) {
			next.ApproverReminders++ // what came due while the bot was down is said once
		}
		next.AddMessage(approval.ApproverReminderNotice(max(next.ApproverReminders, 1)))
	})
	return err
}
