package approval

import (
	"context"
	"errors"
	"slices"
	"time"
)

// What approvers see and do of keys that are not theirs.

// ListPending lists what waits for a decision of who's, oldest first. Whoever
// approves nothing at all gets [ErrNotApprover].
func (s *Service) ListPending(ctx context.Context, who Actor) ([]Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListPending(ctx)
	return slices.DeleteFunc(all, func(r Request) bool {
		rd, ok := overseen[r.Org]
		return !ok || rd.mayDecide(r.Requester, r.Access, r.isEscalated(), who.User) != nil || r.approvedBy(who.User)
	}), err
}

func (r Request) approvedBy(user UserID) bool { return slices.Contains(r.Counted(), user) }

// ActiveKeys lists every live key of the organizations that who oversees, oldest
// first.
func (s *Service) ActiveKeys(ctx context.Context, who Actor) ([]Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListActive(ctx)
	return slices.DeleteFunc(all, func(r Request) bool {
		_, ok := overseen[r.Org]
		return !ok
	}), err
}

// administered are the organizations of which who is an approver, with their rules
// as they are now; [ErrNotApprover] if there is none.
func (s *Service) administered(ctx context.Context, who Actor) (map[OrgID]ResolvedPolicy, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	found := map[OrgID]ResolvedPolicy{}
	why := ErrNotApprover
	for _, org := range s.Orgs {
		rd := org.Policy.Resolve(ctx, s.Directory)
		switch err := rd.isApprover(who.User); {
		case err == nil:
			found[org.ID] = rd
		case !errors.Is(err, ErrNotApprover):
			why = err
		}
	}
	if len(found) == 0 {
		return nil, why
	}
	return found, nil
}

// requireApprover reports why who may not act on keys of r's organization, or nil.
func (s *Service) requireApprover(ctx context.Context, who Actor, r Request) error {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return err
	}
	return org.Policy.Resolve(ctx, s.Directory).isApprover(who.User)
}

// Revoke ends a live key: by its owner, or by an approver, whose reason the
// owner reads. The reason may be empty.
func (s *Service) Revoke(ctx context.Context, who Actor, id ID, reason string) (Request, error) {
	reason = optionalText(reason)
	return s.act(ctx, who, id, EventRevoke, s.revoker(who), reason, func(r *Request, now time.Time) {
		r.startDeletion(now, Outcome{Cause: CauseRevoked, By: who.User, At: now, Note: reason})
		r.revokedBy(who.User)
	})
}

// MayRevoke reports why who could not revoke the key now, or nil. Nothing is
// recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayRevoke(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.may(ctx, who, id, EventRevoke, s.revoker(who))
}

// may reports why who could not do on to a request now, or nil.
func (s *Service) may(ctx context.Context, who Actor, id ID, on Event, may check) (Request, error) {
	r, err := s.get(ctx, who, id, on)
	if err != nil {
		return Request{}, err
	}
	if err = may(ctx, r); err == nil {
		_, err = r.State.Next(on)
	}
	if err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	return r, nil
}

func (s *Service) revoker(who Actor) check {
	return func(ctx context.Context, r Request) error {
		if who.User == r.Requester {
			return requireMember(ctx, s.Directory, who)
		}
		err := s.requireApprover(ctx, who, r)
		if errors.Is(err, ErrNotApprover) {
			return ErrNotOwner
		}
		return err
	}
}
