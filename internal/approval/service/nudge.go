package service

import (
	"context"
	"errors"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A request that nobody decides is brought up again under its card, by the bot
// now and then and by its requester once, and then goes to a second group.

// ErrAlreadyNudged says that the requester has asked once more already.
var ErrAlreadyNudged = errors.New("asked once more already")

// Nudge is the requester's reminder to the approvers. There is one.
func (s *Service) Nudge(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	mayOnce := func(ctx context.Context, r approval.Request) error {
		if err := s.ownerOnly(who)(ctx, r); err != nil {
			return err
		}
		if r.State == approval.StatePending && !r.NudgedAt.IsZero() {
			return ErrAlreadyNudged
		}
		return nil
	}
	return s.act(ctx, who, id, approval.EventNudge, mayOnce, "", func(r *approval.Request, now time.Time) {
		r.NudgedAt = now
		r.AddMessage(approval.NudgedNotice)
	})
}
