package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

const (
	// maxClickAge is how long after the press a key may still be shown: later the
	// requester need not be there any more.
	maxClickAge = 90 * time.Second

	// issueTries and issueWithin bound how long Atlas is asked again by itself.
	issueTries  = 3
	issueWithin = time.Minute

	// revealWithin is how long after the press a key that was made is shown. The
	// making alone cannot take so long: the clock was moved, or the machine slept.
	revealWithin = maxClickAge + workLimit
)

// issue makes the key that the requester pressed for, or clears up after an
// earlier run that was stopped while making it.
func (w *Worker) issue(ctx context.Context, r approval.Request) error {
	switch {
	case r.Issuance.Stage == approval.StageRollingBack:
		return w.rollback(ctx, r)
	case r.Issuance.Stage == approval.StageStarted, w.Now().Sub(r.Issuance.ClickedAt) > maxClickAge:
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseInterrupted})
	case hasNoConversation(r) && w.isRefused(r, approval.ReadyMessage):
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseNotShown, Code: "no_conversation"})
	case hasNoConversation(r):
		return &retry{time.Second, errors.New("there is no conversation yet in which the key could be shown")}
	}
	return w.attempt(ctx, r)
}

// hasNoConversation reports whether no message to the requester was posted yet: it
// is not known where the key could be shown.
func hasNoConversation(r approval.Request) bool {
	return r.MessageRefs[approval.ReadyMessage].TS == "" && r.MessageRefs[approval.RequestedMessage].TS == ""
}

// attempt is the one function in which a private key is in memory.
func (w *Worker) attempt(ctx context.Context, r approval.Request) error {
	if err := w.predecessorLives(ctx, r); err != nil {
		return w.predecessorGone(ctx, r, err)
	}
	if err := w.deletePreviousKeys(ctx, r); err != nil {
		return w.retryLater(ctx, r, approval.CallErrorOf(err))
	}
	step, err := r.StartCreate(w.Now())
	if r, err = w.move(ctx, r, step, err); err != nil {
		return err
	}
	order := approval.KeySpec{Request: r.ID, Attempt: r.Attempt, Access: r.Access}
	credential, err := w.KeysOf(r.Org).Create(ctx, order, func(k approval.Key) error {
		step, err := r.RecordKey(k, w.Now())
		r, err = w.move(ctx, r, step, err)
		return err
	})
	if err != nil {
		return w.handleCreateFailure(ctx, r, approval.CallErrorOf(err))
	}
	if r, err = w.stillOurs(ctx, r); err != nil {
		return err
	}
	if err := w.predecessorLives(ctx, r); err != nil {
		return w.predecessorGone(ctx, r, err)
	}
	if w.Now().Sub(r.Issuance.ClickedAt) > revealWithin {
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseInterrupted})
	}
	if err := w.Messenger.RevealKey(ctx, r, credential); err != nil {
		f := approval.CallErrorOf(err)
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseNotShown, Code: f.Code, Err: f})
	}
	step, err = r.Deliver(w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}

// predecessorGone gives up a successor whose predecessor is gone, and tries again
// if that could not be read: a key that was made is found there and removed.
func (w *Worker) predecessorGone(ctx context.Context, r approval.Request, err error) error {
	if f, ok := errors.AsType[*approval.CallError](err); ok {
		return w.startRollback(ctx, r, approval.EventFail, f)
	}
	return err
}

// stillOurs returns r as it is on disk, just before its key is shown. If the
// attempt went on without us, as it does once our lease is over, its key is dead
// and must not be shown: [ErrConflict].
func (w *Worker) stillOurs(ctx context.Context, r approval.Request) (approval.Request, error) {
	now, err := w.Store.Get(ctx, r.ID)
	switch {
	case err != nil:
		return r, fmt.Errorf("reading request %s before its key is shown: %w", r.ID, err)
	case now.State != approval.StateIssuing, now.Attempt != r.Attempt, now.Issuance.Stage != approval.StageStarted, now.Key.ID != r.Key.ID:
		return r, approval.ErrConflict
	}
	return now, nil
}

// deletePreviousKeys removes what earlier attempts made or may have made, so that
// the last key shown is the one that works. The first attempt has nothing to
// look for.
func (w *Worker) deletePreviousKeys(ctx context.Context, r approval.Request) error {
	if r.Key.ID != "" {
		if err := w.KeysOf(r.Org).Delete(ctx, r.Key.ID); err != nil {
			return err
		}
	}
	if r.Attempt == 1 && r.Issuance.Tries == 0 {
		return nil
	}
	found, err := w.ownedBy(ctx, r)
	if err != nil {
		return err
	}
	for _, k := range found {
		if err := w.KeysOf(r.Org).Delete(ctx, k.ID); err != nil {
			return err
		}
	}
	return nil
}

// handleCreateFailure decides what follows a create that did not work.
func (w *Worker) handleCreateFailure(ctx context.Context, r approval.Request, f *approval.CallError) error {
	then := approval.EventReturnToApproved
	if f.Class == approval.Permanent {
		then = approval.EventFail
	}
	switch {
	case r.Key.ID != "" || then == approval.EventFail:
		return w.startRollback(ctx, r, then, f)
	case f.Class == approval.Transient:
		return w.retryLater(ctx, r, f)
	}
	w.warn(r, "a create call without an answer", f)
	step, err := r.ReturnUnresolved(f, w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}

// retryLater tries the attempt again by itself a few times, then puts it back.
func (w *Worker) retryLater(ctx context.Context, r approval.Request, f *approval.CallError) error {
	tries := r.Issuance.Tries + 1
	at := w.Now().Add(approval.WaitAfter(f, tries))
	if tries >= issueTries || at.Sub(r.Issuance.ClickedAt) > issueWithin {
		return w.startRollback(ctx, r, approval.EventReturnToApproved, f)
	}
	w.warn(r, "Atlas says later", f)
	step, err := r.RetryIssuing(f, at, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// startRollback notes that what the attempt may have made has to go, and why, and then
// removes it.
func (w *Worker) startRollback(ctx context.Context, r approval.Request, then approval.Event, f *approval.CallError) error {
	w.warn(r, "undoing an attempt", f)
	step, err := r.StartRollback(then, f, w.Now())
	if r, err = w.move(ctx, r, step, err); err != nil {
		return err
	}
	return w.rollback(ctx, r)
}

// rollback deletes the attempt's key and moves the request on as startRollback said.
func (w *Worker) rollback(ctx context.Context, r approval.Request) error {
	r, err := w.notifyIfOverdue(ctx, r)
	if err != nil {
		return err
	}
	if r.Key.ID != "" {
		if err := w.KeysOf(r.Org).Delete(ctx, r.Key.ID); err != nil {
			return w.recordDeleteFailure(ctx, r, approval.CallErrorOf(err))
		}
	}
	step, err := r.FinishRollback(w.Now(), w.policyOf(r.Org))
	_, err = w.move(ctx, r, step, err)
	return err
}

func (w *Worker) warn(r approval.Request, what string, f *approval.CallError) {
	w.Log.Warn(what, "request", r.ID, "attempt", r.Attempt, "cause", f.Cause, "code", f.Code, "error", f.Err)
}
