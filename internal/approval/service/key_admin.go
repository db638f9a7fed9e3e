package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// What approvers see and do of keys that are not theirs.

// ListPending lists what waits for a decision of who's, oldest first. Whoever
// approves nothing at all gets [ErrNotApprover].
func (s *Service) ListPending(ctx context.Context, who policy.Actor) ([]approval.Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListPending(ctx)
	return slices.DeleteFunc(all, func(r approval.Request) bool {
		rd, ok := overseen[r.Org]
		return !ok || rd.MayDecide(r.Requester, r.Access, r.IsEscalated(), who.User) != nil || r.ApprovedBy(who.User)
	}), err
}

// ActiveKeys lists every live key of the organizations that who oversees, oldest
// first.
func (s *Service) ActiveKeys(ctx context.Context, who policy.Actor) ([]approval.Request, error) {
	overseen, err := s.administered(ctx, who)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListActive(ctx)
	return slices.DeleteFunc(all, func(r approval.Request) bool {
		_, ok := overseen[r.Org]
		return !ok
	}), err
}

// administered are the organizations of which who is an approver, with their rules
// as they are now; [ErrNotApprover] if there is none.
func (s *Service) administered(ctx context.Context, who policy.Actor) (map[policy.OrgID]policy.ResolvedPolicy, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	found := map[policy.OrgID]policy.ResolvedPolicy{}
	why := policy.ErrNotApprover
	for _, org := range s.Orgs {
		rd := org.Policy.Resolve(ctx, s.Directory)
		switch err := rd.IsApprover(who.User); {
		case err == nil:
			found[org.ID] = rd
		case !errors.Is(err, policy.ErrNotApprover):
			why = err
		}
	}
	if len(found) == 0 {
		return nil, why
	}
	return found, nil
}

// requireApprover reports why who may not act on keys of r's organization, or nil.
func (s *Service) requireApprover(ctx context.Context, who policy.Actor, r approval.Request) error {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return err
	}
	return org.Policy.Resolve(ctx, s.Directory).IsApprover(who.User)
}

// Revoke ends a live key: by its owner, or by an approver, whose reason the
// owner reads. The reason may be empty.
func (s *Service) Revoke(ctx context.Context, who policy.Actor, id policy.ID, reason string) (approval.Request, error) {
	reason = policy.OptionalText(reason)
	return s.act(ctx, who, id, approval.EventRevoke, s.revoker(who), reason, func(r *approval.Request, now time.Time) {
		r.StartDeletion(now, approval.Outcome{Cause: approval.CauseRevoked, By: who.User, At: now, Note: reason})
		r.RevokedBy(who.User)
	})
}

// MayRevoke reports why who could not revoke the key now, or nil. Nothing is
// recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayRevoke(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.may(ctx, who, id, approval.EventRevoke, s.revoker(who))
}

// may reports why who could not do on to a request now, or nil.
func (s *Service) may(ctx context.Context, who policy.Actor, id policy.ID, on approval.Event, may check) (approval.Request, error) {
	r, err := s.get(ctx, who, id, on)
	if err != nil {
		return approval.Request{}, err
	}
	if err = may(ctx, r); err == nil {
		_, err = r.State.Next(on)
	}
	if err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	return r, nil
}

func (s *Service) revoker(who policy.Actor) check {
	return func(ctx context.Context, r approval.Request) error {
		if who.User == r.Requester {
			return requireMember(ctx, s.Directory, who)
		}
		err := s.requireApprover(ctx, who, r)
		if errors.Is(err, policy.ErrNotApprover) {
			return approval.ErrNotOwner
		}
		return err
	}
}
