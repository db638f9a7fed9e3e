package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// limitsReached lists the limits that one more request for a key would exceed.
func (s *Service) limitsReached(ctx context.Context, user policy.UserID, org policy.Org) ([]policy.Problem, error) {
	usage, err := s.Store.Usage(ctx, user, org.ID, s.Now().Add(-time.Hour))
	if err != nil {
		return nil, fmt.Errorf("counting the requests of %s: %w", user, err)
	}
	reached, _ := errors.AsType[*policy.FormError](org.Policy.Limits.CheckLimits(true, usage))
	if reached == nil {
		return nil, nil
	}
	return reached.Problems, nil
}

// requireRoomForKey refuses a user who has as many active keys of the organization, with
// those that are requested, as one user may: a *[policy.FormError] with
// [policy.TooManyKeys].
func (s *Service) requireRoomForKey(ctx context.Context, user policy.UserID, org policy.OrgID) error {
	usage, err := s.Store.Usage(ctx, user, org, s.Now())
	if err != nil {
		return fmt.Errorf("counting the keys of %s: %w", user, err)
	}
	return policy.Limits{ActiveKeys: s.policyOf(org).Limits.ActiveKeys}.CheckLimits(true, usage)
}

// admit counts the requests of r's requester, records the counts with r and checks them
// against the limits. A form that was sent before is admitted: it makes no other request.
func (s *Service) admit(ctx context.Context, r *approval.Request) error {
	usage, err := s.Store.Usage(ctx, r.Requester, r.Org, r.RequestedAt.Add(-time.Hour))
	if err != nil {
		return fmt.Errorf("counting the requests of %s: %w", r.Requester, err)
	}
	if r.Type != approval.Rotation || r.State == approval.StatePending {
		r.RequesterHistory = approval.RequesterHistory{ActiveKeys: usage.Held, FirstRequest: !usage.Any}
	}
	limit := s.policyOf(r.Org).Limits.CheckLimits(r.Type == approval.NewKey, usage)
	if limit == nil {
		return nil
	}
	switch _, err := s.Store.ByIdempotencyKey(ctx, r.IdempotencyKey); {
	case err == nil:
		return nil
	case !errors.Is(err, approval.ErrNotFound):
		return fmt.Errorf("looking for the request of a form: %w", err)
	}
	return limit
}
