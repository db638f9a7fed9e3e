package service

import (
	"context"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Operator stands in the audit trail, and in [Outcome], for whoever runs the bot
// and acts beside it.
const Operator policy.UserID = "operator"

// RevokeAsOperator ends a live key for somebody who has the database: there is
// nobody to look up. The running bot sees it in the row.
func (s *Service) RevokeAsOperator(ctx context.Context, id policy.ID, reason string) (approval.Request, error) {
	anybody := func(context.Context, approval.Request) error { return nil }
	return s.act(ctx, policy.Actor{User: Operator}, id, approval.EventRevoke, anybody, reason, func(r *approval.Request, now time.Time) {
		r.StartDeletion(now, approval.Outcome{Cause: approval.CauseRevoked, By: Operator, At: now, Note: reason})
		r.RevokedBy(Operator)
	})
}
