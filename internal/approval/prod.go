package approval

import (
	"context"
	"errors"
	"time"
)

// A request that nobody decides is brought up again under its card, by the bot
// now and then and by its requester once, and then goes to a second group.

// ErrNudged says that the requester has asked once more already.
var ErrNudged = errors.New("asked once more already")

// Nudge is the requester's reminder to the approvers. There is one.
func (s *Service) Nudge(ctx context.Context, who Actor, id ID) (Request, error) {
	mayOnce := func(ctx context.Context, r Request) error {
		if err := s.owner(who)(ctx, r); err != nil {
			return err
		}
		if r.State == Pending && !r.NudgedAt.IsZero() {
			return ErrNudged
		}
		return nil
	}
	return s.act(ctx, who, id, Nudge, mayOnce, "", func(r *Request, now time.Time) {
		r.NudgedAt = now
		r.show(NudgedNotice)
	})
}

// planProd says when r is next brought up again, if it is by then undecided.
func (r *Request) planProd(p Policy) {
	r.ProdAt = time.Time{}
	if r.Prods < len(p.ProdAfter) {
		r.ProdAt = r.AskedAt.Add(p.ProdAfter[r.Prods])
	}
}

// waiting does what is due for a request that nobody decided yet.
func (w *Worker) waiting(ctx context.Context, r Request, p Policy) error {
	now := w.Now()
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case due(r.LapsesAt), due(r.EndsAt):
		return w.lapse(ctx, r)
	case due(r.EscalateAt):
		_, err := w.move(ctx, r, Escalate, "", func(next *Request, now time.Time) {
			next.EscalateAt, next.EscalatedAt, next.EscalatedTo = time.Time{}, now, p.EscalateTo
			next.show(EscalatedNotice)
		})
		return err
	}
	_, err := w.move(ctx, r, Prod, "", func(next *Request, now time.Time) {
		for next.planProd(p); due(next.ProdAt); next.planProd(p) {
			next.Prods++ // what came due while the bot was down is said once
		}
		next.show(ProdNotice(max(next.Prods, 1)))
	})
	return err
}
