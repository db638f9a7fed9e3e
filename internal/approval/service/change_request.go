package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// What follows concerns a key that lives: it can get more time, a successor or
// another access list. Each wish is a request of its own, with a card, a
// decision and an end, and names the request whose key it is about.

// ErrRotationUnderway says that a key already has a successor on its way.
var ErrRotationUnderway = errors.New("a successor is on its way")

// An ExtensionForm asks for more time for a live key.
type ExtensionForm struct {
	IdempotencyKey string        // see [Request.IdempotencyKey]
	ExtendBy       time.Duration // added to the present end
	Reason         string
}

// Extend asks for more time for the same access, within what its roles allow
// over all its keys. Approvers decide as on a new key; no new secret is made.
// What break-glass gave gets no more time.
func (s *Service) Extend(ctx context.Context, who policy.Actor, id policy.ID, f ExtensionForm) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, approval.EventExtend)
	if err != nil {
		return parent, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if err := requireExtensible(rd, parent); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventExtend, who.User, err)
	}
	problems := policy.CheckText(policy.FieldReason, plaintext.Lines(f.Reason), policy.MaxReason, true)
	problems = append(problems, checkExtension(rd.Policy, parent, f.ExtendBy)...)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, approval.EventExtend, who.User, policy.NewFormError(problems))
	}
	r := s.newChildRequest(org, parent, approval.Extension, f.IdempotencyKey, f.Reason)
	r.Access.Lifetime = f.ExtendBy
	r.Change = approval.ChangeDetails{OldEnd: parent.KeyExpiresAt, NewEnd: parent.KeyExpiresAt.Add(f.ExtendBy)}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(r.Change.NewEnd) // or a rule could be stretched without end
	s.assignApprovers(&r, rd, whole)
	return s.createFor(ctx, parent, approval.EventExtend, r)
}

// requireExtensible reports why the owner of r's key cannot be given any more time, or
// nil.
func requireExtensible(rd policy.ResolvedPolicy, r approval.Request) error {
	if r.ByBreakGlass() {
		return policy.ErrBreakGlassEnds
	}
	if err := rd.MayAskForAll(r.Requester, r.Access); err != nil {
		return err
	}
	fits := func(extra time.Duration) bool { return len(checkExtension(rd.Policy, r, extra)) == 0 }
	if most, role := rd.MaxLifetime(r.Access.AllRoles()); most > 0 && !slices.ContainsFunc(rd.Lifetimes, fits) {
		return &policy.RoleError{Role: role, Most: most, Why: policy.ErrOutlivesRole}
	}
	return nil
}

// checkExtension holds more time against the choices, and what the key then
// lives in all against the limits of its roles.
func checkExtension(p policy.Policy, r approval.Request, extra time.Duration) []policy.Problem {
	if !slices.Contains(p.Lifetimes, extra) {
		return []policy.Problem{{Field: policy.FieldLifetime, Code: policy.LifetimeNotAllowed}}
	}
	most, role := p.MaxLifetime(r.Access.AllRoles())
	if most > 0 && r.LifeUntil(r.KeyExpiresAt.Add(extra)) > most {
		return []policy.Problem{{Field: policy.FieldLifetime, Code: policy.ExtensionTooLong, Given: string(role), Most: most}}
	}
	return nil
}

// An AccessListForm asks for another access list for a live key.
type AccessListForm struct {
	IdempotencyKey string   // see [Request.IdempotencyKey]
	NetworkPresets []string // names of [Policy.NetworkPresets]
	Networks       string   // with them the whole list, as typed
	Reason         string
}

// ReplaceAccessList asks for another access list. Approvers decide, unless entries are
// only removed: less access needs nobody's yes.
func (s *Service) ReplaceAccessList(ctx context.Context, who policy.Actor, id policy.ID, f AccessListForm) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, approval.EventReplaceAccessList)
	if err != nil {
		return parent, err
	}
	r, problems := s.accessListChange(org, parent, f)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, approval.EventReplaceAccessList, who.User, policy.NewFormError(problems))
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if policy.IsSubset(parent.Access.Networks, r.Access.Networks) {
		r.State = approval.StateApplying
		r.Decision = approval.Decision{At: r.RequestedAt} // by nobody: it was not needed
		r.FinishApproval(r.RequestedAt, org.Policy)
		return s.createFor(ctx, parent, approval.EventReplaceAccessList, r)
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.KeyExpiresAt)
	if err := rd.Entitled(who.User, parent.Access, parent.ByBreakGlass(), whole.Lifetime); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventReplaceAccessList, who.User, err)
	}
	s.assignApprovers(&r, rd, whole)
	return s.createFor(ctx, parent, approval.EventReplaceAccessList, r)
}

func (s *Service) accessListChange(org policy.Org, parent approval.Request, f AccessListForm) (approval.Request, []policy.Problem) {
	roles := parent.Access.AllRoles()
	named, problems := org.Policy.CheckNamed(f.NetworkPresets, roles)
	networks, wrong := org.Policy.ParseNetworks(f.Networks, named, roles)
	problems = append(problems, wrong...)
	if len(problems) == 0 && policy.EqualNetworks(networks, parent.Access.Networks) {
		problems = append(problems, policy.Problem{Field: policy.FieldNetworks, Code: policy.Unchanged})
	}
	problems = append(problems, policy.CheckText(policy.FieldReason, plaintext.Lines(f.Reason), policy.MaxReason, true)...)
	r := s.newChildRequest(org, parent, approval.AccessListChange, f.IdempotencyKey, f.Reason)
	r.Access.Networks, r.Access.NetworkPresets = networks, named
	r.Change = approval.ChangeDetails{OldNetworks: parent.Access.Networks}
	return r, problems
}

// Rotate opens a successor with the same access until the same end. It is
// collected like a new key, and takes no approval if the access was approved for
// its owner: a key that was handed over shows its private half to an owner whom
// nobody approved yet.
func (s *Service) Rotate(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, approval.EventRotate)
	if err != nil {
		return parent, err
	}
	if err := s.requireNoRotation(ctx, parent); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventRotate, who.User, err)
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if err := rd.Entitled(who.User, parent.Access, parent.ByBreakGlass(), parent.LifeUntil(parent.KeyExpiresAt)); err != nil {
		return parent, s.refuse(ctx, parent, approval.EventRotate, who.User, err)
	}
	r, err := s.successorTo(ctx, org, rd, parent)
	if err != nil {
		return parent, err
	}
	successor, err := s.createFor(ctx, parent, approval.EventRotate, r)
	if err != nil {
		return parent, err
	}
	_, err = s.act(ctx, who, id, approval.EventRotate, yetWithout(successor.ID, who), "successor "+string(successor.ID), func(r *approval.Request, _ time.Time) { r.Successor = successor.ID })
	return successor, err
}

// createFor stores a request about parent's key; a refusal is one of on.
func (s *Service) createFor(ctx context.Context, parent approval.Request, on approval.Event, r approval.Request) (approval.Request, error) {
	made, err := s.create(ctx, r)
	if err != nil {
		return parent, s.refuse(ctx, parent, on, r.Requester, err)
	}
	return made, nil
}

// successorTo is a request for a key that takes over from parent's, approved or
// with the approvals that it takes.
func (s *Service) successorTo(ctx context.Context, org policy.Org, rd policy.ResolvedPolicy, parent approval.Request) (approval.Request, error) {
	// The origin stays until the key names its successor: one that a crash left
	// behind is found again.
	origin := fmt.Sprintf("rotation of %s by %s after %q", parent.ID, parent.Requester, parent.Successor)
	r := s.newChildRequest(org, parent, approval.Rotation, origin, parent.Reason)
	r.Change.Left = slices.Clone(parent.Owns)
	r.KeyExpiresAt, r.Since, r.BreakGlassOf = parent.KeyExpiresAt, parent.Started(), parent.BreakGlassOf
	if parent.BreakGlass {
		r.BreakGlassOf = parent.ID
	}
	if isApprovedForOwner(rd, parent) {
		r.State, r.Decision, r.CarriesDecision = approval.StateApproved, parent.Decision, true
		r.FinishApproval(r.RequestedAt, org.Policy)
		r.Messages = []approval.MessageName{approval.CardMessage, approval.ReadyMessage}
		return r, nil
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.KeyExpiresAt)
	s.assignApprovers(&r, rd, whole)
	return r, nil
}

// yetWithout is of a key of who's, who was looked up a moment ago, that does not
// name its successor yet.
func yetWithout(successor policy.ID, who policy.Actor) check {
	return func(_ context.Context, r approval.Request) error {
		switch {
		case who.User != r.Requester:
			return approval.ErrNotOwner
		case r.Successor == successor:
			return ErrRotationUnderway
		}
		return nil
	}
}

// successorOf is may, for a successor only while the key before it lives and is
// the same person's: what an approver revoked is not replaced.
func (s *Service) successorOf(may check) check {
	return func(ctx context.Context, r approval.Request) error {
		if err := may(ctx, r); err != nil || r.Type != approval.Rotation {
			return err
		}
		before, err := s.Store.Get(ctx, r.ParentID)
		switch {
		case err != nil:
			return fmt.Errorf("reading request %s: %w", r.ParentID, err)
		case before.State != approval.StateActive, before.Requester != r.Requester:
			return approval.ErrPredecessorNotActive
		}
		return nil
	}
}

// requireNoRotation refuses a second successor while the first may still be
// collected.
func (s *Service) requireNoRotation(ctx context.Context, parent approval.Request) error {
	if parent.Successor == "" {
		return nil
	}
	first, err := s.Store.Get(ctx, parent.Successor)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", parent.Successor, err)
	case first.State.Final():
		return nil
	}
	return ErrRotationUnderway
}

// RetirePredecessorNow says, of a successor, that nothing uses its predecessor any
// more: the predecessor goes now.
func (s *Service) RetirePredecessorNow(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	successor, err := s.get(ctx, who, id, approval.EventRevoke)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.ownerOnly(who)(ctx, successor); err != nil {
		return successor, s.refuse(ctx, successor, approval.EventRevoke, who.User, err)
	}
	if successor.Type != approval.Rotation || successor.State != approval.StateActive {
		return successor, s.refuse(ctx, successor, approval.EventRevoke, who.User, approval.ErrNotAllowed)
	}
	return s.act(ctx, who, successor.ParentID, approval.EventRevoke, s.ownerOnly(who), "switched over to "+string(id), func(r *approval.Request, now time.Time) {
		r.StartDeletion(now, approval.Outcome{Cause: approval.CauseReplaced, By: who.User, At: now})
	})
}

// activeKeyOf returns the request of a live key to its owner, and to nobody else, for
// what on says.
func (s *Service) activeKeyOf(ctx context.Context, who policy.Actor, id policy.ID, on approval.Event) (approval.Request, policy.Org, error) {
	r, err := s.may(ctx, who, id, on, s.ownerOnly(who))
	if err != nil {
		return r, policy.Org{}, err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, org, s.refuse(ctx, r, on, who.User, err)
	}
	return r, org, nil
}

// MayReplaceAccessList returns the request, and its organization, if who may ask for
// another access list of its key now. Nothing is recorded but a refusal: it is
// asked before a form is opened.
func (s *Service) MayReplaceAccessList(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, policy.Org, error) {
	return s.activeKeyOf(ctx, who, id, approval.EventReplaceAccessList)
}

// MayExtend is MayReplaceAccessList for more time, which some keys cannot get at all.
func (s *Service) MayExtend(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, policy.Org, error) {
	r, org, err := s.activeKeyOf(ctx, who, id, approval.EventExtend)
	if err != nil {
		return r, org, err
	}
	if err := requireExtensible(org.Policy.Resolve(ctx, s.Directory), r); err != nil {
		return r, org, s.refuse(ctx, r, approval.EventExtend, who.User, err)
	}
	return r, org, nil
}

// newChildRequest is a request about parent's key.
func (s *Service) newChildRequest(org policy.Org, parent approval.Request, purpose approval.RequestType, origin, reason string) approval.Request {
	r := s.newRequest(org, parent.Requester, policy.Form{IdempotencyKey: origin, Reason: reason}, parent.Access.Clone())
	r.Type, r.ParentID = purpose, parent.ID
	return r
}
