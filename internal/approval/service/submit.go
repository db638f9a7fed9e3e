package service

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Submit records a request for a new key. A form sent twice makes one request, and
// the second call returns it like the first. A *[policy.FormError] tells what to
// correct.
func (s *Service) Submit(ctx context.Context, caller policy.Actor, f policy.Form) (approval.Request, error) {
	r, err := s.submit(ctx, caller, f)
	if err != nil {
		return approval.Request{}, s.refuseNew(ctx, s.orgIDOf(f), caller.User, "", err)
	}
	return r, nil
}

func (s *Service) submit(ctx context.Context, caller policy.Actor, f policy.Form) (approval.Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.requireMember(ctx, caller); err != nil {
		return approval.Request{}, err
	}
	resolved := org.Policy.Resolve(ctx, s.Directory)
	access, problems := resolved.CheckForm(f)
	entitlementProblems, err := resolved.CheckAsker(caller.User, f)
	if err != nil {
		return approval.Request{}, err
	}
	problems = append(problems, entitlementProblems...)
	if len(problems) > 0 {
		return approval.Request{}, policy.NewFormError(problems)
	}
	if access, err = s.resolveProjects(ctx, org.ID, access); err != nil {
		return approval.Request{}, err
	}
	r := approval.NewRequest(org, caller.User, f, access, s.Now())
	return s.create(ctx, assignApprovers(r, resolved, r.Access))
}

// assignApprovers returns r with the approvals that it needs, or as approved by a
// rule. The rules look at total, the access with its whole lifetime, so that an
// extension cannot stretch a rule.
func assignApprovers(r approval.Request, resolved policy.ResolvedPolicy, total policy.Access) approval.Request {
	if rule, auto := resolved.Auto(r.Requester, total); auto {
		return r.ApprovedByRule(rule.Name, resolved.Policy)
	}
	r.Requirements = resolved.RequirementsFor(r.Access)
	return r
}

// orgOf returns the organization that a form is for.
func (s *Service) orgOf(f policy.Form) (policy.Org, error) {
	if f.Org == "" && len(s.Orgs) == 1 {
		return s.Orgs[0], nil
	}
	return s.Orgs.Find(f.Org)
}

// orgIDOf returns the id of the organization that a form is for; empty if that is
// not configured.
func (s *Service) orgIDOf(f policy.Form) policy.OrgID {
	org, err := s.orgOf(f)
	if err != nil {
		return ""
	}
	return org.ID
}

// MayRequestAgain returns the caller's own request, whose form they may fill in
// again from it. Only a refusal is recorded.
func (s *Service) MayRequestAgain(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, error) {
	r, err := s.get(ctx, caller, id, approval.EventSubmit)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.requireOwner(ctx, caller, r); err != nil {
		return approval.Request{}, s.refuse(ctx, r, approval.EventSubmit, caller.User, err)
	}
	return r, nil
}
