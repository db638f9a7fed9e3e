package service

import (
	"context"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// An ExtensionForm asks for more time for an active key.
type ExtensionForm struct {
	IdempotencyKey string        // see [approval.Request.IdempotencyKey]
	ExtendBy       time.Duration // added to the present end
	Reason         string
}

// Extend requests more time for the same access, within what its roles allow over
// all its keys. Approvers decide as on a new key; no new private key is made. A key
// taken by break-glass gets no more time.
func (s *Service) Extend(ctx context.Context, caller policy.Actor, id policy.ID, f ExtensionForm) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, caller, id, approval.EventExtend)
	if err != nil {
		return parent, err
	}
	resolved := org.Policy.Resolve(ctx, s.Directory)
	if err := requireExtensible(resolved, parent); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventExtend, caller.User, err)
	}
	problems := policy.CheckText(policy.FieldReason, plaintext.Lines(f.Reason), policy.MaxReason, true)
	problems = append(problems, checkExtension(resolved.Policy, parent, f.ExtendBy)...)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, approval.EventExtend, caller.User, policy.NewFormError(problems))
	}
	r := approval.NewChildRequest(org, parent, approval.Extension, f.IdempotencyKey, f.Reason, s.Now())
	r.Access.Lifetime = f.ExtendBy
	r.Change = approval.ChangeDetails{OldEnd: parent.KeyExpiresAt, NewEnd: parent.KeyExpiresAt.Add(f.ExtendBy)}
	total := r.Access
	total.Lifetime = parent.LifeUntil(r.Change.NewEnd)
	return s.createFor(ctx, parent, approval.EventExtend, assignApprovers(r, resolved, total))
}

// MayExtend returns the request, and its organization, if the caller may request
// more time for its key now, before a form is opened. Only a refusal is recorded.
func (s *Service) MayExtend(ctx context.Context, caller policy.Actor, id policy.ID) (approval.Request, policy.Org, error) {
	r, org, err := s.activeKeyOf(ctx, caller, id, approval.EventExtend)
	if err != nil {
		return r, org, err
	}
	if err := requireExtensible(org.Policy.Resolve(ctx, s.Directory), r); err != nil {
		return r, org, s.refuse(ctx, r, approval.EventExtend, caller.User, err)
	}
	return r, org, nil
}

// requireExtensible refuses keys that cannot get any more time.
func requireExtensible(resolved policy.ResolvedPolicy, r approval.Request) error {
	if r.ByBreakGlass() {
		return policy.ErrBreakGlassEnds
	}
	if err := resolved.MayAskForAll(r.Requester, r.Access); err != nil {
		return err
	}
	fits := func(extendBy time.Duration) bool { return len(checkExtension(resolved.Policy, r, extendBy)) == 0 }
	if most, role := resolved.MaxLifetime(r.Access.AllRoles()); most > 0 && !slices.ContainsFunc(resolved.Lifetimes, fits) {
		return &policy.RoleError{Role: role, Most: most, Why: policy.ErrOutlivesRole}
	}
	return nil
}

// checkExtension checks an extension against the lifetimes to choose from, and the
// key's whole lifetime with it against the limits of its roles.
func checkExtension(p policy.Policy, r approval.Request, extendBy time.Duration) []policy.Problem {
	if !slices.Contains(p.Lifetimes, extendBy) {
		return []policy.Problem{{Field: policy.FieldLifetime, Code: policy.LifetimeNotAllowed}}
	}
	most, role := p.MaxLifetime(r.Access.AllRoles())
	if most > 0 && r.LifeUntil(r.KeyExpiresAt.Add(extendBy)) > most {
		return []policy.Problem{{Field: policy.FieldLifetime, Code: policy.ExtensionTooLong, Given: string(role), Most: most}}
	}
	return nil
}
