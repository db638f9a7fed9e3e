package approval

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

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
func (s *Service) Extend(ctx context.Context, who Actor, id ID, f ExtensionForm) (Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, EventExtend)
	if err != nil {
		return parent, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if err := requireExtensible(rd, parent); err != nil {
		return parent, s.refuse(ctx, parent, EventExtend, who.User, err)
	}
	problems := checkText(FieldReason, plaintext.Lines(f.Reason), MaxReason, true)
	problems = append(problems, checkExtension(rd.Policy, parent, f.ExtendBy)...)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, EventExtend, who.User, newFormError(problems))
	}
	r := s.newChildRequest(org, parent, Extension, f.IdempotencyKey, f.Reason)
	r.Access.Lifetime = f.ExtendBy
	r.Change = ChangeDetails{OldEnd: parent.KeyExpiresAt, NewEnd: parent.KeyExpiresAt.Add(f.ExtendBy)}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(r.Change.NewEnd) // or a rule could be stretched without end
	s.assignApprovers(&r, rd, whole)
	return s.createFor(ctx, parent, EventExtend, r)
}

// requireExtensible reports why the owner of r's key cannot be given any more time, or
// nil.
func requireExtensible(rd ResolvedPolicy, r Request) error {
	if r.ByBreakGlass() {
		return ErrBreakGlassEnds
	}
	if err := rd.mayAskForAll(r.Requester, r.Access); err != nil {
		return err
	}
	fits := func(extra time.Duration) bool { return len(checkExtension(rd.Policy, r, extra)) == 0 }
	if most, role := rd.maxLifetime(r.Access.allRoles()); most > 0 && !slices.ContainsFunc(rd.Lifetimes, fits) {
		return &RoleError{Role: role, Most: most, Why: ErrOutlivesRole}
	}
	return nil
}

// checkExtension holds more time against the choices, and what the key then
// lives in all against the limits of its roles.
func checkExtension(p Policy, r Request, extra time.Duration) []Problem {
	if !slices.Contains(p.Lifetimes, extra) {
		return []Problem{{Field: FieldLifetime, Code: LifetimeNotAllowed}}
	}
	most, role := p.maxLifetime(r.Access.allRoles())
	if most > 0 && r.LifeUntil(r.KeyExpiresAt.Add(extra)) > most {
		return []Problem{{Field: FieldLifetime, Code: ExtensionTooLong, Given: string(role), Most: most}}
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
func (s *Service) ReplaceAccessList(ctx context.Context, who Actor, id ID, f AccessListForm) (Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, EventReplaceAccessList)
	if err != nil {
		return parent, err
	}
	r, problems := s.accessListChange(org, parent, f)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, EventReplaceAccessList, who.User, newFormError(problems))
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if isSubset(parent.Access.Networks, r.Access.Networks) {
		r.State = StateApplying
		r.Decision = Decision{At: r.RequestedAt} // by nobody: it was not needed
		r.finishApproval(r.RequestedAt, org.Policy)
		return s.createFor(ctx, parent, EventReplaceAccessList, r)
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.KeyExpiresAt)
	if err := rd.entitled(who.User, parent.Access, parent.ByBreakGlass(), whole.Lifetime); err != nil {
		return parent, s.refuse(ctx, parent, EventReplaceAccessList, who.User, err)
	}
	s.assignApprovers(&r, rd, whole)
	return s.createFor(ctx, parent, EventReplaceAccessList, r)
}

func (s *Service) accessListChange(org Org, parent Request, f AccessListForm) (Request, []Problem) {
	roles := parent.Access.allRoles()
	named, problems := org.Policy.checkNamed(f.NetworkPresets, roles)
	networks, wrong := org.Policy.parseNetworks(f.Networks, named, roles)
	problems = append(problems, wrong...)
	if len(problems) == 0 && equalNetworks(networks, parent.Access.Networks) {
		problems = append(problems, Problem{Field: FieldNetworks, Code: Unchanged})
	}
	problems = append(problems, checkText(FieldReason, plaintext.Lines(f.Reason), MaxReason, true)...)
	r := s.newChildRequest(org, parent, AccessListChange, f.IdempotencyKey, f.Reason)
	r.Access.Networks, r.Access.NetworkPresets = networks, named
	r.Change = ChangeDetails{OldNetworks: parent.Access.Networks}
	return r, problems
}

// Rotate opens a successor with the same access until the same end. It is
// collected like a new key, and takes no approval if the access was approved for
// its owner: a key that was handed over shows its private half to an owner whom
// nobody approved yet.
func (s *Service) Rotate(ctx context.Context, who Actor, id ID) (Request, error) {
	parent, org, err := s.activeKeyOf(ctx, who, id, EventRotate)
	if err != nil {
		return parent, err
	}
	if err := s.requireNoRotation(ctx, parent); err != nil {
		return parent, s.refuse(ctx, parent, EventRotate, who.User, err)
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	if err := rd.entitled(who.User, parent.Access, parent.ByBreakGlass(), parent.LifeUntil(parent.KeyExpiresAt)); err != nil {
		return parent, s.refuse(ctx, parent, EventRotate, who.User, err)
	}
	r, err := s.successorTo(ctx, org, rd, parent)
	if err != nil {
		return parent, err
	}
	successor, err := s.createFor(ctx, parent, EventRotate, r)
	if err != nil {
		return parent, err
	}
	_, err = s.act(ctx, who, id, EventRotate, yetWithout(successor.ID, who), "successor "+string(successor.ID), func(r *Request, _ time.Time) { r.Successor = successor.ID })
	return successor, err
}

// createFor stores a request about parent's key; a refusal is one of on.
func (s *Service) createFor(ctx context.Context, parent Request, on Event, r Request) (Request, error) {
	made, err := s.create(ctx, r)
	if err != nil {
		return parent, s.refuse(ctx, parent, on, r.Requester, err)
	}
	return made, nil
}

// successorTo is a request for a key that takes over from parent's, approved or
// with the approvals that it takes.
func (s *Service) successorTo(ctx context.Context, org Org, rd ResolvedPolicy, parent Request) (Request, error) {
	// The origin stays until the key names its successor: one that a crash left
	// behind is found again.
	origin := fmt.Sprintf("rotation of %s by %s after %q", parent.ID, parent.Requester, parent.Successor)
	r := s.newChildRequest(org, parent, Rotation, origin, parent.Reason)
	r.Change.Left = slices.Clone(parent.Owns)
	r.KeyExpiresAt, r.Since, r.BreakGlassOf = parent.KeyExpiresAt, parent.started(), parent.BreakGlassOf
	if parent.BreakGlass {
		r.BreakGlassOf = parent.ID
	}
	if isApprovedForOwner(rd, parent) {
		r.State, r.Decision, r.CarriesDecision = StateApproved, parent.Decision, true
		r.finishApproval(r.RequestedAt, org.Policy)
		r.Messages = []MessageName{CardMessage, ReadyMessage}
		return r, nil
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.KeyExpiresAt)
	s.assignApprovers(&r, rd, whole)
	return r, nil
}

// yetWithout is of a key of who's, who was looked up a moment ago, that does not
// name its successor yet.
func yetWithout(successor ID, who Actor) check {
	return func(_ context.Context, r Request) error {
		switch {
		case who.User != r.Requester:
			return ErrNotOwner
		case r.Successor == successor:
			return ErrRotationUnderway
		}
		return nil
	}
}

// ErrPredecessorNotActive says that the key which a successor would take over from is gone, or
// somebody else's by now.
var ErrPredecessorNotActive = errors.New("the key before it is not theirs and live any more")

// successorOf is may, for a successor only while the key before it lives and is
// the same person's: what an approver revoked is not replaced.
func (s *Service) successorOf(may check) check {
	return func(ctx context.Context, r Request) error {
		if err := may(ctx, r); err != nil || r.Type != Rotation {
			return err
		}
		before, err := s.Store.Get(ctx, r.ParentID)
		switch {
		case err != nil:
			return fmt.Errorf("reading request %s: %w", r.ParentID, err)
		case before.State != StateActive, before.Requester != r.Requester:
			return ErrPredecessorNotActive
		}
		return nil
	}
}

// requireNoRotation refuses a second successor while the first may still be
// collected.
func (s *Service) requireNoRotation(ctx context.Context, parent Request) error {
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
func (s *Service) RetirePredecessorNow(ctx context.Context, who Actor, id ID) (Request, error) {
	successor, err := s.get(ctx, who, id, EventRevoke)
	if err != nil {
		return Request{}, err
	}
	if err := s.ownerOnly(who)(ctx, successor); err != nil {
		return successor, s.refuse(ctx, successor, EventRevoke, who.User, err)
	}
	if successor.Type != Rotation || successor.State != StateActive {
		return successor, s.refuse(ctx, successor, EventRevoke, who.User, ErrNotAllowed)
	}
	return s.act(ctx, who, successor.ParentID, EventRevoke, s.ownerOnly(who), "switched over to "+string(id), func(r *Request, now time.Time) {
		r.startDeletion(now, Outcome{Cause: CauseReplaced, By: who.User, At: now})
	})
}

// activeKeyOf returns the request of a live key to its owner, and to nobody else, for
// what on says.
func (s *Service) activeKeyOf(ctx context.Context, who Actor, id ID, on Event) (Request, Org, error) {
	r, err := s.may(ctx, who, id, on, s.ownerOnly(who))
	if err != nil {
		return r, Org{}, err
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
func (s *Service) MayReplaceAccessList(ctx context.Context, who Actor, id ID) (Request, Org, error) {
	return s.activeKeyOf(ctx, who, id, EventReplaceAccessList)
}

// MayExtend is MayReplaceAccessList for more time, which some keys cannot get at all.
func (s *Service) MayExtend(ctx context.Context, who Actor, id ID) (Request, Org, error) {
	r, org, err := s.activeKeyOf(ctx, who, id, EventExtend)
	if err != nil {
		return r, org, err
	}
	if err := requireExtensible(org.Policy.Resolve(ctx, s.Directory), r); err != nil {
		return r, org, s.refuse(ctx, r, EventExtend, who.User, err)
	}
	return r, org, nil
}

// newChildRequest is a request about parent's key.
func (s *Service) newChildRequest(org Org, parent Request, purpose RequestType, origin, reason string) Request {
	r := s.newRequest(org, parent.Requester, Form{IdempotencyKey: origin, Reason: reason}, parent.Access.clone())
	r.Type, r.ParentID = purpose, parent.ID
	return r
}

// isSubset reports whether every address of wanted was allowed before.
func isSubset(before, wanted []netip.Prefix) bool {
	for _, n := range wanted {
		inside := slices.ContainsFunc(before, func(b netip.Prefix) bool { return b.Bits() <= n.Bits() && b.Contains(n.Addr()) })
		if !inside {
			return false
		}
	}
	return true
}

func equalNetworks(a, b []netip.Prefix) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(n netip.Prefix) bool { return !slices.Contains(b, n) })
}

// planExpiryReminder says when the owner is next told of the key's end.
func (r *Request) planExpiryReminder(now time.Time, p Policy) {
	r.RemindAt = time.Time{}
	for _, before := range p.RemindBefore {
		at := r.KeyExpiresAt.Add(-min(before, r.KeyExpiresAt.Sub(r.Key.MadeAt)/4))
		if at.After(now) {
			r.RemindAt = earliest(r.RemindAt, at)
		}
	}
}
