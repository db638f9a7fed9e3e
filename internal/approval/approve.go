package approval

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
)

var (
	// ErrAlreadyApproved says that who approves has done so already.
	ErrAlreadyApproved = errors.New("approved already by the same person")

	// ErrNotNeeded says that all the approvals are there that could come from
	// people like who approves.
	ErrNotNeeded = errors.New("other people's approval is needed")
)

// A Narrowing is what an approver leaves of a request for a new key.
type Narrowing struct {
	Roles    []Role
	Projects []ProjectID // of those asked for; their roles stay
	Networks string      // as typed
	Lifetime time.Duration
}

// Approve is an approver's yes. If it is the last one needed the requester can
// collect the key, or the worker makes the change of a live one.
func (s *Service) Approve(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.approve(ctx, who, id, func(r Request) (Access, error) { return r.Access, nil })
}

// ApproveLess is a yes to a part of what was asked for. The requester sees what
// is left out, and may decline. A *[FormError] tells what to correct.
func (s *Service) ApproveLess(ctx context.Context, who Actor, id ID, n Narrowing) (Request, error) {
	return s.approve(ctx, who, id, func(r Request) (Access, error) {
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return Access{}, err
		}
		if r.Purpose != NewKey {
			return Access{}, ErrNotAllowed
		}
		return org.Policy.narrow(r.Access, n)
	})
}

func (s *Service) approve(ctx context.Context, who Actor, id ID, grant func(Request) (Access, error)) (Request, error) {
	r, err := s.get(ctx, who, id, Approve)
	if err != nil {
		return Request{}, err
	}
	on := s.approvalEvent(r, true)
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	rd := org.Policy.read(ctx, s.Directory)
	return s.attempt(ctx, who, r, on, s.decider(who, rd), func(r Request) (action, error) {
		return s.yes(ctx, who, rd, r, grant)
	})
}

// yes is what one more approval of r comes to. Those that are there are looked
// at again: who was deactivated since, or may not decide any more, does not
// count. Somebody whose approval is there already can still give the last one,
// if the rules want fewer by now or another's counts again.
func (s *Service) yes(ctx context.Context, who Actor, rd reading, r Request, grant func(Request) (Access, error)) (action, error) {
	if r.State != Pending {
		return action{}, ErrNotAllowed
	}
	access, err := grant(r)
	if err != nil {
		return action{}, err
	}
	had := r.approvedBy(who.User)
	if r.Approvals, err = s.lookAgain(ctx, who, rd, r); err != nil {
		return action{}, err
	}
	needs, before := rd.needs(access), without(r.Counted(), who.User)
	covered := rd.covered(needs, r, append(slices.Clone(before), who.User))
	isLast := covered == total(needs)
	if !isLast {
		if err := rd.members.failure(); err != nil {
			return action{}, err // it may be the last: nobody would press again
		}
		switch {
		case had:
			return action{}, ErrAlreadyApproved
		case covered == rd.covered(needs, r, before):
			return action{}, ErrNotNeeded
		}
	}
	less := describeLess(r.Access, access)
	note := strings.TrimPrefix(less+", "+describeVoid(r.Approvals), ", ")
	return action{on: s.approvalEvent(r, isLast), note: strings.TrimSuffix(note, ", "), change: func(next *Request, now time.Time) {
		next.Needs, next.Approvals = needs, slices.Clone(r.Approvals)
		next.approve(who.User, now, access, less != "")
		if !isLast {
			next.show(EndorsedNotice(len(next.Approvals)))
			return
		}
		next.Decision = Decision{By: who.User, At: now}
		next.approved(now, rd.Policy)
	}}, nil
}

// approve notes a yes. Of one person there is one approval: a second yes takes
// the place of one that did not count for a while.
func (r *Request) approve(by UserID, now time.Time, access Access, isLess bool) {
	i := slices.IndexFunc(r.Approvals, func(a Approval) bool { return a.By == by })
	if i < 0 {
		i = len(r.Approvals)
		r.Approvals = append(r.Approvals, Approval{By: by})
	}
	yes := &r.Approvals[i]
	yes.At, yes.Void = now, ""
	if !isLess {
		return
	}
	if !yes.IsLess() {
		yes.Before = r.Access.clone()
	}
	yes.After = access
	r.narrowTo(access, by)
}

func without(users []UserID, user UserID) []UserID {
	return slices.DeleteFunc(users, func(u UserID) bool { return u == user })
}

func (s *Service) approvalEvent(r Request, isLast bool) Event {
	switch {
	case !isLast:
		return Endorse
	case r.isChange():
		return Grant
	}
	return Approve
}

// isChange reports whether r is about a key that lives, and makes none.
func (r Request) isChange() bool { return r.Purpose == Extension || r.Purpose == NewAddresses }

// approved says what follows from the last approval that was needed.
func (r *Request) approved(now time.Time, p Policy) {
	r.ProdAt, r.EscalateAt = time.Time{}, time.Time{}
	r.show(DecidedNotice)
	if r.isChange() {
		r.LapsesAt = time.Time{}
		r.show(OutcomeMessage)
		return
	}
	r.LapsesAt = now.Add(p.CollectWithin)
	r.show(ReadyMessage)
}

func (r *Request) narrowTo(a Access, by UserID) {
	if r.NarrowedBy == "" {
		r.Wanted = r.Access
	}
	r.Access, r.NarrowedBy = a, by
}

// narrow returns what n leaves of a, or a *[FormError]: nothing may be added.
func (p Policy) narrow(a Access, n Narrowing) (Access, error) {
	less := a.clone()
	less.Roles, less.Lifetime = withoutRepeats(n.Roles), n.Lifetime
	less.Projects = slices.DeleteFunc(less.Projects, func(have ProjectAccess) bool { return !slices.Contains(n.Projects, have.ID) })
	var problems []Problem
	if len(less.Roles) == 0 {
		problems = append(problems, Problem{Field: FieldRoles, Code: Missing})
	}
	for _, role := range less.Roles {
		if !slices.Contains(a.Roles, role) {
			problems = append(problems, Problem{Field: FieldRoles, Code: NotLess, Given: string(role)})
		}
	}
	if n.Lifetime > a.Lifetime || n.Lifetime != a.Lifetime && !slices.Contains(p.Lifetimes, n.Lifetime) {
		problems = append(problems, Problem{Field: FieldLifetime, Code: NotLess})
	}
	networks, wrong := p.narrowNetworks(a, n.Networks)
	problems = append(problems, wrong...)
	less.Networks = networks
	less.Named = slices.DeleteFunc(less.Named, func(have NamedNetwork) bool { return !onlyNarrows(networks, have.Networks) })
	return less, formError(problems)
}

// narrowNetworks reads what was typed. Whatever a has may stay, however wide it
// is: it was picked by its name.
func (p Policy) narrowNetworks(a Access, text string) ([]netip.Prefix, []Problem) {
	p.WidestIPv4, p.WidestIPv6 = 0, 0
	networks, problems := p.Networks(text)
	for _, n := range networks {
		if !onlyNarrows(a.Networks, []netip.Prefix{n}) {
			problems = append(problems, Problem{Field: FieldNetworks, Code: NotLess, Given: n.String()})
		}
	}
	return networks, problems
}

// describeLess says for the audit trail what b leaves out of a; empty if it is
// the same.
func describeLess(a, b Access) string {
	var left []string
	for _, role := range a.Roles {
		if !slices.Contains(b.Roles, role) {
			left = append(left, "without "+string(role))
		}
	}
	for _, p := range a.Projects {
		if !slices.ContainsFunc(b.Projects, func(have ProjectAccess) bool { return have.ID == p.ID }) {
			left = append(left, "without project "+string(p.ID))
		}
	}
	if !sameNetworks(a.Networks, b.Networks) {
		left = append(left, "fewer addresses")
	}
	if a.Lifetime != b.Lifetime {
		left = append(left, b.Lifetime.String()+" instead of "+a.Lifetime.String())
	}
	return strings.Join(left, ", ")
}

// Deny is an approver's no: one is enough. The requester reads the reason,
// which may be empty.
func (s *Service) Deny(ctx context.Context, who Actor, id ID, reason string) (Request, error) {
	reason = optionalText(reason)
	return s.decide(ctx, who, id, Deny, reason, func(r *Request, now time.Time) {
		r.Decision = Decision{By: who.User, At: now, Reason: reason}
		r.End = End{By: who.User, At: now}
		r.show(DecidedNotice)
		r.show(OutcomeMessage)
	})
}

// decide moves a request by somebody who may decide on it.
func (s *Service) decide(ctx context.Context, who Actor, id ID, on Event, note string, change func(*Request, time.Time)) (Request, error) {
	return s.act(ctx, who, id, on, s.deciderNow(who), note, change)
}

// deciderNow is decider by the rules as they are when it is asked.
func (s *Service) deciderNow(who Actor) check {
	return func(ctx context.Context, r Request) error {
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return err
		}
		return s.decider(who, org.Policy.read(ctx, s.Directory))(ctx, r)
	}
}

// MayDeny reports why who could not deny the request now, or nil. Nothing is
// recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayDeny(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.may(ctx, who, id, Deny, s.deciderNow(who))
}

// MayApproveLess reports why who could not approve a part of the request now, or
// nil. A change of a live key is approved as a whole. Nothing is recorded but a
// refusal: it is asked before a form is opened.
func (s *Service) MayApproveLess(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.may(ctx, who, id, Approve, func(ctx context.Context, r Request) error {
		if err := s.deciderNow(who)(ctx, r); err != nil {
			return err
		}
		if r.Purpose != NewKey {
			return ErrNotAllowed
		}
		return nil
	})
}

func (s *Service) decider(who Actor, rd reading) check {
	return func(ctx context.Context, r Request) error {
		if err := mayAct(ctx, s.Directory, who); err != nil {
			return err
		}
		return rd.mayDecide(r, who.User)
	}
}
