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

// ErrUnderway says that a key already has a successor on its way.
var ErrUnderway = errors.New("a successor is on its way")

// An ExtensionForm asks for more time for a live key.
type ExtensionForm struct {
	Origin string        // see [Request.Origin]
	Extra  time.Duration // added to the present end
	Reason string
}

// Extend asks for more time for the same access, within what its roles allow
// over all its keys. Approvers decide as on a new key; no new secret is made.
// What break-glass gave gets no more time.
func (s *Service) Extend(ctx context.Context, who Actor, id ID, f ExtensionForm) (Request, error) {
	parent, org, err := s.liveOf(ctx, who, id, Extend)
	if err != nil {
		return parent, err
	}
	rd := org.Policy.read(ctx, s.Directory)
	if err := rd.mayExtend(parent); err != nil {
		return parent, s.refuse(ctx, parent, Extend, who.User, err)
	}
	problems := checkText(FieldReason, plaintext.Lines(f.Reason), MaxReason, true)
	problems = append(problems, rd.checkExtension(parent, f.Extra)...)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, Extend, who.User, formError(problems))
	}
	r := s.follow(org, parent, Extension, f.Origin, f.Reason)
	r.Access.Lifetime = f.Extra
	r.Change = Change{OldEnd: parent.EndsAt, NewEnd: parent.EndsAt.Add(f.Extra)}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(r.Change.NewEnd) // or a rule could be stretched without end
	s.route(&r, rd, whole)
	return s.createFor(ctx, parent, Extend, r)
}

// mayExtend reports why the owner of r's key cannot be given any more time, or
// nil.
func (rd reading) mayExtend(r Request) error {
	if r.ByBreakGlass() {
		return ErrBreakGlassEnds
	}
	if err := rd.mayAskForAll(r.Requester, r.Access); err != nil {
		return err
	}
	fits := func(extra time.Duration) bool { return len(rd.checkExtension(r, extra)) == 0 }
	if most, role := rd.longest(r.Access.allRoles()); most > 0 && !slices.ContainsFunc(rd.Lifetimes, fits) {
		return &RoleError{Role: role, Most: most, Why: ErrOutlivesRole}
	}
	return nil
}

// checkExtension holds more time against the choices, and what the key then
// lives in all against the limits of its roles.
func (p Policy) checkExtension(r Request, extra time.Duration) []Problem {
	if !slices.Contains(p.Lifetimes, extra) {
		return []Problem{{Field: FieldLifetime, Code: LifetimeNotAllowed}}
	}
	most, role := p.longest(r.Access.allRoles())
	if most > 0 && r.LifeUntil(r.EndsAt.Add(extra)) > most {
		return []Problem{{Field: FieldLifetime, Code: ExtensionTooLong, Given: string(role), Most: most}}
	}
	return nil
}

// An AddressesForm asks for another access list for a live key.
type AddressesForm struct {
	Origin   string   // see [Request.Origin]
	Named    []string // names of [Policy.Named]
	Networks string   // with them the whole list, as typed
	Reason   string
}

// Readdress asks for another access list. Approvers decide, unless entries are
// only removed: less access needs nobody's yes.
func (s *Service) Readdress(ctx context.Context, who Actor, id ID, f AddressesForm) (Request, error) {
	parent, org, err := s.liveOf(ctx, who, id, Readdress)
	if err != nil {
		return parent, err
	}
	r, problems := s.readdressed(org, parent, f)
	if len(problems) > 0 {
		return parent, s.refuse(ctx, parent, Readdress, who.User, formError(problems))
	}
	rd := org.Policy.read(ctx, s.Directory)
	if onlyNarrows(parent.Access.Networks, r.Access.Networks) {
		r.State = Applying
		r.Decision = Decision{At: r.AskedAt} // by nobody: it was not needed
		r.approved(r.AskedAt, org.Policy)
		return s.createFor(ctx, parent, Readdress, r)
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.EndsAt)
	if err := rd.entitled(who.User, parent, whole.Lifetime); err != nil {
		return parent, s.refuse(ctx, parent, Readdress, who.User, err)
	}
	s.route(&r, rd, whole)
	return s.createFor(ctx, parent, Readdress, r)
}

func (s *Service) readdressed(org Org, parent Request, f AddressesForm) (Request, []Problem) {
	roles := parent.Access.allRoles()
	named, problems := org.Policy.checkNamed(f.Named, roles)
	networks, wrong := org.Policy.networks(f.Networks, named, roles)
	problems = append(problems, wrong...)
	if len(problems) == 0 && sameNetworks(networks, parent.Access.Networks) {
		problems = append(problems, Problem{Field: FieldNetworks, Code: Unchanged})
	}
	problems = append(problems, checkText(FieldReason, plaintext.Lines(f.Reason), MaxReason, true)...)
	r := s.follow(org, parent, NewAddresses, f.Origin, f.Reason)
	r.Access.Networks, r.Access.Named = networks, named
	r.Change = Change{Old: parent.Access.Networks}
	return r, problems
}

// Rotate opens a successor with the same access until the same end. It is
// collected like a new key, and takes no approval if the access was approved for
// its owner: a key that was handed over shows its private half to an owner whom
// nobody approved yet.
func (s *Service) Rotate(ctx context.Context, who Actor, id ID) (Request, error) {
	parent, org, err := s.liveOf(ctx, who, id, Rotate)
	if err != nil {
		return parent, err
	}
	if err := s.noneUnderway(ctx, parent); err != nil {
		return parent, s.refuse(ctx, parent, Rotate, who.User, err)
	}
	rd := org.Policy.read(ctx, s.Directory)
	if err := rd.entitled(who.User, parent, parent.LifeUntil(parent.EndsAt)); err != nil {
		return parent, s.refuse(ctx, parent, Rotate, who.User, err)
	}
	r, err := s.successorTo(ctx, org, rd, parent)
	if err != nil {
		return parent, err
	}
	successor, err := s.createFor(ctx, parent, Rotate, r)
	if err != nil {
		return parent, err
	}
	_, err = s.act(ctx, who, id, Rotate, yetWithout(successor.ID, who), "successor "+string(successor.ID), func(r *Request, _ time.Time) { r.Successor = successor.ID })
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
func (s *Service) successorTo(ctx context.Context, org Org, rd reading, parent Request) (Request, error) {
	// The origin stays until the key names its successor: one that a crash left
	// behind is found again.
	origin := fmt.Sprintf("rotation of %s by %s after %q", parent.ID, parent.Requester, parent.Successor)
	r := s.follow(org, parent, Rotation, origin, parent.Reason)
	r.Change.Left = slices.Clone(parent.Owns)
	r.EndsAt, r.Since, r.BreakGlassOf = parent.EndsAt, parent.started(), parent.BreakGlassOf
	if parent.Emergency {
		r.BreakGlassOf = parent.ID
	}
	if rd.isApprovedForOwner(parent) {
		r.State, r.Decision, r.CarriesDecision = Approved, parent.Decision, true
		r.approved(r.AskedAt, org.Policy)
		r.Messages = []MessageName{CardMessage, ReadyMessage}
		return r, nil
	}
	whole := r.Access
	whole.Lifetime = parent.LifeUntil(parent.EndsAt)
	s.route(&r, rd, whole)
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
			return ErrUnderway
		}
		return nil
	}
}

// ErrNotLive says that the key which a successor would take over from is gone, or
// somebody else's by now.
var ErrNotLive = errors.New("the key before it is not theirs and live any more")

// successorOf is may, for a successor only while the key before it lives and is
// the same person's: what an approver revoked is not replaced.
func (s *Service) successorOf(may check) check {
	return func(ctx context.Context, r Request) error {
		if err := may(ctx, r); err != nil || r.Purpose != Rotation {
			return err
		}
		before, err := s.Store.Get(ctx, r.Of)
		switch {
		case err != nil:
			return fmt.Errorf("reading request %s: %w", r.Of, err)
		case before.State != Active, before.Requester != r.Requester:
			return ErrNotLive
		}
		return nil
	}
}

// noneUnderway refuses a second successor while the first may still be
// collected.
func (s *Service) noneUnderway(ctx context.Context, parent Request) error {
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
	return ErrUnderway
}

// SwitchedOver says, of a successor, that nothing uses its predecessor any
// more: the predecessor goes now.
func (s *Service) SwitchedOver(ctx context.Context, who Actor, id ID) (Request, error) {
	successor, err := s.get(ctx, who, id, Revoke)
	if err != nil {
		return Request{}, err
	}
	if err := s.owner(who)(ctx, successor); err != nil {
		return successor, s.refuse(ctx, successor, Revoke, who.User, err)
	}
	if successor.Purpose != Rotation || successor.State != Active {
		return successor, s.refuse(ctx, successor, Revoke, who.User, ErrNotAllowed)
	}
	return s.act(ctx, who, successor.Of, Revoke, s.owner(who), "switched over to "+string(id), func(r *Request, now time.Time) {
		r.startRemoval(now, End{Cause: CauseReplaced, By: who.User, At: now})
	})
}

// liveOf returns the request of a live key to its owner, and to nobody else, for
// what on says.
func (s *Service) liveOf(ctx context.Context, who Actor, id ID, on Event) (Request, Org, error) {
	r, err := s.may(ctx, who, id, on, s.owner(who))
	if err != nil {
		return r, Org{}, err
	}
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, org, s.refuse(ctx, r, on, who.User, err)
	}
	return r, org, nil
}

// MayReaddress returns the request, and its organization, if who may ask for
// another access list of its key now. Nothing is recorded but a refusal: it is
// asked before a form is opened.
func (s *Service) MayReaddress(ctx context.Context, who Actor, id ID) (Request, Org, error) {
	return s.liveOf(ctx, who, id, Readdress)
}

// MayExtend is MayReaddress for more time, which some keys cannot get at all.
func (s *Service) MayExtend(ctx context.Context, who Actor, id ID) (Request, Org, error) {
	r, org, err := s.liveOf(ctx, who, id, Extend)
	if err != nil {
		return r, org, err
	}
	if err := org.Policy.read(ctx, s.Directory).mayExtend(r); err != nil {
		return r, org, s.refuse(ctx, r, Extend, who.User, err)
	}
	return r, org, nil
}

// follow is a request about parent's key.
func (s *Service) follow(org Org, parent Request, purpose Purpose, origin, reason string) Request {
	r := s.asked(org, parent.Requester, Form{Origin: origin, Reason: reason}, parent.Access.clone())
	r.Purpose, r.Of = purpose, parent.ID
	return r
}

// onlyNarrows reports whether every address of wanted was allowed before.
func onlyNarrows(before, wanted []netip.Prefix) bool {
	for _, n := range wanted {
		inside := slices.ContainsFunc(before, func(b netip.Prefix) bool { return b.Bits() <= n.Bits() && b.Contains(n.Addr()) })
		if !inside {
			return false
		}
	}
	return true
}

func sameNetworks(a, b []netip.Prefix) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(n netip.Prefix) bool { return !slices.Contains(b, n) })
}

// planReminder says when the owner is next told of the key's end.
func (r *Request) planReminder(now time.Time, p Policy) {
	r.RemindAt = time.Time{}
	for _, before := range p.RemindBefore {
		at := r.EndsAt.Add(-min(before, r.EndsAt.Sub(r.Key.MadeAt)/4))
		if at.After(now) {
			r.RemindAt = earliest(r.RemindAt, at)
		}
	}
}
