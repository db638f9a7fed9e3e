package approval

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
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

// Extend asks for more time for the same access. Approvers decide; no new
// secret is made.
func (s *Service) Extend(ctx context.Context, who Actor, id ID, f ExtensionForm) (Request, error) {
	parent, err := s.liveOf(ctx, who, id)
	if err != nil {
		return parent, err
	}
	problems := checkText(FieldReason, strings.TrimSpace(f.Reason), MaxReason, true)
	if !slices.Contains(s.Policy.Lifetimes, f.Extra) {
		problems = append(problems, Problem{Field: FieldLifetime, Code: LifetimeNotAllowed})
	}
	if len(problems) > 0 {
		return parent, &FormError{Problems: problems}
	}
	r := s.follow(parent, Extension, f.Origin, f.Reason)
	r.Access.Lifetime = f.Extra
	r.Change = Change{OldEnd: parent.EndsAt, NewEnd: parent.EndsAt.Add(f.Extra)}
	return s.create(ctx, r)
}

// An AddressesForm asks for another access list for a live key.
type AddressesForm struct {
	Origin   string // see [Request.Origin]
	Networks string // the whole list, as typed
	Reason   string
}

// Readdress asks for another access list. Approvers decide, unless entries are
// only removed: less access needs nobody's yes.
func (s *Service) Readdress(ctx context.Context, who Actor, id ID, f AddressesForm) (Request, error) {
	parent, err := s.liveOf(ctx, who, id)
	if err != nil {
		return parent, err
	}
	networks, problems := s.Policy.Networks(f.Networks)
	if len(problems) == 0 && sameNetworks(networks, parent.Access.Networks) {
		problems = append(problems, Problem{Field: FieldNetworks, Code: Unchanged})
	}
	problems = append(problems, checkText(FieldReason, strings.TrimSpace(f.Reason), MaxReason, true)...)
	if len(problems) > 0 {
		return parent, &FormError{Problems: problems}
	}
	r := s.follow(parent, NewAddresses, f.Origin, f.Reason)
	r.Access.Networks = networks
	r.Change = Change{Old: parent.Access.Networks}
	if onlyNarrows(parent.Access.Networks, networks) {
		r.State, r.LapsesAt = Applying, time.Time{}
		r.Decision = Decision{At: r.AskedAt} // by nobody: it was not needed
		r.show(OutcomeMessage)
	}
	return s.create(ctx, r)
}

// Rotate opens a successor with the same access until the same end, which was
// approved with the key. It is collected like a new key.
func (s *Service) Rotate(ctx context.Context, who Actor, id ID) (Request, error) {
	parent, err := s.liveOf(ctx, who, id)
	if err != nil {
		return parent, err
	}
	if err := s.noneUnderway(ctx, parent); err != nil {
		return parent, err
	}
	r := s.follow(parent, Rotation, fmt.Sprintf("rotation of %s at %d", parent.ID, parent.Version), parent.Reason)
	r.State, r.Decision, r.EndsAt = Approved, parent.Decision, parent.EndsAt
	r.LapsesAt = r.AskedAt.Add(s.Policy.CollectWithin)
	r.Messages = []MessageName{CardMessage, ReadyMessage}
	successor, err := s.create(ctx, r)
	if err != nil {
		return parent, err
	}
	_, err = s.act(ctx, who, id, Rotate, s.owner(who), "successor "+string(successor.ID), func(r *Request, _ time.Time) { r.Successor = successor.ID })
	return successor, err
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
	case first.State.Final() && first.State != Ended:
		return nil
	}
	return ErrUnderway
}

// SwitchedOver says, of a successor, that nothing uses its predecessor any
// more: the predecessor goes now.
func (s *Service) SwitchedOver(ctx context.Context, who Actor, id ID) (Request, error) {
	successor, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	if successor.Purpose != Rotation || successor.State != Active {
		return successor, s.refuse(ctx, successor, Revoke, who.User, ErrNotAllowed)
	}
	return s.act(ctx, who, successor.Of, Revoke, s.owner(who), "switched over to "+string(id), func(r *Request, now time.Time) {
		r.startRemoval(now, End{Cause: CauseReplaced, By: who.User, At: now})
	})
}

// liveOf returns the request of a live key to its owner, and to nobody else.
func (s *Service) liveOf(ctx context.Context, who Actor, id ID) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	if err := isOwner(ctx, s.Directory, r, who); err != nil {
		return r, s.refuse(ctx, r, Extend, who.User, err)
	}
	_, err = r.State.Next(Extend)
	return r, err
}

// MayChange returns the request if who may ask for a change of its key now.
// Nothing is recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayChange(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.liveOf(ctx, who, id)
}

// follow is a request about parent's key.
func (s *Service) follow(parent Request, purpose Purpose, origin, reason string) Request {
	r := s.asked(parent.Requester, Form{Origin: origin, Reason: reason}, parent.clone().Access)
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
