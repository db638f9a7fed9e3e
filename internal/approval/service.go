package approval

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"atlaskeybot/internal/plaintext"
)

// Service is what people can do. Every method checks who acts, against the
// directory as it is now, moves the request on disk and wakes the worker; none
// calls Atlas or shows anything. A method that refuses returns the request as
// it is, with an error for which there is a sentence.
type Service struct {
	Store     Store
	Directory Directory
	Orgs      Orgs
	Projects  *ProjectCache // of projects; nil if nobody can ask for any
	Now       func() time.Time
	NewID     func() ID
	Wake      func() // a hint to the worker; may be lost

	creating sync.Mutex  // one request is counted and stored at a time
	refused  refusalPace // of each person, in the audit trail
}

// idTries bounds the search for an id that is free.
const idTries = 5

// Submit records a request. A form sent twice makes one request, and the
// second call returns it like the first. A *[FormError] tells what to correct.
func (s *Service) Submit(ctx context.Context, who Actor, f Form) (Request, error) {
	r, err := s.submit(ctx, who, f)
	if err != nil {
		return Request{}, s.refuseToAsk(ctx, s.orgIDOf(f), who.User, "", err)
	}
	return r, nil
}

func (s *Service) submit(ctx context.Context, who Actor, f Form) (Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return Request{}, err
	}
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return Request{}, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	access, problems := rd.checkForm(f)
	forOthers, err := rd.checkAsker(who.User, f)
	if err != nil {
		return Request{}, err
	}
	problems = append(problems, forOthers...)
	if len(problems) > 0 {
		return Request{}, newFormError(problems)
	}
	if access, err = s.resolveProjects(ctx, org.ID, access); err != nil {
		return Request{}, err
	}
	r := s.newRequest(org, who.User, f, access)
	s.assignApprovers(&r, rd, r.Access)
	return s.create(ctx, r)
}

// orgOf returns the organization that a form is about.
func (s *Service) orgOf(f Form) (Org, error) {
	if f.Org == "" && len(s.Orgs) == 1 {
		return s.Orgs[0], nil
	}
	return s.Orgs.Find(f.Org)
}

// orgIDOf is the organization that a form is about; empty if it is not
// configured.
func (s *Service) orgIDOf(f Form) OrgID {
	org, err := s.orgOf(f)
	if err != nil {
		return ""
	}
	return org.ID
}

// checkAsker holds the roles of a form against who may ask for them.
func (rd ResolvedPolicy) checkAsker(asker UserID, f Form) ([]Problem, error) {
	var problems []Problem
	for field, roles := range map[Field][]Role{FieldRoles: f.Roles, FieldProjectRoles: f.ProjectRoles} {
		for _, role := range dedupe(roles) {
			if _, known := rd.rule(role); !known {
				continue
			}
			may, err := rd.mayRequest(asker, role)
			if err != nil {
				return nil, err
			}
			if !may {
				problems = append(problems, Problem{Field: field, Code: RoleNotForRequester, Given: string(role)})
			}
		}
	}
	return problems, nil
}

// assignApprovers says who has to approve r, or that a rule did: whole is the access as it
// would be, with all of its lifetime.
func (s *Service) assignApprovers(r *Request, rd ResolvedPolicy, whole Access) {
	rule, auto := rd.auto(r.Requester, whole)
	if !auto {
		r.Requirements = rd.requirementsFor(r.Access)
		return
	}
	r.Decision = Decision{At: r.RequestedAt, Rule: rule.Name}
	if r.State = StateApproved; r.IsChange() {
		r.State = StateApplying
	}
	r.finishApproval(r.RequestedAt, rd.Policy)
}

// create stores r under an id that is free. A form sent twice makes one request.
// Nobody counts in between: many forms at once do not pass a limit together.
func (s *Service) create(ctx context.Context, r Request) (Request, error) {
	s.creating.Lock()
	defer s.creating.Unlock()
	if err := s.admit(ctx, &r); err != nil {
		return Request{}, err
	}
	for range idTries {
		r.ID, r.Events = s.NewID(), nil
		r.keepEvents()
		e := AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: EventSubmit, To: r.State, By: r.Requester, Note: r.origin()}
		created, err := s.Store.Create(ctx, r, e)
		switch {
		case err == nil, errors.Is(err, ErrDuplicate):
			s.Wake()
			return created, nil
		case !errors.Is(err, ErrIDTaken):
			return Request{}, fmt.Errorf("storing the request: %w", err)
		}
	}
	return Request{}, fmt.Errorf("storing the request: %w", ErrIDTaken)
}

// origin says for the audit trail what a new request is, unless it is a plain
// one.
func (r Request) origin() string {
	switch {
	case r.BreakGlass:
		return byBreakGlass
	case r.Decision.Rule != "":
		return strings.TrimSpace(string(r.Type) + " approved by the rule " + strconv.Quote(r.Decision.Rule))
	}
	return string(r.Type)
}

func (s *Service) newRequest(org Org, by UserID, f Form, access Access) Request {
	now, p := s.Now(), org.Policy
	r := Request{
		Org: org.ID, Kind: APIKey, IdempotencyKey: f.IdempotencyKey, State: StatePending, Requester: by,
		Access: access, Reason: plaintext.Lines(f.Reason),
		RequestedAt: now, ExpiresAt: now.Add(p.RequestTTL),
		Messages: []MessageName{CardMessage, RequestedMessage},
	}
	r.planApproverReminder(p)
	if p.EscalateAfter > 0 && !p.EscalateTo.IsZero() {
		r.EscalateAt = now.Add(p.EscalateAfter)
	}
	return r
}

// Withdraw takes a request back before a key is made for it.
// It also declines what an approver left of it.
func (s *Service) Withdraw(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, EventWithdraw, s.ownerOnly(who), "", func(r *Request, now time.Time) {
		cause := CauseNone
		if r.ReducedBy != "" && r.Decision.By != "" {
			cause = CauseDeclined
		}
		r.Outcome = Outcome{Cause: cause, By: who.User, At: now}
		r.addMessage(ClosedNotice)
	})
}

// Issue is the requester's press of "Create my key".
func (s *Service) Issue(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, EventIssue, s.served(s.successorOf(s.ownerOnly(who))), "", func(r *Request, now time.Time) { r.startIssuing(now) })
}

// Confirm is "I saved it".
func (s *Service) Confirm(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, EventConfirm, s.unlessRevoked(s.ownerOnly(who)), "", func(r *Request, now time.Time) {
		r.planExpiryReminder(now, s.policy(r.Org))
	})
}

// policy is that of an organization. One that is not configured any more allows
// nothing; what still happens to its requests needs none.
func (s *Service) policy(id OrgID) Policy {
	org, _ := s.Orgs.Find(id)
	return org.Policy
}

// Replace is "I did not see it": the key goes, another is made and shown.
func (s *Service) Replace(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, EventReplace, s.served(s.successorOf(s.ownerOnly(who))), "", func(r *Request, now time.Time) { r.startIssuing(now) })
}

// MayRequestAgain returns a request whose form who may fill in from it: their own.
// Nothing is recorded but a refusal.
func (s *Service) MayRequestAgain(ctx context.Context, who Actor, id ID) (Request, error) {
	r, err := s.get(ctx, who, id, EventSubmit)
	if err != nil {
		return Request{}, err
	}
	if err := s.ownerOnly(who)(ctx, r); err != nil {
		return Request{}, s.refuse(ctx, r, EventSubmit, who.User, err)
	}
	return r, nil
}

// Get returns the request, for showing it.
func (s *Service) Get(ctx context.Context, id ID) (Request, error) { return s.Store.Get(ctx, id) }

// MineOpen lists those of who's requests that are not over, newest first; at most
// [MaxListed].
func (s *Service) MineOpen(ctx context.Context, who Actor) ([]Request, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	return s.Store.OpenByRequester(ctx, who.User)
}

// ByOrigin returns the request that a form made, to the person who sent the form.
// For others there is none.
func (s *Service) ByOrigin(ctx context.Context, who Actor, origin string) (Request, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return Request{}, err
	}
	r, err := s.Store.ByOrigin(ctx, origin)
	switch {
	case err != nil:
		return Request{}, err
	case r.Requester != who.User:
		return Request{}, ErrNotFound
	}
	return r, nil
}

// A check says why somebody may not do something to r, or nil.
type check func(ctx context.Context, r Request) error

func (s *Service) ownerOnly(who Actor) check {
	return func(ctx context.Context, r Request) error { return requireOwner(ctx, s.Directory, r, who) }
}

// served is may, for what needs the organization to be configured: a key cannot
// be made in another.
func (s *Service) served(may check) check {
	return func(ctx context.Context, r Request) error {
		if err := may(ctx, r); err != nil {
			return err
		}
		_, err := s.Orgs.Find(r.Org)
		return err
	}
}

// actTries bounds how often one action is tried again because a note of the
// worker came between reading and moving.
const actTries = 10

// An action is what a press comes to: an event, its note for the audit trail,
// and what changes with it.
type action struct {
	on     Event
	note   string
	change func(*Request, time.Time)
}

// act checks and moves by one event.
func (s *Service) act(ctx context.Context, who Actor, id ID, on Event, may check, note string, change func(*Request, time.Time)) (Request, error) {
	r, err := s.get(ctx, who, id, on)
	if err != nil {
		return Request{}, err
	}
	return s.attempt(ctx, who, r, on, may, func(Request) (action, error) { return action{on, note, change}, nil })
}

// attempt checks and moves. What the press comes to is worked out from the
// request as it is on disk; if somebody else moved it meanwhile, once more. A
// refusal is recorded as one of on.
func (s *Service) attempt(ctx context.Context, who Actor, r Request, on Event, may check, plan func(Request) (action, error)) (Request, error) {
	for range actTries {
		if err := may(ctx, r); err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		do, err := plan(r)
		if err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		now := s.Now()
		next, entry, err := step(r, do.on, who.User, now, do.note)
		if err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		do.change(&next, now)
		next.keepEvents()
		moved, err := s.Store.Move(ctx, next, entry.withKey(r.Key, next.Key))
		if errors.Is(err, ErrConflict) {
			r = moved
			continue
		}
		if err != nil {
			return r, fmt.Errorf("recording %s of request %s: %w", do.on, r.ID, err)
		}
		s.Wake()
		return moved, nil
	}
	return r, fmt.Errorf("recording %s of request %s: %w", on, r.ID, ErrConflict)
}

// step asks the machine and returns the request in its next state with the
// line for the audit trail.
func step(r Request, on Event, by UserID, now time.Time, note string) (Request, AuditEntry, error) {
	to, err := r.State.Next(on)
	if err != nil {
		return r, AuditEntry{}, err
	}
	e := AuditEntry{At: now, Org: r.Org, Request: r.ID, Event: on, From: r.State, To: to, By: by, Note: note}
	next := r.clone()
	next.State = to
	return next, e, nil
}
