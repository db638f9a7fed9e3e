package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

// processActive does what is due for a key that its owner holds.
func (w *Worker) processActive(ctx context.Context, r approval.Request) error {
	now := w.Now()
	switch {
	case r.Type == approval.Rotation && !r.PredecessorScheduled:
		return w.scheduleRetirement(ctx, r)
	case !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(now):
		return w.expire(ctx, r)
	}
	return w.remindOfEnd(ctx, r)
}

// remindOfEnd tells the owner that their key ends soon.
func (w *Worker) remindOfEnd(ctx context.Context, r approval.Request) error {
	step, err := r.RemindOfExpiry(w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}

// scheduleRetirement brings the predecessor's end nearer, now that r's key is in use,
// and then notes that it did.
func (w *Worker) scheduleRetirement(ctx context.Context, r approval.Request) error {
	old, err := w.Store.Get(ctx, r.ParentID)
	if err != nil {
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	}
	ends := w.Now().Add(w.policyOf(r.Org).RotationGracePeriod)
	if old.State == approval.StateActive && old.Requester == r.Requester && old.KeyExpiresAt.After(ends) {
		step, err := old.ScheduleRetirement(r.ID, ends, w.Now(), w.policyOf(r.Org))
		_, err = w.move(ctx, old, step, err)
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

// apply makes an approved change. The key's own request is moved first or last,
// so that what it says is true at any moment: an end is later once it is on
// disk, an access list is another once Atlas has it.
func (w *Worker) apply(ctx context.Context, r approval.Request) error {
	parent, err := w.Store.Get(ctx, r.ParentID)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	case r.Issuance.Stage == approval.StageRollingBack:
		return w.restoreList(ctx, r, parent)
	case parent.State != approval.StateActive, parent.Requester != r.Requester: // over, or somebody else's by now
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
		return nil // done by an earlier run
	}
	step, err := parent.ExtendFor(r, w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, parent, step, err)
	return err
}

// handleApplyFailure gives up what Atlas refuses and tries the rest again with growing
// pauses. An access list of which a part may have been changed goes back first.
func (w *Worker) handleApplyFailure(ctx context.Context, r, parent approval.Request, f *approval.CallError) error {
	w.warn(r, "a change was not made", f)
	begun := parent.Changing.By == r.ID
	if begun && (f.Class == approval.Permanent || w.Now().Sub(parent.Changing.Since) > changeWithin) {
		return w.undoList(ctx, r, parent, f)
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
