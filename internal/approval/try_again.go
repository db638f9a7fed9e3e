package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNothingWaits says that nothing waits for its next try.
var errNothingWaits = fmt.Errorf("%w: nothing waits to be tried again", ErrNotAllowed)

// TryAgain has the worker try at once what waits for its next try: the deletion
// of a key of who's. If nothing waits, nothing changes and the request is
// returned as it is.
func (s *Service) TryAgain(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.tryAgain(ctx, who, id, s.ownerOnly(who))
}

// TryAgainAsOperator is TryAgain for somebody who has the database.
func (s *Service) TryAgainAsOperator(ctx context.Context, id ID) (Request, error) {
	return s.tryAgain(ctx, Actor{User: Operator}, id, func(context.Context, Request) error { return nil })
}

func (s *Service) tryAgain(ctx context.Context, who Actor, id ID, may check) (Request, error) {
	r, err := s.get(ctx, who, id, EventRetry)
	if err != nil {
		return Request{}, err
	}
	if err := may(ctx, r); err != nil {
		return r, s.refuse(ctx, r, EventRetry, who.User, err)
	}
	plan := func(r Request) (action, error) {
		if !r.waitsToDelete(s.Now()) {
			return action{}, errNothingWaits
		}
		return action{EventRetry, "", func(next *Request, now time.Time) {
			next.Deletion.RetryAt = now
			next.Issuance.RetryAt = now
		}}, nil
	}
	if !r.waitsToDelete(s.Now()) {
		return r, nil
	}
	allowed := func(context.Context, Request) error { return nil } // asked above
	r, err = s.attempt(ctx, who, r, EventRetry, allowed, plan)
	if errors.Is(err, errNothingWaits) {
		return r, nil
	}
	return r, err
}

// IsDeleting reports whether r's key has to go and is not known to be gone.
func (r Request) IsDeleting() bool {
	return r.State == StateRevoking || r.State == StateIssuing && r.Issuance.Stage == StageRollingBack && r.Key.ID != ""
}

// waitsToDelete reports whether the next try to delete r's key is still ahead.
func (r Request) waitsToDelete(now time.Time) bool {
	return r.IsDeleting() && r.Deletion.Tries > 0 && r.Deletion.RetryAt.After(now)
}
