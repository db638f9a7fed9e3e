package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
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
func (s *Service) Transfer(ctx context.Context, who Actor, id ID, to UserID) (Request, error) {
	approved := false
	may := func(ctx context.Context, r Request) error {
		if err := requireMember(ctx, s.Directory, who); err != nil {
			return err
		}
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return err
		}
		rd := org.Policy.Resolve(ctx, s.Directory)
		if err := rd.requireAmong(anyOf(rd.requirementsFor(r.Access)), who.User); err != nil {
			return err
		}
		approved = rd.coversAlone(r.Access, who.User)
		if err := s.isOrphaned(ctx, r, to); err != nil {
			return err
		}
		if to == who.User {
			return ErrToSelf
		}
		return s.mayReceive(ctx, rd, who, r, to)
	}
	return s.act(ctx, who, id, EventTransfer, may, "to "+string(to), func(r *Request, now time.Time) {
		r.Transfers = append(r.Transfers, OwnershipTransfer{From: r.Requester, To: to, By: who.User, At: now, Approved: approved})
		if r.Successor != "" {
			r.Cascade = CascadeUnconfirmed // the former owner does not collect what they opened
		}
		r.Requester, r.OwnerDeactivatedAt, r.Successor = to, time.Time{}, ""
		r.Messages = slices.DeleteFunc(r.Messages, func(m MessageName) bool { return !m.ToApprovers() })
		r.addMessage(TransferMessage(len(r.Transfers)))
	})
}

// isOrphaned reports why r's key keeps its owner, or nil. The owner may be back
// since their account was noticed to be deactivated.
func (s *Service) isOrphaned(ctx context.Context, r Request, to UserID) error {
	if r.OwnerDeactivatedAt.IsZero() || to == r.Requester {
		return ErrOwnerActive
	}
	gone, err := s.Directory.Deactivated(ctx, r.Requester)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCannotCheck, err)
	case !gone:
		return ErrOwnerActive
	}
	return nil
}

// mayReceive reports why to cannot own r's key, or nil.
func (s *Service) mayReceive(ctx context.Context, rd ResolvedPolicy, who Actor, r Request, to UserID) error {
	switch err := requireMember(ctx, s.Directory, Actor{User: to, Team: who.Team, Enterprise: who.Enterprise}); {
	case errors.Is(err, ErrCannotCheck):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotEligible, err)
	}
	if err := rd.entitled(to, r.Access, r.ByBreakGlass(), r.LifeUntil(r.KeyExpiresAt)); err != nil {
		return err
	}
	return s.mayHoldOneMore(ctx, to, r.Org)
}

// ownedBefore reports whether user has or had r's key.
func (r Request) ownedBefore(user UserID) bool {
	return user == r.Requester || slices.ContainsFunc(r.Transfers, func(t OwnershipTransfer) bool { return t.From == user })
}

// isApprovedForOwner reports whether the access of r's key was approved with its
// present owner in view: when it was asked for, or by the approver who handed it
// over, if the rules of now still take no one else's approval.
func isApprovedForOwner(rd ResolvedPolicy, r Request) bool {
	if len(r.Transfers) == 0 {
		return true
	}
	last := r.Transfers[len(r.Transfers)-1]
	return last.Approved && rd.coversAlone(r.Access, last.By)
}

// coversAlone reports whether user's approval is all that access takes.
func (rd ResolvedPolicy) coversAlone(a Access, user UserID) bool {
	needs := rd.requirementsFor(a)
	return rd.maxMatching(needs, false, []UserID{user}) == total(needs)
}

// anyOf names everybody whom one of needs names.
func anyOf(needs []Requirement) Principals {
	var all Principals
	for _, n := range needs {
		all.Everyone = all.Everyone || n.From.Everyone
		all.Users = append(all.Users, n.From.Users...)
		all.Groups = append(all.Groups, n.From.Groups...)
	}
	return all
}
