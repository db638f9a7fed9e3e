package worker

import (
	"context"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

// expire ends a wait that took too long, or a key whose time is over.
func (w *Worker) expire(ctx context.Context, r approval.Request) error {
	cause := map[approval.State]approval.Cause{approval.StatePending: approval.CauseUndecided, approval.StateApproved: approval.CauseNotIssuedInTime, approval.StateActive: approval.CauseKeyExpired, approval.StateDelivered: approval.CauseKeyExpired}[r.State]
	if r.State == approval.StateApproved && !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(w.Now()) {
		cause = approval.CauseKeyExpired
	}
	return w.expireFor(ctx, r, cause)
}

func (w *Worker) expireFor(ctx context.Context, r approval.Request, cause approval.Cause) error {
	_, err := w.move(ctx, r, approval.EventExpire, string(cause), func(next *approval.Request, now time.Time) {
		if next.State == approval.StateRevoking {
			next.StartDeletion(now, approval.Outcome{Cause: cause, At: now})
			return
		}
		next.Outcome = approval.Outcome{Cause: cause, At: now}
		next.AddMessage(approval.OutcomeMessage)
		next.AddMessage(approval.ClosedNotice)
	})
	return err
}

// deleteKey deletes the key of a request that is being revoked, for ever if need
// be.
func (w *Worker) deleteKey(ctx context.Context, r approval.Request) error {
	r, err := w.notifyDeletionOverdue(ctx, r, approval.EventDeleteFailed)
	if err != nil {
		return err
	}
	if err := w.Keys.Delete(ctx, r.Org, r.Key.ID); err != nil {
		return w.recordDeleteFailure(ctx, r, approval.EventDeleteFailed, approval.CallErrorOf(err))
	}
	_, err = w.move(ctx, r, approval.EventDeleted, "key "+r.Key.ID, func(next *approval.Request, now time.Time) {
		next.Deletion = approval.Deletion{}
		next.AddMessage(approval.OutcomeMessage)
		next.AddMessage(approval.ClosedNotice)
	})
	return err
}

// notifyDeletionOverdue lets owner and approvers know that a key is still alive, once that
// has lasted for deletionOverdueAfter. It comes before the next try: a call that hangs must
// not keep anybody from being told.
func (w *Worker) notifyDeletionOverdue(ctx context.Context, r approval.Request, on approval.Event) (approval.Request, error) {
	if !r.Deletion.LateToTell(w.Now()) {
		return r, nil
	}
	return w.move(ctx, r, on, "still alive", func(next *approval.Request, _ time.Time) { next.NotifyDeletionOverdue() })
}

// recordDeleteFailure notes that a key could not be removed, and plans the next try: at
// the latest when people have to be told.
func (w *Worker) recordDeleteFailure(ctx context.Context, r approval.Request, on approval.Event, f *approval.CallError) error {
	f = w.orgFault(r, f)
	w.warn(r, "a key could not be removed", f)
	_, err := w.move(ctx, r, on, note(f), func(next *approval.Request, now time.Time) {
		next.Deletion.Tries++
		next.Deletion.Cause, next.Deletion.Code = f.Cause, f.Code
		wait := approval.WaitAfter(f, next.Deletion.Tries)
		if next.Deletion.Since.After(now) {
			next.Deletion.Since = now // the clock went back
		}
		next.Deletion.RetryAt = now.Add(wait)
		if next.Deletion.LateToTell(now) {
			next.NotifyDeletionOverdue()
		}
		if tell := next.Deletion.Since.Add(approval.DeletionOverdueAfter); !next.Deletion.Notified && tell.Before(next.Deletion.RetryAt) {
			next.Deletion.RetryAt = tell
		}
		next.Issuance.RetryAt = next.Deletion.RetryAt
	})
	return err
}

// checkConfirmation looks after a key that was shown and that nobody said they have: it
// counts as confirmed if Atlas saw it in use, else its owner is reminded once
// and the key goes.
func (w *Worker) checkConfirmation(ctx context.Context, r approval.Request) error {
	now := w.Now()
	if !r.KeyExpiresAt.After(now) {
		return w.expireFor(ctx, r, approval.CauseKeyExpired)
	}
	used, err := w.Keys.WasUsed(ctx, r.Org, r.Key.ID)
	switch {
	case used:
		_, err = w.move(ctx, r, approval.EventConfirm, "seen in use", func(next *approval.Request, now time.Time) {
			next.Confirmation.ByUse = true
			next.PlanExpiryReminder(now, w.policy(r.Org))
		})
		return err
	case !r.Confirmation.Reminded:
		_, err = w.move(ctx, r, approval.EventRemind, "", w.remind)
		return err
	case err != nil: // deleting a key that may be in use waits for an answer
		return &retry{time.Minute, fmt.Errorf("asking whether the key is used: %w", err)}
	}
	return w.expireFor(ctx, r, approval.CauseUnconfirmed)
}

// remind never leaves less than half the time to answer, also when the bot was
// down while the reminder was due.
func (w *Worker) remind(next *approval.Request, now time.Time) {
	next.Confirmation.Reminded = true
	next.Confirmation.ConfirmBy = approval.Latest(next.Confirmation.ConfirmBy, now.Add(w.policy(next.Org).ConfirmWithin/2))
	next.AddMessage(approval.ReminderMessage)
}
