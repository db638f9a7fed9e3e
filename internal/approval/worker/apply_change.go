package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

// processActive does what is due for an active key.
func (w *Worker) processActive(ctx context.Context, r approval.Request) error {
	now := w.Now()
	switch {
	case r.Type == approval.Rotation && !r.PredecessorScheduled:
		return w.scheduleRetirement(ctx, r)
	case !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(now):
		return w.expire(ctx, r)
	}
	return w.remindOfExpiry(ctx, r)
}

// remindOfExpiry tells the owner that their key expires soon.
func (w *Worker) remindOfExpiry(ctx context.Context, r approval.Request) error {
	step, err := r.RemindOfExpiry(w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}

// scheduleRetirement lets the predecessor expire earlier, now that r's key is in use, and
// then records that it did.
func (w *Worker) scheduleRetirement(ctx context.Context, r approval.Request) error {
	predecessor, err := w.Store.Get(ctx, r.ParentID)
	if err != nil {
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	}
	ends := w.Now().Add(w.policyOf(r.Org).RotationGracePeriod)
	if predecessor.State == approval.StateActive && predecessor.Requester == r.Requester && predecessor.KeyExpiresAt.After(ends) {
		step, err := predecessor.ScheduleRetirement(r.ID, ends, w.Now(), w.policyOf(r.Org))
		_, err = w.move(ctx, predecessor, step, err)
		if errors.Is(err, approval.ErrConflict) {
			return &retry{time.Second, err}
		}
		if err != nil {
			return err
		}
	}
	step, err := r.RecordScheduled(w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// apply makes an approved change. The key's own request is changed first or last, so
// that it is true at any moment: an expiry is later once it is on disk, an access list is
// replaced once Atlas has it.
func (w *Worker) apply(ctx context.Context, r approval.Request) error {
	parent, err := w.Store.Get(ctx, r.ParentID)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	case r.Issuance.Stage == approval.StageRollingBack:
		return w.restoreList(ctx, r, parent)
	case parent.State != approval.StateActive, parent.Requester != r.Requester: // over, or transferred
		return w.handleApplyFailure(ctx, r, parent, &approval.CallError{Class: approval.Permanent, Cause: approval.CauseKeyNotActive})
	case r.Type == approval.Extension:
		err = w.extend(ctx, r, parent)
	default:
		r, parent, err = w.replaceAccessList(ctx, r, parent)
	}
	if errors.Is(err, approval.ErrConflict) {
		return &retry{time.Second, err}
	}
	if f, ok := errors.AsType[*approval.CallError](err); ok {
		return w.handleApplyFailure(ctx, r, parent, f)
	}
	if err != nil {
		return err
	}
	step, err := r.Apply(w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

func (w *Worker) extend(ctx context.Context, r, parent approval.Request) error {
	if !parent.KeyExpiresAt.Before(r.Change.NewEnd) {
		return nil // by an earlier run
	}
	step, err := parent.ExtendFor(r, w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, parent, step, err)
	return err
}

// handleApplyFailure fails a change that Atlas refuses and tries others again with
// growing pauses. An access list that may be partly changed is restored first.
func (w *Worker) handleApplyFailure(ctx context.Context, r, parent approval.Request, f *approval.CallError) error {
	w.warn(r, "a change was not made", f)
	isStarted := parent.Changing.By == r.ID
	if isStarted && (f.Class == approval.Permanent || w.Now().Sub(parent.Changing.Since) > changeWithin) {
		return w.startRestore(ctx, r, parent, f)
	}
	if f.Class == approval.Permanent {
		step, err := r.Fail(f, w.Now())
		_, err = w.move(ctx, r, step, err)
		return err
	}
	step, err := r.RetryApplying(f, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}
