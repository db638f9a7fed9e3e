package service

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// An active key can get more time, a successor or another access list. Each of
// them is a request of its own, with a card, a decision and an outcome, and names
// the request whose key it is about.

// activeKeyOf returns the request of an active key, and its organization, to the
// key's owner, for the given event.
func (s *Service) activeKeyOf(ctx context.Context, caller policy.Actor, id policy.ID, on approval.Event) (approval.Request, policy.Org, error) {
	r, err := s.check(ctx, caller, id, on, func(r approval.Request) error { return s.requireOwner(ctx, caller, r) })
	if err != nil {
		return r, policy.Org{}, err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, org, s.refuse(ctx, r, on, caller.User, err)
	}
	return r, org, nil
}

// createFor stores a request about parent's key. A refusal is recorded as one of
// the event.
func (s *Service) createFor(ctx context.Context, parent approval.Request, on approval.Event, r approval.Request) (approval.Request, error) {
	created, err := s.create(ctx, r)
	if err != nil {
		return parent, s.refuse(ctx, parent, on, r.Requester, err)
	}
	return created, nil
}

// totalAccess returns the access of r with the lifetime that the key of parent has
// in all, from the first key of its rotations, if it expires as it does now.
func totalAccess(r, parent approval.Request) policy.Access {
	total := r.Access
	total.Lifetime = parent.LifeUntil(parent.KeyExpiresAt)
	return total
}
