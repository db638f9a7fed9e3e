package service

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// ErrBreakGlassNotAllowed refuses callers whom the policy does not name for
// break-glass.
var ErrBreakGlassNotAllowed = errors.New("not named for break-glass")

// MayBreakGlass returns the organizations in which the caller may take a key without
// approval, or [ErrBreakGlassNotAllowed]. Only a refusal is recorded.
func (s *Service) MayBreakGlass(ctx context.Context, caller policy.Actor) (policy.Orgs, error) {
	orgs, err := s.breakGlassOrgs(ctx, caller)
	if err != nil {
		return nil, s.refuseNew(ctx, s.orgIDOf(policy.Form{}), caller.User, approval.NoteBreakGlass, err)
	}
	return orgs, nil
}

func (s *Service) breakGlassOrgs(ctx context.Context, caller policy.Actor) (policy.Orgs, error) {
	if err := s.requireMember(ctx, caller); err != nil {
		return nil, err
	}
	var allowed policy.Orgs
	why := ErrBreakGlassNotAllowed
	for _, org := range s.Orgs {
		switch err := s.requireBreakGlass(ctx, org, caller); {
		case err == nil:
			allowed = append(allowed, org)
		case !errors.Is(err, ErrBreakGlassNotAllowed):
			why = err
		}
	}
	if len(allowed) == 0 {
		return nil, why
	}
	return allowed, nil
}

// requireBreakGlass refuses callers who may not take a key of the organization
// without approval.
func (s *Service) requireBreakGlass(ctx context.Context, org policy.Org, caller policy.Actor) error {
	named, err := org.Policy.Resolve(ctx, s.Directory).Members.Contains(org.Policy.BreakGlass.AllowedRequesters, caller.User)
	switch {
	case err != nil:
		return err
	case !named:
		return ErrBreakGlassNotAllowed
	}
	return nil
}

// BreakGlass lets a caller whom the policy names for that issue a short-lived key at
// once. The form's lifetime and projects are not read. A *[policy.FormError] tells
// what to correct; a form sent twice makes one request.
func (s *Service) BreakGlass(ctx context.Context, caller policy.Actor, f policy.Form) (approval.Request, error) {
	r, err := s.breakGlass(ctx, caller, f)
	if err != nil {
		return approval.Request{}, s.refuseNew(ctx, s.orgIDOf(f), caller.User, approval.NoteBreakGlass, err)
	}
	return r, nil
}

func (s *Service) breakGlass(ctx context.Context, caller policy.Actor, f policy.Form) (approval.Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.requireMember(ctx, caller); err != nil {
		return approval.Request{}, err
	}
	if err := s.requireBreakGlass(ctx, org, caller); err != nil {
		return approval.Request{}, err
	}
	f.Lifetime, f.Projects, f.ProjectRoles = org.Policy.BreakGlass.Lifetime, nil, nil
	access, err := org.Policy.ForBreakGlass().Check(f)
	if err != nil {
		return approval.Request{}, err
	}
	return s.create(ctx, approval.NewRequest(org, caller.User, f, access, s.Now()).TakenByBreakGlass(org.Policy))
}

// Review records that an approver reviewed a key taken by break-glass. It is never a
// person who has or had the key.
func (s *Service) Review(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	return s.update(ctx, caller, id, approval.EventReview, func(r approval.Request) (approval.Step, error) {
		if err := s.requireApprover(ctx, caller, r); err != nil {
			return approval.Step{}, err
		}
		return r.MarkReviewed(caller.User, s.Now())
	})
}
