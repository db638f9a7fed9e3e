package approval

import (
	"context"
	"time"
)

// Operator stands in the audit trail, and in [Outcome], for whoever runs the bot
// and acts beside it.
const Operator UserID = "operator"

// RevokeAsOperator ends a live key for somebody who has the database: there is
// nobody to look up. The running bot sees it in the row.
func (s *Service) RevokeAsOperator(ctx context.Context, id ID, reason string) (Request, error) {
	anybody := func(context.Context, Request) error { return nil }
	return s.act(ctx, Actor{User: Operator}, id, EventRevoke, anybody, reason, func(r *Request, now time.Time) {
		r.startDeletion(now, Outcome{Cause: CauseRevoked, By: Operator, At: now, Note: reason})
		r.revokedBy(Operator)
	})
}
