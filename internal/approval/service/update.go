package service

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// updateTries bounds how often one update is tried again because the request was
// changed between reading and storing it.
const updateTries = 10

// idTries bounds the search for an id that is free.
const idTries = 5

// update changes a request. change authorizes the caller and returns the step,
// each time from the request as it is on disk. What it refuses is recorded as a
// refused attempt at the event, and update returns the request as it is.
func (s *Service) update(ctx context.Context, caller policy.Actor, id policy.ID, on approval.Event, change func(approval.Request) (approval.Step, error)) (approval.Request, error) {
	r, err := s.get(ctx, caller, id, on)
	if err != nil {
		return approval.Request{}, err
	}
	return s.updateFrom(ctx, caller, r, on, change)
}

// updateFrom is update for a request that was just read.
func (s *Service) updateFrom(ctx context.Context, caller policy.Actor, r approval.Request, on approval.Event, change func(approval.Request) (approval.Step, error)) (approval.Request, error) {
	for range updateTries {
		step, err := change(r)
		if err != nil {
			return r, s.refuse(ctx, r, on, caller.User, err)
		}
		stored, err := s.move(ctx, r, step)
		_, overLimit := errors.AsType[*policy.FormError](err)
		switch {
		case err == nil:
			s.Wake()
			return stored, nil
		case overLimit:
			return r, s.refuse(ctx, r, on, caller.User, err)
		case !errors.Is(err, approval.ErrConflict):
			return r, fmt.Errorf("recording %s of request %s: %w", step.Entry.Event, r.ID, err)
		}
		r = stored
	}
	return r, fmt.Errorf("recording %s of request %s: %w", on, r.ID, approval.ErrConflict)
}

// move stores a step from r. If it gives the key another owner, the keys of the new
// owner are counted first, and nothing else that is counted is stored in between:
// concurrent transfers cannot pass a limit together. It returns a *[policy.FormError]
// if the new owner has as many keys as one person may have.
func (s *Service) move(ctx context.Context, r approval.Request, step approval.Step) (approval.Request, error) {
	if step.Next.Requester != r.Requester {
		s.counting.Lock()
		defer s.counting.Unlock()
		if err := s.requireRoomForKey(ctx, step.Next.Requester, step.Next.Org); err != nil {
			return approval.Request{}, err
		}
	}
	return s.Store.Move(ctx, step.Next, step.Entry)
}

// check returns the request if authorize and its state allow the event. A refusal
// is recorded and returned with the request, as by update.
func (s *Service) check(ctx context.Context, caller policy.Actor, id policy.ID, on approval.Event, authorize func(approval.Request) error) (approval.Request, error) {
	r, err := s.get(ctx, caller, id, on)
	if err != nil {
		return approval.Request{}, err
	}
	if err = authorize(r); err == nil {
		_, err = r.State.Next(on)
	}
	if err != nil {
		return r, s.refuse(ctx, r, on, caller.User, err)
	}
	return r, nil
}

// get reads the request that the caller wants to do something with. A request that
// does not exist is a refusal.
func (s *Service) get(ctx context.Context, caller policy.Actor, id policy.ID, on approval.Event) (approval.Request, error) {
	r, err := s.Store.Get(ctx, id)
	switch {
	case errors.Is(err, approval.ErrNotFound):
		return approval.Request{}, s.refuse(ctx, approval.Request{ID: id}, on, caller.User, err)
	case err != nil:
		return approval.Request{}, fmt.Errorf("reading request %s: %w", id, err)
	}
	return r, nil
}

// create stores a new request under an id that is free. A form sent twice makes
// one request. Requests are counted and stored one at a time, so that concurrent
// forms cannot pass a limit together.
func (s *Service) create(ctx context.Context, r approval.Request) (approval.Request, error) {
	s.counting.Lock()
	defer s.counting.Unlock()
	if err := s.admit(ctx, &r); err != nil {
		return approval.Request{}, err
	}
	for range idTries {
		r.ID = s.NewID()
		step := r.Submit()
		created, err := s.Store.Create(ctx, step.Next, step.Entry)
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
