package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Service is what people can do. Every method checks who acts, against the
// directory as it is now, moves the request on disk and wakes the worker; none
// calls Atlas or shows anything. A method that refuses returns the request as
// it is, with an error for which there is a sentence.
type Service struct {
	Store     Store
	Directory Directory
	Policy    Policy
	Org       OrgID
	Now       func() time.Time
	NewID     func() ID
	Wake      func() // a hint to the worker; may be lost
}

// idTries bounds the search for an id that is free.
const idTries = 5

// Submit records a request. A form sent twice makes one request, and the
// second call returns it like the first. A *[FormError] tells what to correct.
func (s *Service) Submit(ctx context.Context, who Actor, f Form) (Request, error) {
	if err := mayAct(ctx, s.Directory, who); err != nil {
		return Request{}, err
	}
	access, err := s.Policy.Check(f)
	if err != nil {
		return Request{}, err
	}
	return s.create(ctx, s.asked(who.User, f, access))
}

// create stores r under an id that is free. A form sent twice makes one request.
func (s *Service) create(ctx context.Context, r Request) (Request, error) {
	for range idTries {
		r.ID = s.NewID()
		e := Entry{At: r.AskedAt, Org: r.Org, Request: r.ID, Event: Submit, To: r.State, By: r.Requester, Note: string(r.Purpose)}
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

func (s *Service) asked(by UserID, f Form, access Access) Request {
	now := s.Now()
	return Request{
		Org: s.Org, Kind: APIKey, Origin: f.Origin, State: Pending, Requester: by,
		Access: access, Reason: strings.TrimSpace(f.Reason),
		AskedAt: now, LapsesAt: now.Add(s.Policy.PendingLapsesAfter),
		Messages: []MessageName{CardMessage, AskedMessage},
	}
}

// Approve is an approver's yes. The requester collects the key.
func (s *Service) Approve(ctx context.Context, who Actor, id ID) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	if r.Purpose == Extension || r.Purpose == NewAddresses {
		return s.act(ctx, who, id, Grant, s.decider(who), "", func(r *Request, now time.Time) {
			r.Decision = Decision{By: who.User, At: now}
			r.show(OutcomeMessage)
		})
	}
	return s.act(ctx, who, id, Approve, s.decider(who), "", func(r *Request, now time.Time) {
		r.Decision = Decision{By: who.User, At: now}
		r.LapsesAt = now.Add(s.Policy.CollectWithin)
		r.show(ReadyMessage)
	})
}

// Deny is an approver's no. The requester reads the reason, which may be empty.
func (s *Service) Deny(ctx context.Context, who Actor, id ID, reason string) (Request, error) {
	reason = strings.TrimSpace(reason)
	return s.act(ctx, who, id, Deny, s.decider(who), reason, func(r *Request, now time.Time) {
		r.Decision = Decision{By: who.User, At: now, Reason: reason}
		r.End = End{By: who.User, At: now}
		r.show(OutcomeMessage)
	})
}

// MayDecide reports why who could not approve or deny the request now, or nil.
// Nothing is recorded: it is asked before a form is opened.
func (s *Service) MayDecide(ctx context.Context, who Actor, id ID) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, err
	}
	if err := s.Policy.mayDecide(ctx, s.Directory, r, who); err != nil {
		return r, err
	}
	_, err = r.State.Next(Deny)
	return r, err
}

// Withdraw takes a request back before a key is made for it.
func (s *Service) Withdraw(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, Withdraw, s.owner(who), "", func(r *Request, now time.Time) {
		r.End = End{By: who.User, At: now}
	})
}

// Collect is the requester's press of "Create my key".
func (s *Service) Collect(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, Collect, s.owner(who), "", func(r *Request, now time.Time) { r.startMinting(now) })
}

// Confirm is "I saved it".
func (s *Service) Confirm(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, Confirm, s.owner(who), "", func(r *Request, now time.Time) {
		r.planReminder(now, s.Policy)
	})
}

// Replace is "I did not see it": the key goes, another is made and shown.
func (s *Service) Replace(ctx context.Context, who Actor, id ID) (Request, error) {
	return s.act(ctx, who, id, Replace, s.owner(who), "", func(r *Request, now time.Time) { r.startMinting(now) })
}

// Revoke ends a live key: by its owner, or by an approver, whose reason the
// owner reads. The reason may be empty.
func (s *Service) Revoke(ctx context.Context, who Actor, id ID, reason string) (Request, error) {
	reason = strings.TrimSpace(reason)
	return s.act(ctx, who, id, Revoke, s.revoker(who), reason, func(r *Request, now time.Time) {
		r.startRemoval(now, End{Cause: CauseRevoked, By: who.User, At: now, Note: reason})
	})
}

// MayRevoke reports why who could not revoke the key now, or nil. Nothing is
// recorded: it is asked before a form is opened.
func (s *Service) MayRevoke(ctx context.Context, who Actor, id ID) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, err
	}
	if err := s.revoker(who)(ctx, r); err != nil {
		return r, err
	}
	_, err = r.State.Next(Revoke)
	return r, err
}

// Get returns the request, for showing it.
func (s *Service) Get(ctx context.Context, id ID) (Request, error) { return s.Store.Get(ctx, id) }

// Mine lists who's requests, newest first.
func (s *Service) Mine(ctx context.Context, who Actor) ([]Request, error) {
	if err := mayAct(ctx, s.Directory, who); err != nil {
		return nil, err
	}
	return s.Store.ByRequester(ctx, who.User)
}

// Waiting lists what waits for a decision of who's, oldest first: nothing for
// those who may not decide.
func (s *Service) Waiting(ctx context.Context, who Actor) ([]Request, error) {
	if err := s.mayOversee(ctx, who); err != nil {
		return nil, err
	}
	all, err := s.Store.Waiting(ctx)
	if err != nil || s.Policy.AllowSelfApproval {
		return all, err
	}
	return slices.DeleteFunc(all, func(r Request) bool { return r.Requester == who.User }), nil
}

// LiveKeys lists every live key of the organization for an approver, oldest
// first.
func (s *Service) LiveKeys(ctx context.Context, who Actor) ([]Request, error) {
	if err := s.mayOversee(ctx, who); err != nil {
		return nil, err
	}
	return s.Store.Live(ctx)
}

// mayOversee reports why who may not see what concerns approvers, or nil.
func (s *Service) mayOversee(ctx context.Context, who Actor) error {
	if err := mayAct(ctx, s.Directory, who); err != nil {
		return err
	}
	return s.Policy.isApprover(ctx, s.Directory, who.User)
}

// OthersCanApprove reports whether anybody but the asker may decide on what
// they ask for, as far as the directory knows.
func (s *Service) OthersCanApprove(ctx context.Context, asker UserID) (bool, error) {
	approvers, err := s.Policy.approvers(ctx, s.Directory)
	for _, a := range approvers {
		if a != asker {
			return true, nil
		}
	}
	return s.Policy.AllowSelfApproval, err
}

// A check says why somebody may not do something to r, or nil.
type check func(ctx context.Context, r Request) error

func (s *Service) decider(who Actor) check {
	return func(ctx context.Context, r Request) error { return s.Policy.mayDecide(ctx, s.Directory, r, who) }
}

func (s *Service) owner(who Actor) check {
	return func(ctx context.Context, r Request) error { return isOwner(ctx, s.Directory, r, who) }
}

func (s *Service) revoker(who Actor) check {
	return func(ctx context.Context, r Request) error {
		if who.User == r.Requester {
			return mayAct(ctx, s.Directory, who)
		}
		if err := mayAct(ctx, s.Directory, who); err != nil {
			return err
		}
		if err := s.Policy.isApprover(ctx, s.Directory, who.User); err != nil {
			if errors.Is(err, ErrNotApprover) {
				return ErrNotOwner
			}
			return err
		}
		return nil
	}
}

// actTries bounds how often one action is tried again because a note of the
// worker came between reading and moving.
const actTries = 10

// act checks and moves. The change is applied to the request as it is on disk;
// if somebody else moved it meanwhile, the machine is asked again.
func (s *Service) act(ctx context.Context, who Actor, id ID, on Event, may check, note string, change func(*Request, time.Time)) (Request, error) {
	r, err := s.Store.Get(ctx, id)
	if err != nil {
		return Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	if err := may(ctx, r); err != nil {
		return r, s.refuse(ctx, r, on, who.User, err)
	}
	for range actTries {
		now := s.Now()
		next, entry, err := step(r, on, who.User, now, note)
		if err != nil {
			return r, s.refuse(ctx, r, on, who.User, err)
		}
		change(&next, now)
		moved, err := s.Store.Move(ctx, next, entry.about(r.Key, next.Key))
		if errors.Is(err, ErrConflict) {
			r = moved
			continue
		}
		if err != nil {
			return r, fmt.Errorf("recording %s of request %s: %w", on, id, err)
		}
		s.Wake()
		return moved, nil
	}
	return r, fmt.Errorf("recording %s of request %s: %w", on, id, ErrConflict)
}

// step asks the machine and returns the request in its next state with the
// line for the audit trail.
func step(r Request, on Event, by UserID, now time.Time, note string) (Request, Entry, error) {
	to, err := r.State.Next(on)
	if err != nil {
		return r, Entry{}, err
	}
	e := Entry{At: now, Org: r.Org, Request: r.ID, Event: on, From: r.State, To: to, By: by, Note: note}
	next := r.clone()
	next.State = to
	return next, e, nil
}

// refusals names, for the audit trail, the errors that refuse an action.
var refusals = []struct {
	err  error
	name string
}{
	{ErrNotAllowed, "not_allowed"}, {ErrOwnRequest, "own_request"}, {ErrNotApprover, "not_approver"},
	{ErrNotOwner, "not_owner"}, {ErrGuest, "guest"}, {ErrDeactivated, "deactivated"}, {ErrRobot, "robot"},
	{ErrOutsider, "outsider"}, {ErrCannotCheck, "cannot_check"},
}

// refuse records a refused action and returns why it was refused.
func (s *Service) refuse(ctx context.Context, r Request, on Event, by UserID, why error) error {
	for _, refusal := range refusals {
		if !errors.Is(why, refusal.err) {
			continue
		}
		e := Entry{At: s.Now(), Org: r.Org, Request: r.ID, Event: on, From: r.State, To: r.State, By: by, Refused: refusal.name}
		if err := s.Store.Record(ctx, e.about(r.Key, r.Key)); err != nil {
			return errors.Join(why, fmt.Errorf("recording the refusal: %w", err))
		}
		return why
	}
	return why
}
