package service

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Issue is the requester's "Create my key".
func (s *Service) Issue(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventIssue, func(r approval.Request) (approval.Step, error) {
		if err := s.requireIssuable(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Issue(caller.User, s.Now())
	})
}

// Replace is "I did not see it": the key is deleted, and another is issued and
// shown.
func (s *Service) Replace(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventReplace, func(r approval.Request) (approval.Step, error) {
		if err := s.requireIssuable(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Replace(caller.User, s.Now())
	})
}

// requireIssuable refuses callers for whom no key of r can be issued.
func (s *Service) requireIssuable(ctx context.Context, caller policy.Actor, r approval.Request) error {
	if err := s.requireOwner(ctx, caller, r); err != nil {
		return err
	}
	if err := s.requireActivePredecessor(ctx, r); err != nil {
		return err
	}
	return s.requireOrg(r)
}

// Confirm is "I saved it".
func (s *Service) Confirm(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventConfirm, func(r approval.Request) (approval.Step, error) {
		if err := s.requireOwner(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		if err := s.requirePredecessorNotRevoked(ctx, r); err != nil {
			return approval.Step{}, err
		}
		return r.Confirm(caller.User, s.Now(), s.policyOf(r.Org))
	})
}

// Withdraw takes a request back before a key is issued for it. After a partial
// approval it declines what was approved.
func (s *Service) Withdraw(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventWithdraw, func(r approval.Request) (approval.Step, error) {
		if err := s.requireOwner(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Withdraw(caller.User, s.Now())
	})
}

// Nudge is the requester's one reminder to the approvers.
func (s *Service) Nudge(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventNudge, func(r approval.Request) (approval.Step, error) {
		if err := s.requireOwner(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Nudge(caller.User, s.Now())
	})
}
