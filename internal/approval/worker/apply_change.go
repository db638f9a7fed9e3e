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
	_, err := w.move(ctx, r, approval.EventRemind, "", func(next *approval.Request, now time.Time) {
		next.ExpiryReminders++
		next.AddMessage(approval.ExpiryReminderMessage(next.ExpiryReminders))
		next.PlanExpiryReminder(now, w.policy(r.Org))
	})
	return err
}

// scheduleRetirement brings the predecessor's end nearer, now that r's key is in use,
// and then notes that it did.
func (w *Worker) scheduleRetirement(ctx context.Context, r approval.Request) error {
	old, err := w.Store.Get(ctx, r.ParentID)
	if err != nil {
		return fmt.Errorf("reading request %s: %w", r.ParentID, err)
	}
	ends := w.Now().Add(w.policy(r.Org).RotationGracePeriod)
	if old.State == approval.StateActive && old.Requester == r.Requester && old.KeyExpiresAt.After(ends) {
		_, err := w.move(ctx, old, approval.EventScheduleRetirement, "by "+string(r.ID), func(next *approval.Request, now time.Time) {
			next.KeyExpiresAt = ends
			next.PlanExpiryReminder(now, w.policy(r.Org))
		})
		if errors.Is(err, approval.ErrConflict) {
			return &retry{time.Second, err}
		}
		if err != nil {
			return err
		}
	}
	_, err = w.move(ctx, r, approval.EventPredecessorScheduled, "", func(next *approval.Request, _ time.Time) { next.PredecessorScheduled = true })
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
	_, err = w.move(ctx, r, approval.EventApply, "", func(next *approval.Request, now time.Time) {
		next.Issuance = approval.Issuance{}
		next.Outcome = approval.Outcome{At: now}
		next.AddMessage(approval.ClosedNotice)
	})
	return err
}

func (w *Worker) extend(ctx context.Context, r, parent approval.Request) error {
	if !parent.KeyExpiresAt.Before(r.Change.NewEnd) {
		return nil // done by an earlier run
	}
	_, err := w.move(ctx, parent, approval.EventExtend, "by "+string(r.ID), func(next *approval.Request, now time.Time) {
		next.KeyExpiresAt = r.Change.NewEnd
		next.PlanExpiryReminder(now, w.policy(r.Org))
	})
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
		_, err := w.move(ctx, r, approval.EventFail, note(f), func(next *approval.Request, now time.Time) { fail(next, now, f) })
		return err
	}
	_, err := w.move(ctx, r, approval.EventRetryLater, note(f), func(next *approval.Request, now time.Time) {
		next.Issuance.Tries++
		next.Issuance.Cause, next.Issuance.Code = f.Cause, f.Code
		next.Issuance.RetryAt = now.Add(approval.WaitAfter(f, next.Issuance.Tries))
	})
	return err
}
