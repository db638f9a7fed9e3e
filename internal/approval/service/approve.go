package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var (
	// ErrAlreadyApproved says that who approves has done so already.
	ErrAlreadyApproved = errors.New("approved already by the same person")

	// ErrNotNeeded says that all the approvals are there that could come from
	// people like who approves.
	ErrNotNeeded = errors.New("other people's approval is needed")
)

// Approve is an approver's yes. If it is the last one needed the requester can
// collect the key, or the worker makes the change of a live one.
func (s *Service) Approve(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.approve(ctx, who, id, func(r approval.Request) (policy.Access, error) { return r.Access, nil })
}

// ApprovePartially is a yes to a part of what was asked for. The requester sees what
// is left out, and may decline. A *[FormError] tells what to correct.
func (s *Service) ApprovePartially(ctx context.Context, who policy.Actor, id policy.ID, n policy.PartialApproval) (approval.Request, error) {
	return s.approve(ctx, who, id, func(r approval.Request) (policy.Access, error) {
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return policy.Access{}, err
		}
		if r.Type != approval.NewKey {
			return policy.Access{}, approval.ErrNotAllowed
		}
		return org.Policy.Reduce(r.Access, n)
	})
}

func (s *Service) approve(ctx context.Context, who policy.Actor, id policy.ID, grant func(approval.Request) (policy.Access, error)) (approval.Request, error) {
	r, err := s.get(ctx, who, id, approval.EventApprove)
	if err != nil {
		return approval.Request{}, err
	}
	on := s.approvalEvent(r, true)
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	return s.attempt(ctx, who, r, on, s.decider(who, rd), func(r approval.Request) (action, error) {
		return s.yes(ctx, who, rd, r, grant)
	})
}

// yes is what one more approval of r comes to. Those that are there are looked
// at again: who was deactivated since, or may not decide any more, does not
// count. Somebody whose approval is there already can still give the last one,
// if the rules want fewer by now or another's counts again.
func (s *Service) yes(ctx context.Context, who policy.Actor, rd policy.ResolvedPolicy, r approval.Request, grant func(approval.Request) (policy.Access, error)) (action, error) {
	if r.State != approval.StatePending {
		return action{}, approval.ErrNotAllowed
	}
	access, err := grant(r)
	if err != nil {
		return action{}, err
	}
	had := r.ApprovedBy(who.User)
	if r.Approvals, err = s.recheckApprovals(ctx, who, rd, r); err != nil {
		return action{}, err
	}
	needs, before := rd.RequirementsFor(access), without(r.Counted(), who.User)
	covered := rd.MaxMatching(needs, r.IsEscalated(), append(slices.Clone(before), who.User))
	isLast := covered == policy.Total(needs)
	if !isLast {
		if err := rd.Members.Err(); err != nil {
			return action{}, err // it may be the last: nobody would press again
		}
		switch {
		case had:
			return action{}, ErrAlreadyApproved
		case covered == rd.MaxMatching(needs, r.IsEscalated(), before):
			return action{}, ErrNotNeeded
		}
	}
	less := describeReduction(r.Access, access)
	note := strings.TrimPrefix(less+", "+describeVoid(r.Approvals), ", ")
	return action{on: s.approvalEvent(r, isLast), note: strings.TrimSuffix(note, ", "), change: func(next *approval.Request, now time.Time) {
		next.Requirements, next.Approvals = needs, slices.Clone(r.Approvals)
		next.Approve(who.User, now, access, less != "")
		if !isLast {
			next.AddMessage(approval.ApprovalAddedNotice(len(next.Approvals)))
			return
		}
		next.Decision = approval.Decision{By: who.User, At: now}
		next.FinishApproval(now, rd.Policy)
	}}, nil
}

func without(users []policy.UserID, user policy.UserID) []policy.UserID {
	return slices.DeleteFunc(users, func(u policy.UserID) bool { return u == user })
}

func (s *Service) approvalEvent(r approval.Request, isLast bool) approval.Event {
	switch {
	case !isLast:
		return approval.EventApprovalAdded
	case r.IsChange():
		return approval.EventApproveChange
	}
	return approval.EventApprove
}

// describeReduction says for the audit trail what b leaves out of a; empty if it is
// the same.
func describeReduction(a, b policy.Access) string {
	var left []string
	for _, role := range a.Roles {
		if !slices.Contains(b.Roles, role) {
			left = append(left, "without "+string(role))
		}
	}
	for _, p := range a.Projects {
		if !slices.ContainsFunc(b.Projects, func(have policy.ProjectAccess) bool { return have.ID == p.ID }) {
			left = append(left, "without project "+string(p.ID))
		}
	}
	if !policy.EqualNetworks(a.Networks, b.Networks) {
		left = append(left, "fewer addresses")
	}
	if a.Lifetime != b.Lifetime {
		left = append(left, b.Lifetime.String()+" instead of "+a.Lifetime.String())
	}
	return strings.Join(left, ", ")
}

// Deny is an approver's no: one is enough. The requester reads the reason,
// which may be empty.
func (s *Service) Deny(ctx context.Context, who policy.Actor, id policy.ID, reason string) (approval.Request, error) {
	reason = policy.OptionalText(reason)
	return s.decide(ctx, who, id, approval.EventDeny, reason, func(r *approval.Request, now time.Time) {
		r.Decision = approval.Decision{By: who.User, At: now, Reason: reason}
		r.Outcome = approval.Outcome{By: who.User, At: now}
		r.AddMessage(approval.DecidedNotice)
		r.AddMessage(approval.OutcomeMessage)
	})
}

// decide moves a request by somebody who may decide on it.
func (s *Service) decide(ctx context.Context, who policy.Actor, id policy.ID, on approval.Event, note string, change func(*approval.Request, time.Time)) (approval.Request, error) {
	return s.act(ctx, who, id, on, s.deciderNow(who), note, change)
}

// deciderNow is decider by the rules as they are when it is asked.
func (s *Service) deciderNow(who policy.Actor) check {
	return func(ctx context.Context, r approval.Request) error {
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return err
		}
		return s.decider(who, org.Policy.Resolve(ctx, s.Directory))(ctx, r)
	}
}

// MayDeny reports why who could not deny the request now, or nil. Nothing is
// recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayDeny(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.may(ctx, who, id, approval.EventDeny, s.deciderNow(who))
}

// MayApprovePartially reports why who could not approve a part of the request now, or
// nil. A change of a live key is approved as a whole. Nothing is recorded but a
// refusal: it is asked before a form is opened.
func (s *Service) MayApprovePartially(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.may(ctx, who, id, approval.EventApprove, func(ctx context.Context, r approval.Request) error {
		if err := s.deciderNow(who)(ctx, r); err != nil {
			return err
		}
		if r.Type != approval.NewKey {
			return approval.ErrNotAllowed
		}
		return nil
	})
}

func (s *Service) decider(who policy.Actor, rd policy.ResolvedPolicy) check {
	return func(ctx context.Context, r approval.Request) error {
		if err := requireMember(ctx, s.Directory, who); err != nil {
			return err
		}
		return rd.MayDecide(r.Requester, r.Access, r.IsEscalated(), who.User)
	}
}
