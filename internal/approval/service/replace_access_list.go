package service

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// An AccessListForm asks for another access list for an active key.
type AccessListForm struct {
	IdempotencyKey string   // see [approval.Request.IdempotencyKey]
	NetworkPresets []string // names of [policy.Policy.NetworkPresets]
	Networks       string   // with them the whole list, as typed
	Reason         string
}

// ReplaceAccessList requests another access list. Approvers decide, unless entries
// are only removed: less access needs no approval.
func (s *Service) ReplaceAccessList(ctx context.Context, caller policy.Actor, id policy.ID, f AccessListForm) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, caller, id, approval.EventReplaceAccessList)
	if err != nil {
		return parent, err
	}
	r, problems := s.accessListChange(org, parent, f)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, approval.EventReplaceAccessList, caller.User, policy.NewFormError(problems))
	}
	if policy.IsSubset(parent.Access.Networks, r.Access.Networks) {
		return s.createFor(ctx, parent, approval.EventReplaceAccessList, r.ApprovedAsReduction(org.Policy))
	}
	resolved, total := org.Policy.Resolve(ctx, s.Directory), totalAccess(r, parent)
	if err := resolved.Entitled(caller.User, parent.Access, parent.ByBreakGlass(), total.Lifetime); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventReplaceAccessList, caller.User, err)
	}
	return s.createFor(ctx, parent, approval.EventReplaceAccessList, assignApprovers(r, resolved, total))
}

// accessListChange returns the request that the form makes, or what to correct.
func (s *Service) accessListChange(org policy.Org, parent approval.Request, f AccessListForm) (approval.Request, []policy.Problem) {
	roles := parent.Access.AllRoles()
	presets, problems := org.Policy.CheckNamed(f.NetworkPresets, roles)
	networks, networkProblems := org.Policy.ParseNetworks(f.Networks, presets, roles)
	problems = append(problems, networkProblems...)
	if len(problems) == 0 && policy.EqualNetworks(networks, parent.Access.Networks) {
		problems = append(problems, policy.Problem{Field: policy.FieldNetworks, Code: policy.Unchanged})
	}
	problems = append(problems, policy.CheckText(policy.FieldReason, plaintext.Lines(f.Reason), policy.MaxReason, true)...)
	r := approval.NewChildRequest(org, parent, approval.AccessListChange, f.IdempotencyKey, f.Reason, s.Now())
	r.Access.Networks, r.Access.NetworkPresets = networks, presets
	r.Change = approval.ChangeDetails{OldNetworks: parent.Access.Networks}
	return r, problems
}

// MayReplaceAccessList returns the request, and its organization, if the caller may
// request another access list for its key now, before a form is opened. Only a
// refusal is recorded.
func (s *Service) MayReplaceAccessList(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, policy.Org, error) {
	return s.activeKeyOf(ctx, caller, id, approval.EventReplaceAccessList)
}
