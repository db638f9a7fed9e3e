package service

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var (
	// ErrOwnerActive refuses a transfer of a key whose owner's account is active.
	ErrOwnerActive = errors.New("the owner is active")

	// ErrNotEligible refuses a new owner who cannot have a key.
	ErrNotEligible = errors.New("the new owner cannot have a key")

	// ErrToSelf refuses an approver who transfers a key to themself.
	ErrToSelf = errors.New("to themself")
)

// Transfer gives the active key of a deactivated owner another owner. An approver of
// that very access does it, and never for themself; the new owner is entitled to the
// access by the current policy. The private key is not shown: the new owner rotates
// the key, which needs the approvals of its access unless this approver alone gives
// all of them.
func (s *Service) Transfer(ctx context.Context, caller policy.Actor, id policy.ID, to policy.UserID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventTransfer, func(r approval.Request) (approval.Step, error) {
		if err := s.requireMember(ctx, caller); err != nil {
			return approval.Step{}, err
		}
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return approval.Step{}, err
		}
		resolved := org.Policy.Resolve(ctx, s.Directory)
		if err := resolved.RequireAmong(anyOf(resolved.RequirementsFor(r.Access)), caller.User); err != nil {
			return approval.Step{}, err
		}
		if err := s.requireOrphaned(ctx, r, to); err != nil {
			return approval.Step{}, err
		}
		if to == caller.User {
			return approval.Step{}, ErrToSelf
		}
		if err := s.requireEligible(ctx, resolved, caller, r, to); err != nil {
			return approval.Step{}, err
		}
		return r.Transfer(to, caller.User, resolved.CoversAlone(r.Access, caller.User), s.Now())
	})
}

// requireOrphaned refuses to take r's key from an owner whose account is active. It
// may be active again since it was found deactivated.
func (s *Service) requireOrphaned(ctx context.Context, r approval.Request, to policy.UserID) error {
	if r.OwnerDeactivatedAt.IsZero() || to == r.Requester {
		return ErrOwnerActive
	}
	deactivated, err := s.Directory.Deactivated(ctx, r.Requester)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", policy.ErrCannotCheck, err)
	case !deactivated:
		return ErrOwnerActive
	}
	return nil
}

// requireEligible refuses new owners who could not request r's access themselves.
// Whether they have room for one more key is counted when the transfer is stored.
func (s *Service) requireEligible(ctx context.Context, resolved policy.ResolvedPolicy, caller policy.Actor, r approval.Request, to policy.UserID) error {
	switch err := s.requireMember(ctx, policy.Actor{User: to, Team: caller.Team, Enterprise: caller.Enterprise}); {
	case errors.Is(err, policy.ErrCannotCheck):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotEligible, err)
	}
	return resolved.Entitled(to, r.Access, r.ByBreakGlass(), r.LifeUntil(r.KeyExpiresAt))
}

// anyOf returns the principals of all requirements together.
func anyOf(requirements []policy.Requirement) policy.Principals {
	var all policy.Principals
	for _, n := range requirements {
		all.Everyone = all.Everyone || n.From.Everyone
		all.Users = append(all.Users, n.From.Users...)
		all.Groups = append(all.Groups, n.From.Groups...)
	}
	return all
}
