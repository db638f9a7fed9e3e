package approval

import (
	"context"
	"errors"
	"time"
)

// A request that nobody decides is brought up again under its card, by the bot
// now and then and by its requester once, and then goes to a second group.

// ErrAlreadyNudged says that the requester has asked once more already.
var ErrAlreadyNudged = errors.New("asked once more already")

// Nudge is the requester's reminder to the approvers. There is one.
func (s *Service) Nudge(ctx context.Context, who Actor, id ID) (Request, error) {
	mayOnce := func(ctx context.Context, r Request) error {
		if err := s.ownerOnly(who)(ctx, r); err != nil {
			return err
		}
		if r.State == StatePending && !r.NudgedAt.IsZero() {
			return ErrAlreadyNudged
		}
		return nil
	}
	return s.act(ctx, who, id, EventNudge, mayOnce, "", func(r *Request, now time.Time) {
		r.NudgedAt = now
		r.addMessage(NudgedNotice)
	})
}

// planApproverReminder says when r is next brought up again, if it is by then undecided.
func (r *Request) planApproverReminder(p Policy) {
	r.NextApproverReminderAt = time.Time{}
	if r.ApproverReminders < len(p.RemindApproversAfter) {
		r.NextApproverReminderAt = r.RequestedAt.Add(p.RemindApproversAfter[r.ApproverReminders])
	}
}

// processPending does what is due for a request that nobody decided yet.
func (w *Worker) processPending(ctx context.Context, r Request, p Policy) error {
	now := w.Now()
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case due(r.ExpiresAt), due(r.KeyExpiresAt):
		return w.expire(ctx, r)
	case due(r.EscalateAt):
		_, err := w.move(ctx, r, EventEscalate, "", func(next *Request, now time.Time) {
			next.EscalateAt, next.EscalatedAt, next.EscalatedTo = time.Time{}, now, p.EscalateTo
			next.addMessage(EscalatedNotice)
		})
		return err
	}
	_, err := w.move(ctx, r, EventRemindApprovers, "", func(next *Request, now time.Time) {
		for next.planApproverReminder(p); due(next.NextApproverReminderAt); next.planApproverReminder(p) {
			next.ApproverReminders++ // what came due while the bot was down is said once
		}
		next.addMessage(ApproverReminderNotice(max(next.ApproverReminders, 1)))
	})
	return err
}
