package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// errNothingWaits says that nothing waits for its next try.
var errNothingWaits = fmt.Errorf("%w: nothing waits to be tried again", approval.ErrNotAllowed)

// TryAgain has the worker try at once what waits for its next try: the deletion
// of a key of who's. If nothing waits, nothing changes and the request is
// returned as it is.
func (s *Service) TryAgain(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.tryAgain(ctx, who, id, s.ownerOnly(who))
}

// TryAgainAsOperator is TryAgain for somebody who has the database.
func (s *Service) TryAgainAsOperator(ctx context.Context, id policy.ID) (approval.Request, error) {
	return s.tryAgain(ctx, policy.Actor{User: Operator}, id, func(context.Context, approval.Request) error { return nil })
}

func (s *Service) tryAgain(ctx context.Context, who policy.Actor, id policy.ID, may check) (approval.Request, error) {
	r, err := s.get(ctx, who, id, approval.EventRetry)
	if err != nil {
		return approval.Request{}, err
	}
	if err := may(ctx, r); err != nil {
		return r, s.refuse(ctx, r, approval.EventRetry, who.User, err)
	}
	plan := func(r approval.Request) (action, error) {
		if !r.WaitsToDelete(s.Now()) {
			return action{}, errNothingWaits
		}
		return action{approval.EventRetry, "", func(next *approval.Request, now time.Time) {
			next.Deletion.RetryAt = now
			next.Issuance.RetryAt = now
		}}, nil
	}
	if !r.WaitsToDelete(s.Now()) {
		return r, nil
	}
	allowed := func(context.Context, approval.Request) error { return nil } // asked above
	r, err = s.attempt(ctx, who, r, approval.EventRetry, allowed, plan)
	if errors.Is(err, errNothingWaits) {
		return r, nil
	}
	return r, err
}
