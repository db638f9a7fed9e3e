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

// A PartialApproval is what an approver leaves of a request for a new key.
type PartialApproval struct {
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

// ApprovePartially is a yes to a part of what was asked for. The requester sees what
// is left out, and may decline. A *[FormError] tells what to correct.
func (s *Service) ApprovePartially(ctx context.Context, who Actor, id ID, n PartialApproval) (Request, error) {
	return s.approve(ctx, who, id, func(r Request) (Access, error) {
		org, err := s.Orgs.Find(r.Org)
		if err != nil {
			return Access{}, err
		}
		if r.Type != NewKey {
			return Access{}, ErrNotAllowed
		}
		return org.Policy.reduce(r.Access, n)
	})
}

func (s *Service) approve(ctx context.Context, who Actor, id ID, grant func(Request) (Access, error)) (Request, error) {
	r, err := s.get(ctx, who, id, EventApprove)
	if err != nil {
		return Request{}, err
	}
	on := s.approvalEvent(r, true)
	org, err := s.Orgs.Find(r.Org)
	if err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	return s.attempt(ctx, who, r, on, s.decider(who, rd), func(r Request) (action, error) {
		return s.yes(ctx, who, rd, r, grant)
	})
}

// yes is what one more approval of r comes to. Those that are there are looked
// at again: who was deactivated since, or may not decide any more, does not
// count. Somebody whose approval is there already can still give the last one,
// if the rules want fewer by now or another's counts again.
func (s *Service) yes(ctx context.Context, who Actor, rd ResolvedPolicy, r Request, grant func(Request) (Access, error)) (action, error) {
	if r.State != StatePending {
		return action{}, ErrNotAllowed
	}
	access, err := grant(r)
	if err != nil {
		return action{}, err
	}
	had := r.approvedBy(who.User)
	if r.Approvals, err = s.recheckApprovals(ctx, who, rd, r); err != nil {
		return action{}, err
	}
	needs, before := rd.requirementsFor(access), without(r.Counted(), who.User)
	covered := rd.maxMatching(needs, r.isEscalated(), append(slices.Clone(before), who.User))
	isLast := covered == total(needs)
	if !isLast {
		if err := rd.members.err(); err != nil {
			return action{}, err // it may be the last: nobody would press again
		}
		switch {
		case had:
			return action{}, ErrAlreadyApproved
		case covered == rd.maxMatching(needs, r.isEscalated(), before):
			return action{}, ErrNotNeeded
		}
	}
	less := describeReduction(r.Access, access)
	note := strings.TrimPrefix(less+", "+describeVoid(r.Approvals), ", ")
	return action{on: s.approvalEvent(r, isLast), note: strings.TrimSuffix(note, ", "), change: func(next *Request, now time.Time) {
		next.Requirements, next.Approvals = needs, slices.Clone(r.Approvals)
		next.approve(who.User, now, access, less != "")
		if !isLast {
			next.addMessage(ApprovalAddedNotice(len(next.Approvals)))
			return
		}
		next.Decision = Decision{By: who.User, At: now}
		next.finishApproval(now, rd.Policy)
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
	if !yes.IsPartial() {
		yes.Before = r.Access.clone()
	}
	yes.After = access
	r.reduceTo(access, by)
}

func without(users []UserID, user UserID) []UserID {
	return slices.DeleteFunc(users, func(u UserID) bool { return u == user })
}

func (s *Service) approvalEvent(r Request, isLast bool) Event {
	switch {
	case !isLast:
		return EventApprovalAdded
	case r.IsChange():
		return EventApproveChange
	}
	return EventApprove
}

// IsChange reports whether r is about a key that lives, and makes none.
func (r Request) IsChange() bool { return r.Type == Extension || r.Type == AccessListChange }

// finishApproval says what follows from the last approval that was needed.
func (r *Request) finishApproval(now time.Time, p Policy) {
	r.NextApproverReminderAt, r.EscalateAt = time.Time{}, time.Time{}
	r.addMessage(DecidedNotice)
	if r.IsChange() {
		r.ExpiresAt = time.Time{}
		r.addMessage(OutcomeMessage)
		return
	}
	r.ExpiresAt = now.Add(p.IssueWithin)
	r.addMessage(ReadyMessage)
}

func (r *Request) reduceTo(a Access, by UserID) {
	if r.ReducedBy == "" {
		r.Requested = r.Access
	}
	r.Access, r.ReducedBy = a, by
}

// reduce returns what n leaves of a, or a *[FormError]: nothing may be added.
func (p Policy) reduce(a Access, n PartialApproval) (Access, error) {
	less := a.clone()
	less.Roles, less.Lifetime = dedupe(n.Roles), n.Lifetime
	less.Projects = slices.DeleteFunc(less.Projects, func(have ProjectAccess) bool { return !slices.Contains(n.Projects, have.ID) })
	var problems []Problem
	if len(less.Roles) == 0 {
		problems = append(problems, Problem{Field: FieldRoles, Code: Missing})
	}
	for _, role := range less.Roles {
		if !slices.Contains(a.Roles, role) {
			problems = append(problems, Problem{Field: FieldRoles, Code: NotASubset, Given: string(role)})
		}
	}
	if n.Lifetime > a.Lifetime || n.Lifetime != a.Lifetime && !slices.Contains(p.Lifetimes, n.Lifetime) {
		problems = append(problems, Problem{Field: FieldLifetime, Code: NotASubset})
	}
	networks, wrong := p.reduceNetworks(a, n.Networks)
	problems = append(problems, wrong...)
	less.Networks = networks
	less.NetworkPresets = slices.DeleteFunc(less.NetworkPresets, func(have NetworkPreset) bool { return !isSubset(networks, have.Networks) })
	return less, newFormError(problems)
}

// reduceNetworks reads what was typed. Whatever a has may stay, however wide it
// is: it was picked by its name.
func (p Policy) reduceNetworks(a Access, text string) ([]netip.Prefix, []Problem) {
	p.MinPrefixIPv4, p.MinPrefixIPv6 = 0, 0
	networks, problems := p.Networks(text)
	for _, n := range networks {
		if !isSubset(a.Networks, []netip.Prefix{n}) {
			problems = append(problems, Problem{Field: FieldNetworks, Code: NotASubset, Given: n.String()})
		}
	}
	return networks, problems
}

// describeReduction says for the audit trail what b leaves out of a; empty if it is
// the same.
func describeReduction(a, b Access) string {
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
	if !equalNetworks(a.Networks, b.Networks) {
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
	return s.decide(ctx, who, id, EventDeny, reason, func(r *Request, now time.Time) {
		r.Decision = Decision{By: who.User, At: now, Reason: reason}
		r.Outcome = Outcome{By: who.User, At: now}
		r.addMessage(DecidedNotice)
		r.addMessage(OutcomeMessage)
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
		return s.decider(who, org.Policy.Resolve(ctx, s.Directory))(ctx, r)
	}
}

// MayDeny reports why who could not deny the request now, or nil. Nothing is
// recorded but a refusal: it is asked before a form is opened.
func (s *Service) MayDeny(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.may(ctx, who, id, EventDeny, s.deciderNow(who))
}

// MayApprovePartially reports why who could not approve a part of the request now, or
// nil. A change of a live key is approved as a whole. Nothing is recorded but a
// refusal: it is asked before a form is opened.
func (s *Service) MayApprovePartially(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.may(ctx, who, id, EventApprove, func(ctx context.Context, r Request) error {
		if err := s.deciderNow(who)(ctx, r); err != nil {
			return err
		}
		if r.Type != NewKey {
			return ErrNotAllowed
		}
		return nil
	})
}

func (s *Service) decider(who Actor, rd ResolvedPolicy) check {
	return func(ctx context.Context, r Request) error {
		if err := requireMember(ctx, s.Directory, who); err != nil {
			return err
		}
		return rd.mayDecide(r.Requester, r.Access, r.isEscalated(), who.User)
	}
}
