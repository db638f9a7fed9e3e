package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// cascade ends the requests that end with r, and then records that it did.
func (w *Worker) cascade(ctx context.Context, r approval.Request) error {
	others, err := w.rotationsOf(ctx, r)
	if err != nil {
		return err
	}
	for _, other := range others {
		err := w.endWith(ctx, r, other)
		if errors.Is(err, approval.ErrConflict) {
			return &retry{time.Millisecond, fmt.Errorf("ending request %s with %s: %w", other.ID, r.ID, err)}
		}
		if err != nil {
			return fmt.Errorf("ending request %s with %s: %w", other.ID, r.ID, err)
		}
	}
	step, err := r.RecordCascade(w.Now())
	_, err = w.move(ctx, r, step, err)
	w.Wake()
	return err
}

// rotationsOf lists the requests in the scope of r's cascade, without r.
func (w *Worker) rotationsOf(ctx context.Context, r approval.Request) ([]approval.Request, error) {
	if r.Cascade != approval.CascadeAll {
		return w.Store.Successors(ctx, r.ID)
	}
	return RotationsOf(ctx, w.Store, r)
}

// RotationsOf lists the requests for the keys before and after r's, in every state, the
// first key's first and without r.
func RotationsOf(ctx context.Context, store Store, r approval.Request) ([]approval.Request, error) {
	first := r
	for first.Type == approval.Rotation {
		predecessor, err := store.Get(ctx, first.ParentID)
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", first.ParentID, err)
		}
		first = predecessor
	}
	all := []approval.Request{first}
	for i := 0; i < len(all); i++ {
		next, err := store.Successors(ctx, all[i].ID)
		if err != nil {
			return nil, fmt.Errorf("listing the successors of request %s: %w", all[i].ID, err)
		}
		all = append(all, next...)
	}
	return slices.DeleteFunc(all, func(o approval.Request) bool { return o.ID == r.ID }), nil
}

// endWith ends other, as its state allows, because r was ended.
func (w *Worker) endWith(ctx context.Context, r, other approval.Request) error {
	switch other.State {
	case approval.StatePending, approval.StateApproved:
		return w.endBeside(ctx, r, other, approval.Outcome{Cause: approval.CauseKeyNotActive})
	case approval.StateIssuing:
		return w.stopIssuing(ctx, r, other)
	case approval.StateDelivered:
		if r.Cascade == approval.CascadeUnshown {
			return nil
		}
	case approval.StateActive:
		if r.Cascade != approval.CascadeAll {
			return nil
		}
	default:
		return nil
	}
	why := approval.Outcome{Cause: approval.CauseKeyNotActive}
	if r.Outcome.Cause == approval.CauseRevoked {
		why = approval.Outcome{Cause: approval.CauseRevoked, By: r.Outcome.By, Note: r.Outcome.Note}
	}
	return w.endBeside(ctx, r, other, why)
}

// endBeside ends other because r was ended.
func (w *Worker) endBeside(ctx context.Context, r, other approval.Request, why approval.Outcome) error {
	step, err := other.EndWith(r.ID, why, r.Cascade, w.Now())
	_, err = w.move(ctx, other, step, err)
	return err
}

// stopIssuing rolls back the attempt of other. A worker that is issuing its key finds
// at the next step that the request was changed.
func (w *Worker) stopIssuing(ctx context.Context, r, other approval.Request) error {
	if other.Issuance.Stage == approval.StageRollingBack && other.Issuance.NextEvent == approval.EventFail {
		return nil
	}
	step, err := other.StopIssuing(r.ID, w.Now())
	_, err = w.move(ctx, other, step, err)
	return err
}

// requireActivePredecessor refuses a successor whose predecessor is not an active key
// of the same owner any more.
func (w *Worker) requireActivePredecessor(ctx context.Context, r approval.Request) error {
	if r.Type != approval.Rotation {
		return nil
	}
	predecessor, err := w.Store.Get(ctx, r.ParentID)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	case predecessor.State != approval.StateActive, predecessor.Requester != r.Requester:
		return &approval.CallError{Class: approval.Permanent, Cause: approval.CauseKeyNotActive, Err: approval.ErrPredecessorNotActive}
	}
	return nil
}
