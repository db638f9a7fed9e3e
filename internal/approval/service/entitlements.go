package service

import (
	"context"
	"errors"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// ErrNoProjects says that Atlas's projects could not be listed just now.
var ErrNoProjects = errors.New("the projects could not be listed")

// An Entitlements is what one person can ask for in one organization.
type Entitlements struct {
	Org            policy.Org
	Roles          []policy.Role
	ProjectRoles   []policy.Role // none: no access to projects
	NetworkPresets []policy.NetworkPreset
	Lifetimes      []time.Duration
}

// Entitlements returns what who can ask for, or [ErrNothingOffered] with the
// organization if that is nothing and there is no other one. The form shows it
// before they choose; what is sent is checked again. Nothing is recorded but a
// refusal.
func (s *Service) Entitlements(ctx context.Context, caller policy.Actor, id policy.OrgID) (Entitlements, error) {
	offer, err := s.offer(ctx, caller, id)
	if err == nil && len(offer.Roles) == 0 && len(s.Orgs) == 1 {
		err = ErrNothingOffered
	}
	if err != nil {
		return offer, s.refuseNew(ctx, s.orgIDOf(policy.Form{Org: id}), caller.User, "form", err)
	}
	return offer, nil
}

func (s *Service) offer(ctx context.Context, caller policy.Actor, id policy.OrgID) (Entitlements, error) {
	org, err := s.orgOf(policy.Form{Org: id})
	if err != nil {
		return Entitlements{}, err
	}
	if err := s.requireMember(ctx, caller); err != nil {
		return Entitlements{}, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	offer := Entitlements{Org: org, NetworkPresets: org.Policy.NetworkPresets, Lifetimes: org.Policy.Lifetimes}
	offer.Roles = rd.Requestable(caller.User, org.Policy.Roles)
	if s.Projects != nil {
		offer.ProjectRoles = rd.Requestable(caller.User, org.Policy.ProjectRoles)
	}
	return offer, nil
}

// Preview looks at a form before it is sent. Nothing is recorded.
func (s *Service) Preview(ctx context.Context, caller policy.Actor, f policy.Form) (policy.Preview, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return policy.Preview{}, err
	}
	preview, err := org.Policy.Resolve(ctx, s.Directory).Preview(caller.User, f)
	if err != nil {
		return preview, err
	}
	limits, err := s.limitsReached(ctx, caller.User, org)
	preview.Problems = append(preview.Problems, limits...)
	return preview, err
}
