package service

import (
	"context"
	"errors"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// ErrNoProjects says that Atlas's projects cannot be listed just now.
var ErrNoProjects = errors.New("the projects could not be listed")

// Entitlements is what one user can request in one organization.
type Entitlements struct {
	Org            policy.Org
	Roles          []policy.Role
	ProjectRoles   []policy.Role // none: no access to projects
	NetworkPresets []policy.NetworkPreset
	Lifetimes      []time.Duration
}

// Entitlements returns what the caller can request, for the form to entitled. It returns
// [ErrNothingOffered], with the organization, if that is nothing and there is no other
// organization. A submitted form is checked again. Only a refusal is recorded.
func (s *Service) Entitlements(ctx context.Context, caller policy.Actor, id policy.OrgID) (Entitlements, error) {
	entitled, err := s.entitlements(ctx, caller, id)
	if err == nil && len(entitled.Roles) == 0 && len(s.Orgs) == 1 {
		err = ErrNothingOffered
	}
	if err != nil {
		return entitled, s.refuseNew(ctx, s.orgIDOf(policy.Form{Org: id}), caller.User, "form", err)
	}
	return entitled, nil
}

func (s *Service) entitlements(ctx context.Context, caller policy.Actor, id policy.OrgID) (Entitlements, error) {
	org, err := s.orgOf(policy.Form{Org: id})
	if err != nil {
		return Entitlements{}, err
	}
	if err := s.requireMember(ctx, caller); err != nil {
		return Entitlements{}, err
	}
	resolved := org.Policy.Resolve(ctx, s.Directory)
	entitled := Entitlements{Org: org, NetworkPresets: org.Policy.NetworkPresets, Lifetimes: org.Policy.Lifetimes}
	entitled.Roles = resolved.Requestable(caller.User, org.Policy.Roles)
	if s.Projects != nil {
		entitled.ProjectRoles = resolved.Requestable(caller.User, org.Policy.ProjectRoles)
	}
	return entitled, nil
}

// Preview evaluates a form before it is submitted. Nothing is recorded.
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
