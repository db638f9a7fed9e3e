package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// Service is what people can do. Every method checks who acts, against the
// directory as it is now, moves the request on disk and wakes the worker; none
// calls Atlas or shows anything. A method that refuses returns the request as
// it is, with an error for which there is a sentence.
type Service struct {
	Store     approval.Store
	Directory policy.Directory
	Orgs      policy.Orgs
	Projects  *ProjectCache // of projects; nil if nobody can ask for any
	Now       func() time.Time
	NewID     func() policy.ID
	Wake      func() // a hint to the worker; may be lost

	creating sync.Mutex           // one request is counted and stored at a time
	refused  approval.RefusalPace // of each person, in the audit trail
}

// idTries bounds the search for an id that is free.
const idTries = 5

// Submit records a request. A form sent twice makes one request, and the
// second call returns it like the first. A *[FormError] tells what to correct.
func (s *Service) Submit(ctx context.Context, who policy.Actor, f policy.Form) (approval.Request, error) {
	r, err := s.submit(ctx, who, f)
	if err != nil {
		return approval.Request{}, s.refuseToAsk(ctx, s.orgIDOf(f), who.User, "", err)
	}
	return r, nil
}

func (s *Service) submit(ctx context.Context, who policy.Actor, f policy.Form) (approval.Request, error) {
	org, err := s.orgOf(f)
	if err != nil {
		return approval.Request{}, err
	}
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return approval.Request{}, err
	}
	rd := org.Policy.Resolve(ctx, s.Directory)
	access, problems := rd.CheckForm(f)
	forOthers, err := rd.CheckAsker(who.User, f)
	if err != nil {
		return approval.Request{}, err
	}
	problems = append(problems, forOthers...)
	if len(problems) > 0 {
		return approval.Request{}, policy.NewFormError(problems)
	}
	if access, err = s.resolveProjects(ctx, org.ID, access); err != nil {
		return approval.Request{}, err
	}
	r := s.newRequest(org, who.User, f, access)
	s.assignApprovers(&r, rd, r.Access)
	return s.create(ctx, r)
}

// orgOf returns the organization that a form is about.
func (s *Service) orgOf(f policy.Form) (policy.Org, error) {
	if f.Org == "" && len(s.Orgs) == 1 {
		return s.Orgs[0], nil
	}
	return s.Orgs.Find(f.Org)
}

// orgIDOf is the organization that a form is about; empty if it is not
// configured.
func (s *Service) orgIDOf(f policy.Form) policy.OrgID {
	org, err := s.orgOf(f)
	if err != nil {
		return ""
	}
	return org.ID
}

// assignApprovers says who has to approve r, or that a rule did: whole is the access as it
// would be, with all of its lifetime.
func (s *Service) assignApprovers(r *approval.Request, rd policy.ResolvedPolicy, whole policy.Access) {
	rule, auto := rd.Auto(r.Requester, whole)
	if !auto {
		r.Requirements = rd.RequirementsFor(r.Access)
		return
	}
	r.Decision = approval.Decision{At: r.RequestedAt, Rule: rule.Name}
	if r.State = approval.StateApproved; r.IsChange() {
		r.State = approval.StateApplying
	}
	r.FinishApproval(r.RequestedAt, rd.Policy)
}

// create stores r under an id that is free. A form sent twice makes one request.
// Nobody counts in between: many forms at once do not pass a limit together.
func (s *Service) create(ctx context.Context, r approval.Request) (approval.Request, error) {
	s.creating.Lock()
	defer s.creating.Unlock()
	if err := s.admit(ctx, &r); err != nil {
		return approval.Request{}, err
	}
	for range idTries {
		r.ID, r.Events = s.NewID(), nil
		r.KeepEvents()
		e := approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester, Note: r.Origin()}
		created, err := s.Store.Create(ctx, r, e)
		switch {
		case err == nil, errors.Is(err, approval.ErrDuplicate):
			s.Wake()
			return created, nil
		case !errors.Is(err, approval.ErrIDTaken):
			return approval.Request{}, fmt.Errorf("storing the request: %w", err)
		}
	}
	return approval.Request{}, fmt.Errorf("storing the request: %w", approval.ErrIDTaken)
}

func (s *Service) newRequest(org policy.Org, by policy.UserID, f policy.Form, access policy.Access) approval.Request {
	now, p := s.Now(), org.Policy
	r := approval.Request{
		Org: org.ID, Kind: approval.APIKey, IdempotencyKey: f.IdempotencyKey, State: approval.StatePending, Requester: by,
		Access: access, Reason: plaintext.Lines(f.Reason),
		RequestedAt: now, ExpiresAt: now.Add(p.RequestTTL),
		Messages: []approval.MessageName{approval.CardMessage, approval.RequestedMessage},
	}
	r.PlanApproverReminder(p)
	if p.EscalateAfter > 0 && !p.EscalateTo.IsZero() {
		r.EscalateAt = now.Add(p.EscalateAfter)
	}
	return r
}

// Withdraw takes a request back before a key is made for it.
// It also declines what an approver left of it.
func (s *Service) Withdraw(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.act(ctx, who, id, approval.EventWithdraw, s.ownerOnly(who), "", func(r *approval.Request, now time.Time) {
		cause := approval.CauseNone
		if r.ReducedBy != "" && r.Decision.By != "" {
			cause = approval.CauseDeclined
		}
		r.Outcome = approval.Outcome{Cause: cause, By: who.User, At: now}
		r.AddMessage(approval.ClosedNotice)
	})
}

// Issue is the requester's press of "Create my key".
func (s *Service) Issue(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.act(ctx, who, id, approval.EventIssue, s.served(s.successorOf(s.ownerOnly(who))), "", func(r *approval.Request, now time.Time) { r.StartIssuing(now) })
}

// Confirm is "I saved it".
func (s *Service) Confirm(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.act(ctx, who, id, approval.EventConfirm, s.unlessRevoked(s.ownerOnly(who)), "", func(r *approval.Request, now time.Time) {
		r.PlanExpiryReminder(now, s.policy(r.Org))
	})
}

// policy is that of an organization. One that is not configured any more allows
// nothing; what still happens to its requests needs none.
func (s *Service) policy(id policy.OrgID) policy.Policy {
	org, _ := s.Orgs.Find(id)
	return org.Policy
}

// Replace is "I did not see it": the key goes, another is made and shown.
func (s *Service) Replace(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	return s.act(ctx, who, id, approval.EventReplace, s.served(s.successorOf(s.ownerOnly(who))), "", func(r *approval.Request, now time.Time) { r.StartIssuing(now) })
}

// MayRequestAgain returns a request whose form who may fill in from it: their own.
// Nothing is recorded but a refusal.
func (s *Service) MayRequestAgain(ctx context.Context, who policy.Actor, id policy.ID) (approval.Request, error) {
	r, err := s.get(ctx, who, id, approval.EventSubmit)
	if err != nil {
		return approval.Request{}, err
	}
	if err := s.ownerOnly(who)(ctx, r); err != nil {
		return approval.Request{}, s.refuse(ctx, r, approval.EventSubmit, who.User, err)
	}
	return r, nil
}

// Get returns the request, for showing it.
func (s *Service) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	return s.Store.Get(ctx, id)
}

// MineOpen lists those of who's requests that are not over, newest first; at most
// [MaxListed].
func (s *Service) MineOpen(ctx context.Context, who policy.Actor) ([]approval.Request, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	return s.Store.OpenByRequester(ctx, who.User)
}

// ByOrigin returns the request that a form made, to the person who sent the form.
// For others there is none.
func (s *Service) ByOrigin(ctx context.Context, who policy.Actor, origin string) (approval.Request, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return approval.Request{}, err
	}
	r, err := s.Store.ByOrigin(ctx, origin)
	switch {
	case err != nil:
		return approval.Request{}, err
	case r.Requester != who.User:
		return approval.Request{}, approval.ErrNotFound
	}
	return r, nil
}

// A check says why somebody may not do something to r, or nil.
type check func(ctx context.Context, r approval.Request) error

func (s *Service) ownerOnly(who policy.Actor) check {
	return func(ctx context.Context, r approval.Request) error { return requireOwner(ctx, s.Directory, r, who) }
}

// served is may, for what needs the organization to be configured: a key cannot
// be made in another.
func (s *Service) served(may check) check {
	return func(ctx context.Context, r approval.Request) error {
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
	on     approval.Event
	note   string
	change func(*approval.Request, time.Time)
}

// act checks and moves by one event.
func (s *Service) act(ctx context.Context, who policy.Actor, id policy.ID, on approval.Event, may check, note string, change func(*approval.Request, time.Time)) (approval.Request, error) {
	r, err := s.get(ctx, who, id, on)
	if err != nil {
		return approval.Request{}, err
	}
	return s.attempt(ctx, who, r, on, may, func(approval.Request) (action, error) { return action{on, note, change}, nil })
}

// attempt checks and moves. What the press comes to is worked out from the
// request as it is on disk; if somebody else moved it meanwhile, once more. A
// refusal is recorded as one of on.
func (s *Service) attempt(ctx context.Context, who policy.Actor, r approval.Request, on approval.Event, may check, plan func(approval.Request) (action, error)) (approval.Request, error) {
	for range actTries {
		if err := may(ctx, r); err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		do, err := plan(r)
		if err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		now := s.Now()
		next, entry, err := approval.Step(r, do.on, who.User, now, do.note)
		if err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		do.change(&next, now)
		next.KeepEvents()
		moved, err := s.Store.Move(ctx, next, entry.WithKey(r.Key, next.Key))
		if errors.Is(err, approval.ErrConflict) {
			r = moved
			continue
		}
		if err != nil {
			return r, fmt.Errorf("recording %s of request %s: %w", do.on, r.ID, err)
		}
		s.Wake()
		return moved, nil
	}
	return r, fmt.Errorf("recording %s of request %s: %w", on, r.ID, approval.ErrConflict)
}
