package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The keys of one rotation stand for one access: what an approver or the
// operator revokes is gone with every key before and after it. The request that
// was revoked says so on disk, in the same move; the worker ends the others and
// then notes that it did. A crash in between is made up for by the next run.

// A CascadeScope says which requests of the same rotations end with one.
type CascadeScope string

const (
	// CascadeAll ends every key before and after it, and every successor on its way.
	CascadeAll CascadeScope = "all"

	// CascadeUnconfirmed ends successors that their owner has not confirmed.
	CascadeUnconfirmed CascadeScope = "unconfirmed"

	// CascadeUnshown ends successors whose key was not shown.
	CascadeUnshown CascadeScope = "unshown"
)

// ErrPredecessorRevoked says that the key before this one was revoked, and this
// one goes as well.
var ErrPredecessorRevoked = errors.New("the key before it was revoked")

// cascadeTo makes the ending of others due with this one, if r may have any.
func (r *Request) cascadeTo(scope CascadeScope) {
	if r.Type == Rotation || r.Successor != "" || len(r.Transfers) > 0 {
		r.Cascade = scope
	}
}

// revokedBy says what a revocation of r by that person ends beside r's key: all
// of the access, unless the owner ends only this key.
func (r *Request) revokedBy(by UserID) {
	if by == r.Requester {
		r.cascadeTo(CascadeUnshown)
		return
	}
	r.cascadeTo(CascadeAll)
}

// cascade ends what has to end with r, and then notes that it did.
func (w *Worker) cascade(ctx context.Context, r Request) error {
	others, err := w.rotationsOf(ctx, r)
	if err != nil {
		return err
	}
	for _, other := range others {
		err := w.endWith(ctx, r, other)
		if errors.Is(err, ErrConflict) {
			return &retry{time.Millisecond, fmt.Errorf("ending request %s with %s: %w", other.ID, r.ID, err)}
		}
		if err != nil {
			return fmt.Errorf("ending request %s with %s: %w", other.ID, r.ID, err)
		}
	}
	_, err = w.move(ctx, r, EventCascaded, string(r.Cascade), func(next *Request, _ time.Time) { next.Cascade = "" })
	w.Wake()
	return err
}

// rotationsOf lists the requests that r's cascade is about, without r.
func (w *Worker) rotationsOf(ctx context.Context, r Request) ([]Request, error) {
	if r.Cascade != CascadeAll {
		return w.Store.Successors(ctx, r.ID)
	}
	return RotationsOf(ctx, w.Store, r)
}

// RotationsOf lists the requests for the keys before and after r's, whatever
// their state, the first one's first and without r.
func RotationsOf(ctx context.Context, store Store, r Request) ([]Request, error) {
	first := r
	for first.Type == Rotation {
		before, err := store.Get(ctx, first.ParentID)
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", first.ParentID, err)
		}
		first = before
	}
	all := []Request{first}
	for i := 0; i < len(all); i++ {
		next, err := store.Successors(ctx, all[i].ID)
		if err != nil {
			return nil, fmt.Errorf("listing the successors of request %s: %w", all[i].ID, err)
		}
		all = append(all, next...)
	}
	return slices.DeleteFunc(all, func(o Request) bool { return o.ID == r.ID }), nil
}

// endWith ends other, in whatever state it is, because r was ended.
func (w *Worker) endWith(ctx context.Context, r, other Request) error {
	switch other.State {
	case StatePending, StateApproved:
		return w.endBeside(ctx, r, other, Outcome{Cause: CauseKeyNotActive})
	case StateIssuing:
		return w.stopMaking(ctx, r, other)
	case StateDelivered:
		if r.Cascade == CascadeUnshown {
			return nil
		}
	case StateActive:
		if r.Cascade != CascadeAll {
			return nil
		}
	default:
		return nil
	}
	why := Outcome{Cause: CauseKeyNotActive}
	if r.Outcome.Cause == CauseRevoked {
		why = Outcome{Cause: CauseRevoked, By: r.Outcome.By, Note: r.Outcome.Note}
	}
	return w.endBeside(ctx, r, other, why)
}

// endBeside ends other. If that has a key, its own rotations are looked at once
// more: one may have been opened meanwhile.
func (w *Worker) endBeside(ctx context.Context, r, other Request, why Outcome) error {
	_, err := w.move(ctx, other, EventExpire, "with "+string(r.ID), func(next *Request, now time.Time) {
		why.At = now
		if next.State == StateRevoking {
			next.startDeletion(now, why)
			next.cascadeTo(r.Cascade)
			return
		}
		next.Outcome = why
		next.addMessage(OutcomeMessage)
		next.addMessage(ClosedNotice)
	})
	return err
}

// stopMaking has the key of other removed that is being made. Whoever is at it
// finds at the next step that the request was moved.
func (w *Worker) stopMaking(ctx context.Context, r, other Request) error {
	if other.Issuance.Stage == StageRollingBack && other.Issuance.NextEvent == EventFail {
		return nil
	}
	_, err := w.move(ctx, other, EventRollback, "with "+string(r.ID), func(next *Request, now time.Time) {
		if next.Issuance.Stage == StageStarted && next.Key.ID == "" {
			next.recordUnresolvedCreate(now) // nobody knows whether Atlas heard the call
		}
		next.Issuance.Stage, next.Issuance.NextEvent, next.Issuance.Cause, next.Issuance.Code = StageRollingBack, EventFail, CauseKeyNotActive, ""
		next.Issuance.Tries, next.Issuance.RetryAt = 0, now
		next.Deletion = Deletion{Since: now}
	})
	return err
}

// predecessorLives returns a refusal if r is a successor and the key that it is
// to take over from is not its owner's and live any more.
func (w *Worker) predecessorLives(ctx context.Context, r Request) error {
	if r.Type != Rotation {
		return nil
	}
	before, err := w.Store.Get(ctx, r.ParentID)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	case before.State != StateActive, before.Requester != r.Requester:
		return &CallError{Class: Permanent, Cause: CauseKeyNotActive, Err: ErrPredecessorNotActive}
	}
	return nil
}

// unlessRevoked is may, for a successor only if the key before it was not
// revoked by an approver or the operator.
func (s *Service) unlessRevoked(may check) check {
	return func(ctx context.Context, r Request) error {
		if err := may(ctx, r); err != nil || r.Type != Rotation {
			return err
		}
		before, err := s.Store.Get(ctx, r.ParentID)
		switch {
		case err != nil:
			return fmt.Errorf("reading request %s: %w", r.ParentID, err)
		case before.Cascade == CascadeAll:
			return ErrPredecessorRevoked
		}
		return nil
	}
}
