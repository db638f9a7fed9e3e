package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// cascade ends what has to end with r, and then notes that it did.
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

// rotationsOf lists the requests that r's cascade is about, without r.
func (w *Worker) rotationsOf(ctx context.Context, r approval.Request) ([]approval.Request, error) {
	if r.Cascade != approval.CascadeAll {
		return w.Store.Successors(ctx, r.ID)
	}
	return RotationsOf(ctx, w.Store, r)
}

// RotationsOf lists the requests for the keys before and after r's, whatever
// their state, the first one's first and without r.
func RotationsOf(ctx context.Context, store Store, r approval.Request) ([]approval.Request, error) {
	first := r
	for first.Type == approval.Rotation {
		before, err := store.Get(ctx, first.ParentID)
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", first.ParentID, err)
		}
		first = before
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

// endWith ends other, in whatever state it is, because r was ended.
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

// predecessorLives returns a refusal if r is a successor and the key that it is
// to take over from is not its owner's and live any more.
func (w *Worker) predecessorLives(ctx context.Context, r approval.Request) error {
	if r.Type != approval.Rotation {
		return nil
	}
	before, err := w.Store.Get(ctx, r.ParentID)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	case before.State != approval.StateActive, before.Requester != r.Requester:
		return &approval.CallError{Class: approval.Permanent, Cause: approval.CauseKeyNotActive, Err: approval.ErrPredecessorNotActive}
	}
	return nil
}
