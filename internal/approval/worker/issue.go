package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
)

const (
	// maxClickAge is how long after the click an attempt may start: later the
	// requester may not be there any more.
	maxClickAge = 90 * time.Second

	// issueTries and issueWithin bound how long the bot itself tries again.
	issueTries  = 3
	issueWithin = time.Minute

	// revealWithin is how long after the click a key may be shown. Issuing alone
	// cannot take so long: the clock was moved, or the machine slept.
	revealWithin = maxClickAge + workLimit
)

// issue issues the key that the requester clicked for, or rolls back an earlier run
// that was stopped in between.
func (w *Worker) issue(ctx context.Context, r approval.Request) error {
	switch {
	case r.Issuance.Stage == approval.StageRollingBack:
		return w.rollback(ctx, r)
	case r.Issuance.Stage == approval.StageStarted, w.Now().Sub(r.Issuance.ClickedAt) > maxClickAge:
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseInterrupted})
	case hasNoConversation(r) && w.isRefused(r, approval.ReadyMessage):
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseNotShown, Code: "no_conversation"})
	case hasNoConversation(r):
		return &retry{time.Second, errors.New("there is no conversation yet to show the key in")}
	}
	return w.attempt(ctx, r)
}

// hasNoConversation reports whether no message to the requester was posted yet: the
// channel in which to show the key is not known.
func hasNoConversation(r approval.Request) bool {
	return r.MessageRefs[approval.ReadyMessage].TS == "" && r.MessageRefs[approval.RequestedMessage].TS == ""
}

// attempt creates the key and shows it. It is the only function in which a private key
// is in memory.
func (w *Worker) attempt(ctx context.Context, r approval.Request) error {
	if err := w.requireActivePredecessor(ctx, r); err != nil {
		return w.failWithoutPredecessor(ctx, r, err)
	}
	if err := w.deletePreviousKeys(ctx, r); err != nil {
		return w.retryLater(ctx, r, approval.CallErrorOf(err))
	}
	step, err := r.StartCreate(w.Now())
	if r, err = w.move(ctx, r, step, err); err != nil {
		return err
	}
	spec := approval.KeySpec{Request: r.ID, Attempt: r.Attempt, Access: r.Access}
	credential, err := w.KeysOf(r.Org).Create(ctx, spec, func(k approval.Key) error {
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
	if err := w.requireActivePredecessor(ctx, r); err != nil {
		return w.failWithoutPredecessor(ctx, r, err)
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
	w.reached(ctx, r.Requester, 0)
	return err
}

// failWithoutPredecessor fails a successor whose predecessor is not active, and tries
// again if that could not be read: the next run rolls back a key that was created.
func (w *Worker) failWithoutPredecessor(ctx context.Context, r approval.Request, err error) error {
	if f, ok := errors.AsType[*approval.CallError](err); ok {
		return w.startRollback(ctx, r, approval.EventFail, f)
	}
	return err
}

// stillOurs returns r as it is on disk, just before its key is shown. If another run
// took the attempt over, as it may once the lease is over, the key is deleted and must
// not be shown: [approval.ErrConflict].
func (w *Worker) stillOurs(ctx context.Context, r approval.Request) (approval.Request, error) {
	current, err := w.Store.Get(ctx, r.ID)
	switch {
	case err != nil:
		return r, fmt.Errorf("reading request %s before its key is shown: %w", r.ID, err)
	case current.State != approval.StateIssuing, current.Attempt != r.Attempt, current.Issuance.Stage != approval.StageStarted, current.Key.ID != r.Key.ID:
		return r, approval.ErrConflict
	}
	return current, nil
}

// deletePreviousKeys deletes the keys that earlier attempts created or may have created,
// so that the last key shown is the one that works. The first attempt has none.
func (w *Worker) deletePreviousKeys(ctx context.Context, r approval.Request) error {
	if r.Key.ID != "" {
		if err := w.KeysOf(r.Org).Delete(ctx, r.Key.ID); err != nil {
			return err
		}
	}
	if r.Attempt == 1 && r.Issuance.Tries == 0 {
		return nil
	}
	found, err := w.taggedKeysOf(ctx, r)
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

// handleCreateFailure decides what follows a failed create call.
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

// retryLater tries the attempt again a few times, then rolls it back.
func (w *Worker) retryLater(ctx context.Context, r approval.Request, f *approval.CallError) error {
	tries := r.Issuance.Tries + 1
	at := w.Now().Add(approval.WaitAfter(f, tries))
	if tries >= issueTries || at.Sub(r.Issuance.ClickedAt) > issueWithin {
		return w.startRollback(ctx, r, approval.EventReturnToApproved, f)
	}
	w.warn(r, "Atlas refuses for now", f)
	step, err := r.RetryIssuing(f, at, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// startRollback records that the attempt's key has to be deleted, and why, and then
// deletes it.
func (w *Worker) startRollback(ctx context.Context, r approval.Request, then approval.Event, f *approval.CallError) error {
	w.warn(r, "rolling back an attempt", f)
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
