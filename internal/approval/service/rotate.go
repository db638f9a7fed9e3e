package service

import (
	"context"
	"fmt"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Rotate requests a successor with the same access until the same end. It is issued
// like a new key, and needs no approval if the access was approved for its owner.
// A transferred key may need one: rotating it shows a private key to an owner whom
// no approver has approved yet.
func (s *Service) Rotate(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, caller, id, approval.EventRotate)
	if err != nil {
		return parent, err
	}
	if err := s.requireNoRotation(ctx, parent); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventRotate, caller.User, err)
	}
	resolved := org.Policy.Resolve(ctx, s.Directory)
	if err := resolved.Entitled(caller.User, parent.Access, parent.ByBreakGlass(), parent.LifeUntil(parent.KeyExpiresAt)); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventRotate, caller.User, err)
	}
	successor, err := s.createFor(ctx, parent, approval.EventRotate, s.successorOf(parent, org, resolved))
	if err != nil {
		return parent, err
	}
	_, err = s.update(ctx, caller, id, approval.EventRotate, func(r approval.Request) (approval.Step, error) {
		if caller.User != r.Requester { // whose account was checked a moment ago
			return approval.Step{}, approval.ErrNotOwner
		}
		return r.Rotate(successor.ID, caller.User, s.Now())
	})
	return successor, err
}

// successorOf returns a request for a key that takes over from parent's: approved,
// or with the approvals that it needs.
func (s *Service) successorOf(parent approval.Request, org policy.Org, resolved policy.ResolvedPolicy) approval.Request {
	// The idempotency key stays the same until parent names its successor: after a
	// crash in between, the next try finds the successor that was stored.
	idempotencyKey := fmt.Sprintf("rotation of %s by %s after %q", parent.ID, parent.Requester, parent.Successor)
	r := approval.NewChildRequest(org, parent, approval.Rotation, idempotencyKey, parent.Reason, s.Now())
	r.Change.Left = slices.Clone(parent.Owns)
	r.KeyExpiresAt, r.Since, r.BreakGlassOf = parent.KeyExpiresAt, parent.Started(), parent.BreakGlassOf
	if parent.BreakGlass {
		r.BreakGlassOf = parent.ID
	}
	if isApprovedForOwner(resolved, parent) {
		return r.ApprovedLike(parent, org.Policy)
	}
	return assignApprovers(r, resolved, totalAccess(r, parent))
}

// isApprovedForOwner reports whether the access of r's key was approved for its
// present owner: when it was requested, or by the approver who transferred it, if by
// the current policy it still needs no other approval.
func isApprovedForOwner(resolved policy.ResolvedPolicy, r approval.Request) bool {
	if len(r.Transfers) == 0 {
		return true
	}
	last := r.Transfers[len(r.Transfers)-1]
	return last.Approved && resolved.CoversAlone(r.Access, last.By)
}
