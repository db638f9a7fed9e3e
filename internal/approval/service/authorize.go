package service

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// The require functions say why the caller may not do something, or nil. Each
// asks the directory and the current policy again: people are deactivated, and
// policies change, between two clicks.

// requireMember refuses callers who are not active members of the workspace.
func (s *Service) requireMember(ctx context.Context, caller policy.Actor) error {
	status, err := s.Directory.MemberStatus(ctx, caller)
	if err != nil {
		return fmt.Errorf("%w: %w", policy.ErrCannotCheck, err)
	}
	switch status {
	case policy.Member:
		return nil
	case policy.Guest:
		return approval.ErrGuest
	case policy.Deactivated:
		return approval.ErrDeactivated
	case policy.Bot:
		return approval.ErrBot
	}
	return approval.ErrExternal
}

// requireOwner refuses callers who are not r's requester.
func (s *Service) requireOwner(ctx context.Context, caller policy.Actor, r approval.Request) error {
	if caller.User != r.Requester {
		return approval.ErrNotOwner
	}
	return s.requireMember(ctx, caller)
}

// requireApprover refuses callers who approve nothing in r's organization.
func (s *Service) requireApprover(ctx context.Context, caller policy.Actor, r approval.Request) error {
	if err := s.requireMember(ctx, caller); err != nil {
		return err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return err
	}
	return org.Policy.Resolve(ctx, s.Directory).IsApprover(caller.User)
}

// requireOwnerOrApprover refuses callers who are neither r's requester nor an
// approver of its organization.
func (s *Service) requireOwnerOrApprover(ctx context.Context, caller policy.Actor, r approval.Request) error {
	if caller.User == r.Requester {
		return s.requireMember(ctx, caller)
	}
	err := s.requireApprover(ctx, caller, r)
	if errors.Is(err, policy.ErrNotApprover) {
		return approval.ErrNotOwner
	}
	return err
}

// requireDecider refuses callers who may not decide on r by the current policy.
func (s *Service) requireDecider(ctx context.Context, caller policy.Actor, r approval.Request) error {
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return err
	}
	return s.requireDeciderBy(ctx, org.Policy.Resolve(ctx, s.Directory), caller, r)
}

// requireDeciderBy is requireDecider by a policy that was resolved before.
func (s *Service) requireDeciderBy(ctx context.Context, resolved policy.ResolvedPolicy, caller policy.Actor, r approval.Request) error {
	if err := s.requireMember(ctx, caller); err != nil {
		return err
	}
	return resolved.MayDecide(r.Requester, r.Access, r.IsEscalated(), caller.User)
}

// requireOrg refuses requests of organizations that are not configured any more:
// no key can be created there.
func (s *Service) requireOrg(r approval.Request) error {
	_, err := s.Orgs.Find(r.Org)
	return err
}

// requireActivePredecessor refuses a successor whose predecessor is not an active
// key of the same owner any more: a key that an approver revoked gets none.
func (s *Service) requireActivePredecessor(ctx context.Context, r approval.Request) error {
	if r.Type != approval.Rotation {
		return nil
	}
	predecessor, err := s.parentOf(ctx, r)
	switch {
	case err != nil:
		return err
	case predecessor.State != approval.StateActive, predecessor.Requester != r.Requester:
		return approval.ErrPredecessorNotActive
	}
	return nil
}

// requirePredecessorNotRevoked refuses a successor whose predecessor was revoked by
// an approver or the operator.
func (s *Service) requirePredecessorNotRevoked(ctx context.Context, r approval.Request) error {
	if r.Type != approval.Rotation {
		return nil
	}
	predecessor, err := s.parentOf(ctx, r)
	switch {
	case err != nil:
		return err
	case predecessor.Cascade == approval.CascadeAll:
		return approval.ErrPredecessorRevoked
	}
	return nil
}

// requireNoRotation refuses a second successor of the key while the first may
// still be issued.
func (s *Service) requireNoRotation(ctx context.Context, r approval.Request) error {
	if r.Successor == "" {
		return nil
	}
	successor, err := s.Store.Get(ctx, r.Successor)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.Successor, err)
	case successor.State.Final():
		return nil
	}
	return approval.ErrRotationUnderway
}

// parentOf reads the request whose key r is about.
func (s *Service) parentOf(ctx context.Context, r approval.Request) (approval.Request, error) {
	parent, err := s.Store.Get(ctx, r.ParentID)
	if err != nil {
		return approval.Request{}, fmt.Errorf("reading request %s: %w", r.ParentID, err)
	}
	return parent, nil
}
