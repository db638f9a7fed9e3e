package approval

import (
	"context"
	"fmt"
	"time"
)

// expire ends a wait that took too long, or a key whose time is over.
func (w *Worker) expire(ctx context.Context, r Request) error {
	cause := map[State]Cause{StatePending: CauseUndecided, StateApproved: CauseNotIssuedInTime, StateActive: CauseKeyExpired, StateDelivered: CauseKeyExpired}[r.State]
	if r.State == StateApproved && !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(w.Now()) {
		cause = CauseKeyExpired
	}
	return w.expireFor(ctx, r, cause)
}

func (w *Worker) expireFor(ctx context.Context, r Request, cause Cause) error {
	_, err := w.move(ctx, r, EventExpire, string(cause), func(next *Request, now time.Time) {
		if next.State == StateRevoking {
			next.startDeletion(now, Outcome{Cause: cause, At: now})
			return
		}
		next.Outcome = Outcome{Cause: cause, At: now}
		next.addMessage(OutcomeMessage)
		next.addMessage(ClosedNotice)
	})
	return err
}

// deleteKey deletes the key of a request that is being revoked, for ever if need
// be.
func (w *Worker) deleteKey(ctx context.Context, r Request) error {
	r, err := w.notifyDeletionOverdue(ctx, r, EventDeleteFailed)
	if err != nil {
		return err
	}
	if err := w.Keys.Delete(ctx, r.Org, r.Key.ID); err != nil {
		return w.recordDeleteFailure(ctx, r, EventDeleteFailed, callErrorOf(err))
	}
	_, err = w.move(ctx, r, EventDeleted, "key "+r.Key.ID, func(next *Request, now time.Time) {
		next.Deletion = Deletion{}
		next.addMessage(OutcomeMessage)
		next.addMessage(ClosedNotice)
	})
	return err
}

// notifyDeletionOverdue lets owner and approvers know that a key is still alive, once that
// has lasted for deletionOverdueAfter. It comes before the next try: a call that hangs must
// not keep anybody from being told.
func (w *Worker) notifyDeletionOverdue(ctx context.Context, r Request, on Event) (Request, error) {
	if !r.Deletion.lateToTell(w.Now()) {
		return r, nil
	}
	return w.move(ctx, r, on, "still alive", func(next *Request, _ time.Time) { next.notifyDeletionOverdue() })
}

func (r *Request) notifyDeletionOverdue() {
	r.Deletion.Notified = true
	r.addMessage(DeletionOverdueMessage)
	r.addMessage(DeletionOverdueNotice)
}

// lateToTell reports whether people have to be told that the removal takes long.
func (m Deletion) lateToTell(now time.Time) bool {
	return !m.Notified && !m.Since.IsZero() && now.Sub(m.Since) >= deletionOverdueAfter
}

// recordDeleteFailure notes that a key could not be removed, and plans the next try: at
// the latest when people have to be told.
func (w *Worker) recordDeleteFailure(ctx context.Context, r Request, on Event, f *CallError) error {
	f = w.orgFault(r, f)
	w.warn(r, "a key could not be removed", f)
	_, err := w.move(ctx, r, on, note(f), func(next *Request, now time.Time) {
		next.Deletion.Tries++
		next.Deletion.Cause, next.Deletion.Code = f.Cause, f.Code
		wait := waitAfter(f, next.Deletion.Tries)
		if next.Deletion.Since.After(now) {
			next.Deletion.Since = now // the clock went back
		}
		next.Deletion.RetryAt = now.Add(wait)
		if next.Deletion.lateToTell(now) {
			next.notifyDeletionOverdue()
		}
		if tell := next.Deletion.Since.Add(deletionOverdueAfter); !next.Deletion.Notified && tell.Before(next.Deletion.RetryAt) {
			next.Deletion.RetryAt = tell
		}
		next.Issuance.RetryAt = next.Deletion.RetryAt
	})
	return err
}

// checkConfirmation looks after a key that was shown and that nobody said they have: it
// counts as confirmed if Atlas saw it in use, else its owner is reminded once
// and the key goes.
func (w *Worker) checkConfirmation(ctx context.Context, r Request) error {
	now := w.Now()
	if !r.KeyExpiresAt.After(now) {
		return w.expireFor(ctx, r, CauseKeyExpired)
	}
	used, err := w.Keys.WasUsed(ctx, r.Org, r.Key.ID)
	switch {
	case used:
		_, err = w.move(ctx, r, EventConfirm, "seen in use", func(next *Request, now time.Time) {
			next.Confirmation.ByUse = true
			next.planExpiryReminder(now, w.policy(r.Org))
		})
		return err
	case !r.Confirmation.Reminded:
		_, err = w.move(ctx, r, EventRemind, "", w.remind)
		return err
	case err != nil: // deleting a key that may be in use waits for an answer
		return &retry{time.Minute, fmt.Errorf("asking whether the key is used: %w", err)}
	}
	return w.expireFor(ctx, r, CauseUnconfirmed)
}

// remind never leaves less than half the time to answer, also when the bot was
// down while the reminder was due.
func (w *Worker) remind(next *Request, now time.Time) {
	next.Confirmation.Reminded = true
	next.Confirmation.ConfirmBy = latest(next.Confirmation.ConfirmBy, now.Add(w.policy(next.Org).ConfirmWithin/2))
	next.addMessage(ReminderMessage)
}
