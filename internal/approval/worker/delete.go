package worker

import (
	"context"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

// expire ends a wait that took too long, or a key whose time is over.
func (w *Worker) expire(ctx context.Context, r approval.Request) error {
	step, err := r.Expire(w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

func (w *Worker) expireFor(ctx context.Context, r approval.Request, cause approval.Cause) error {
	step, err := r.ExpireFor(cause, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// deleteKey deletes the key of a request that is being revoked. It is tried until
// it works.
func (w *Worker) deleteKey(ctx context.Context, r approval.Request) error {
	r, err := w.notifyIfOverdue(ctx, r)
	if err != nil {
		return err
	}
	if err := w.KeysOf(r.Org).Delete(ctx, r.Key.ID); err != nil {
		return w.recordDeleteFailure(ctx, r, approval.CallErrorOf(err))
	}
	step, err := r.RecordDeleted(w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// notifyIfOverdue tells owner and approvers that a key still exists, once its
// deletion is overdue. It comes before the next try: a call that hangs must not
// keep people from being told.
func (w *Worker) notifyIfOverdue(ctx context.Context, r approval.Request) (approval.Request, error) {
	now := w.Now()
	if !r.Deletion.IsOverdue(now) {
		return r, nil
	}
	step, err := r.NotifyDeletionOverdue(now)
	return w.move(ctx, r, step, err)
}

// recordDeleteFailure records that a key could not be deleted, and plans the next
// try.
func (w *Worker) recordDeleteFailure(ctx context.Context, r approval.Request, f *approval.CallError) error {
	f = w.orgFault(r, f)
	w.warn(r, "a key could not be deleted", f)
	step, err := r.RecordDeleteFailure(f, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// checkConfirmation does what is due for a key that was shown and not confirmed. It
// counts as confirmed if Atlas saw it in use; otherwise its owner is reminded once,
// and then the key is deleted.
func (w *Worker) checkConfirmation(ctx context.Context, r approval.Request) error {
	if !r.KeyExpiresAt.After(w.Now()) {
		return w.expireFor(ctx, r, approval.CauseKeyExpired)
	}
	used, err := w.KeysOf(r.Org).WasUsed(ctx, r.Key.ID)
	switch {
	case used:
		step, err := r.ConfirmByUse(w.Now(), w.policyOf(r.Org))
		_, err = w.move(ctx, r, step, err)
		return err
	case !r.Confirmation.Reminded:
		return w.remindToConfirm(ctx, r)
	case err != nil: // deleting a key that may be in use waits for an answer
		return &retry{time.Minute, fmt.Errorf("asking whether the key is used: %w", err)}
	}
	return w.expireFor(ctx, r, approval.CauseUnconfirmed)
}

func (w *Worker) remindToConfirm(ctx context.Context, r approval.Request) error {
	step, err := r.RemindToConfirm(w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}
