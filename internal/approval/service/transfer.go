package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var (
	// ErrOwnerActive says that the owner of a key is active (again).
	ErrOwnerActive = errors.New("the owner is active")

	// ErrNotEligible says that somebody cannot be given a key.
	ErrNotEligible = errors.New("not somebody who can hold a key")

	// ErrToSelf says that an approver wants to hand a key to themself.
	ErrToSelf = errors.New("to themself")
)

// Transfer gives the live key of an owner who was deactivated another owner. An
// approver of that very access does it, and never for themself; the new owner
// could ask for the access by the rules of now. The private key is not shown to
// anybody: the new owner rotates the key, which takes the approvals of its access
// unless this approver alone gave all of them by handing it over.
func (s *Service) Transfer(ctx context.Context, who policy.Actor, id policy.ID, to policy.UserID) (approval.Request, error) {
	approved := false
	may := func(ctx context.Context, r approval.Request) error {
		if err := requireMember(ctx, s.Directory, who); err != nil {
			return err
		}
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return err
		}
		rd := org.Policy.Resolve(ctx, s.Directory)
		if err := rd.RequireAmong(anyOf(rd.RequirementsFor(r.Access)), who.User); err != nil {
			return err
		}
		approved = rd.CoversAlone(r.Access, who.User)
		if err := s.isOrphaned(ctx, r, to); err != nil {
			return err
		}
		if to == who.User {
			return ErrToSelf
		}
		return s.mayReceive(ctx, rd, who, r, to)
	}
	return s.act(ctx, who, id, approval.EventTransfer, may, "to "+string(to), func(r *approval.Request, now time.Time) {
		r.Transfers = append(r.Transfers, approval.OwnershipTransfer{From: r.Requester, To: to, By: who.User, At: now, Approved: approved})
		if r.Successor != "" {
			r.Cascade = approval.CascadeUnconfirmed // the former owner does not collect what they opened
		}
		r.Requester, r.OwnerDeactivatedAt, r.Successor = to, time.Time{}, ""
		r.Messages = slices.DeleteFunc(r.Messages, func(m approval.MessageName) bool { return !m.ToApprovers() })
		r.AddMessage(approval.TransferMessage(len(r.Transfers)))
	})
}

// isOrphaned reports why r's key keeps its owner, or nil. The owner may be back
// since their account was noticed to be deactivated.
func (s *Service) isOrphaned(ctx context.Context, r approval.Request, to policy.UserID) error {
	if r.OwnerDeactivatedAt.IsZero() || to == r.Requester {
		return ErrOwnerActive
	}
	gone, err := s.Directory.Deactivated(ctx, r.Requester)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", policy.ErrCannotCheck, err)
	case !gone:
		return ErrOwnerActive
	}
	return nil
}

// mayReceive reports why to cannot own r's key, or nil.
func (s *Service) mayReceive(ctx context.Context, rd policy.ResolvedPolicy, who policy.Actor, r approval.Request, to policy.UserID) error {
	switch err := requireMember(ctx, s.Directory, policy.Actor{User: to, Team: who.Team, Enterprise: who.Enterprise}); {
	case errors.Is(err, policy.ErrCannotCheck):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotEligible, err)
	}
	if err := rd.Entitled(to, r.Access, r.ByBreakGlass(), r.LifeUntil(r.KeyExpiresAt)); err != nil {
		return err
	}
	return s.mayHoldOneMore(ctx, to, r.Org)
}

// isApprovedForOwner reports whether the access of r's key was approved with its
// present owner in view: when it was asked for, or by the approver who handed it
// over, if the rules of now still take no one else's approval.
func isApprovedForOwner(rd policy.ResolvedPolicy, r approval.Request) bool {
	if len(r.Transfers) == 0 {
		return true
	}
	last := r.Transfers[len(r.Transfers)-1]
	return last.Approved && rd.CoversAlone(r.Access, last.By)
}

// anyOf names everybody whom one of needs names.
func anyOf(needs []policy.Requirement) policy.Principals {
	var all policy.Principals
	for _, n := range needs {
		all.Everyone = all.Everyone || n.From.Everyone
		all.Users = append(all.Users, n.From.Users...)
		all.Groups = append(all.Groups, n.From.Groups...)
	}
	return all
}
