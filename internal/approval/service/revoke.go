package service

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Operator stands in the audit trail, and in [approval.Outcome], for a person who
// runs the bot and acts on its database, without a Slack account to look up. A
// running bot sees the change in the row.
const Operator policy.UserID = "operator"

// Revoke ends an active key: by its owner, or by an approver, whose reason the
// owner reads. The reason may be empty.
func (s *Service) Revoke(ctx context.Context, caller policy.Actor, id policy.ID, reason string) (approval.Request, error) {
	reason = policy.OptionalText(reason)
	return s.update(ctx, caller, id, approval.EventRevoke, func(r approval.Request) (approval.Step, error) {
		if err := s.requireOwnerOrApprover(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.Revoke(caller.User, s.Now(), reason)
	})
}

// RevokeAsOperator is Revoke for the operator.
func (s *Service) RevokeAsOperator(ctx context.Context, id policy.ID, reason string) (approval.Request, error) {
	return s.update(ctx, policy.Actor{User: Operator}, id, approval.EventRevoke, func(r approval.Request) (approval.Step, error) {
		return r.Revoke(Operator, s.Now(), reason)
	})
}

// MayRevoke reports why the caller could not revoke the key now, or nil, before a
// form is opened. Only a refusal is recorded.
func (s *Service) MayRevoke(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.check(ctx, caller, id, approval.EventRevoke, func(r approval.Request) error {
		return s.requireOwnerOrApprover(ctx, caller, r)
	})
}

// RequestOfKey returns the request of the delivered or active key with a public key,
// which is all that a person has who finds a leaked one; [approval.ErrNotFound] if there
// is none. It says nothing of the key: what may be done with it is asked by its request.
func (s *Service) RequestOfKey(ctx context.Context, publicKey string) (policy.ID, error) {
	keys, err := s.Store.ListActive(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for the request of a public key: %w", err)
	}
	for _, r := range keys {
		if publicKey != "" && r.Key.PublicKey == publicKey {
			return r.ID, nil
		}
	}
	return "", approval.ErrNotFound
}

// RetirePredecessorNow deletes the predecessor of an active successor: its owner
// says that nothing uses it any more.
func (s *Service) RetirePredecessorNow(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	successor, err := s.get(ctx, caller, id, approval.EventRevoke)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.requireOwner(ctx, caller, successor); err != nil {
		return successor, s.refuse(ctx, successor, approval.EventRevoke, caller.User, err)
	}
	if successor.Type != approval.Rotation || successor.State != approval.StateActive {
		return successor, s.refuse(ctx, successor, approval.EventRevoke, caller.User, approval.ErrNotAllowed)
	}
	return s.update(ctx, caller, successor.ParentID, approval.EventRevoke, func(r approval.Request) (approval.Step, error) {
		if err := s.requireOwner(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.RetireFor(id, caller.User, s.Now())
	})
}

// TryAgain lets the worker try at once to delete a key of the caller's whose
// deletion waits for its next try. If it does not wait, the request is returned as
// it is.
func (s *Service) TryAgain(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	r, err := s.get(ctx, caller, id, approval.EventRetry)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.requireOwner(ctx, caller, r); err != nil {
		return r, s.refuse(ctx, r, approval.EventRetry, caller.User, err)
	}
	return s.retryDeletion(ctx, caller, r)
}

// TryAgainAsOperator is TryAgain for the operator.
func (s *Service) TryAgainAsOperator(ctx context.Context, id policy.ID) (approval.Request, error) {
	operator := policy.Actor{User: Operator}
	r, err := s.get(ctx, operator, id, approval.EventRetry)
	if err != nil {
		return approval.Request{}, err
	}
	return s.retryDeletion(ctx, operator, r)
}

func (s *Service) retryDeletion(ctx context.Context, caller policy.Actor, r approval.Request) (approval.Request, error) {
	if !r.WaitsToDelete(s.Now()) {
		return r, nil
	}
	r, err := s.updateFrom(ctx, caller, r, approval.EventRetry, func(r approval.Request) (approval.Step, error) {
		return r.RetryDeletion(caller.User, s.Now())
	})
	if errors.Is(err, approval.ErrNothingToRetry) {
		return r, nil
	}
	return r, err
}
