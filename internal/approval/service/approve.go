package service

import (
	"context"
	"errors"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var (
	// ErrAlreadyApproved refuses a second approval by the same approver.
	ErrAlreadyApproved = errors.New("approved already by the same approver")

	// ErrNotNeeded refuses an approver whose approval would meet none of the
	// requirements that are left.
	ErrNotNeeded = errors.New("the approval of other approvers is needed")

	// ErrTooManyForForm refuses a partial approval whose form cannot hold all the
	// addresses that were requested.
	ErrTooManyForForm = errors.New("too many addresses for a form")
)

// Approve adds the caller's approval. After the last one needed the requester can
// issue the key, or the worker changes an active one.
func (s *Service) Approve(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.approve(ctx, caller, id, "", func(r approval.Request) (policy.Access, error) { return r.Access, nil })
}

// ApprovePartially adds the caller's approval of a part of the requested access. The
// requester sees what is left out, and may decline. A *[policy.FormError] tells what
// to correct.
func (s *Service) ApprovePartially(ctx context.Context, caller policy.Actor, id policy.ID, n policy.PartialApproval) (approval.Request, error) {
	return s.approve(ctx, caller, id, policy.OptionalText(n.Note), func(r approval.Request) (policy.Access, error) {
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

func (s *Service) approve(ctx context.Context, caller policy.Actor, id policy.ID, note string, approved func(approval.Request) (policy.Access, error)) (approval.Request, error) {
	r, err := s.get(ctx, caller, id, approval.EventApprove)
	if err != nil {
		return approval.Request{}, err
	}
	on := r.ApprovalEvent(true)
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, s.refuse(ctx, r, on, caller.User, err)
	}
	resolved := org.Policy.Resolve(ctx, s.Directory)
	return s.updateFrom(ctx, caller, r, on, func(r approval.Request) (approval.Step, error) {
		if err := s.requireDeciderBy(ctx, resolved, caller, r); err != nil {
			return approval.Step{}, err
		}
		if r.State != approval.StatePending {
			return approval.Step{}, approval.ErrNotAllowed
		}
		access, err := approved(r)
		if err != nil {
			return approval.Step{}, err
		}
		added, err := s.evaluateApproval(ctx, caller, resolved, r, access)
		if err != nil {
			return approval.Step{}, err
		}
		added.Note = note
		return r.Approve(added, s.Now(), resolved.Policy)
	})
}

// evaluateApproval works out what the caller's approval of access adds to r. Earlier
// approvals are checked again: those of people who were deactivated, or may not
// decide any more, do not count. An approver whose approval is there already can
// still give the last one, if the policy wants fewer by now or another approval
// counts again.
func (s *Service) evaluateApproval(ctx context.Context, caller policy.Actor, resolved policy.ResolvedPolicy, r approval.Request, access policy.Access) (approval.NewApproval, error) {
	hadApproved := r.ApprovedBy(caller.User)
	earlier, err := s.recheckApprovals(ctx, caller, resolved, r)
	if err != nil {
		return approval.NewApproval{}, err
	}
	r.Approvals = earlier
	requirements := resolved.RequirementsFor(access)
	others := slices.DeleteFunc(r.Counted(), func(u policy.UserID) bool { return u == caller.User })
	met := resolved.MaxMatching(requirements, r.IsEscalated(), append(slices.Clone(others), caller.User))
	isLast := met == policy.Total(requirements)
	if !isLast {
		if err := resolved.Members.Err(); err != nil {
			return approval.NewApproval{}, err // it may be the last, and there would be no other
		}
		switch {
		case hadApproved:
			return approval.NewApproval{}, ErrAlreadyApproved
		case met == resolved.MaxMatching(requirements, r.IsEscalated(), others):
			return approval.NewApproval{}, ErrNotNeeded
		}
	}
	missing := resolved.Missing(requirements, r.IsEscalated(), append(slices.Clone(others), caller.User))
	return approval.NewApproval{By: caller.User, Access: access, Earlier: earlier, Requirements: requirements, Missing: missing, IsLast: isLast}, nil
}

// MayApprovePartially reports why the caller could not approve a part of the request
// now, or nil, before a form is opened. A change of an active key is approved as a
// whole, and so is what the form cannot hold. Only a refusal is recorded.
func (s *Service) MayApprovePartially(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.check(ctx, caller, id, approval.EventApprove, func(r approval.Request) error {
		if err := s.requireDecider(ctx, caller, r); err != nil {
			return err
		}
		switch {
		case r.Type != approval.NewKey:
			return approval.ErrNotAllowed
		case r.State == approval.StatePending && !r.Access.FitsForm():
			return ErrTooManyForForm
		}
		return nil
	})
}

// Deny refuses the request. One denial is enough. The requester reads the reason,
// which may be empty.
func (s *Service) Deny(ctx context.Context, caller policy.Actor, id policy.ID, reason string) (approval.Request, error) {
	reason = policy.OptionalText(reason)
	return s.update(ctx, caller, id, approval.EventDeny, func(r approval.Request) (approval.Step, error) {
		if err := s.requireDecider(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Deny(caller.User, s.Now(), reason)
	})
}

// MayDeny reports why the caller could not deny the request now, or nil, before a
// form is opened. Only a refusal is recorded.
func (s *Service) MayDeny(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.check(ctx, caller, id, approval.EventDeny, func(r approval.Request) error { return s.requireDecider(ctx, caller, r) })
}
