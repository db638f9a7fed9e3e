package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
)

// A failedSync is what is known of a message that could not be posted or updated. It is
// kept in memory: after a restart every message is tried at once.
type failedSync struct {
	tries   int       // of that version, failed in a row
	retryAt time.Time // when it is tried again
	at      time.Time // of the last try

	// version is the request's at the last try. A newer one is tried at once,
	// unless the call is limited: Slack asked to wait.
	version int64
	limited bool
	refused bool          // for good, as Slack says
	to      policy.UserID // the recipient; empty if that is the approvers' channel

	// dropped: the recipient is deactivated. It is tried again when the request
	// changes or the recipient is active again, and not before.
	dropped bool
}

// syncMessages brings every message of r up to date and ends the lease.
func (w *Worker) syncMessages(ctx context.Context, r approval.Request) {
	at, err := w.endOrSync(ctx, r)
	if err != nil {
		w.Log.Warn("syncing messages, to be tried again", "request", r.ID, "again_in", at.Sub(w.Now()).String(), "error", err)
	}
	w.releaseSync(ctx, r, at)
}

// releaseSync ends the lease of r for its messages, which are due again at the given time;
// never, if that is zero.
func (w *Worker) releaseSync(ctx context.Context, r approval.Request, at time.Time) {
	if err := w.Store.ReleaseSync(ctx, r.ID, r.Version, at); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// endOrSync syncs the messages of r, unless r is a successor without an active
// predecessor: then it is ended, and its messages are due again.
func (w *Worker) endOrSync(ctx context.Context, r approval.Request) (time.Time, error) {
	moved, err := w.endUnnamed(ctx, r)
	if moved {
		return time.Time{}, nil
	}
	again, syncErr := w.syncAll(ctx, r)
	if err != nil {
		again = approval.Earliest(again, w.Now().Add(approval.Backoff(1)))
	}
	return again, errors.Join(err, syncErr)
}

// syncAll syncs r.Messages in their order, the approvers' card first, and returns when
// the next message is to be tried again; zero if none is. A message that fails delays no
// other.
func (w *Worker) syncAll(ctx context.Context, r approval.Request) (time.Time, error) {
	r = r.Clone()
	if r.MessageRefs == nil {
		r.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	}
	var again time.Time
	var errs []error
	hasReached := false
	for _, name := range r.Messages {
		if !name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero() {
			continue // the owner cannot read it; it is posted when they are reactivated
		}
		if w.isDropped(r, name) {
			continue
		}
		if at := w.syncWaits(r, name); !at.IsZero() {
			again = approval.Earliest(again, at)
			continue
		}
		if name.InThread() && hasNoCard(r) {
			continue // without the card it would be posted in the channel itself
		}
		isNew := r.MessageRefs[name].TS == ""
		err := isolate.SafelyDo(func() error { return w.syncMessage(ctx, r, name) })
		w.logPanic("syncing a message panicked: it is set aside", r.ID, err, "message", name)
		if err != nil && w.isRecipientGone(ctx, r, name, err) {
			w.drop(ctx, r, name, err)
			continue
		}
		if at := w.recordSync(r, name, err); err != nil {
			again = approval.Earliest(again, at)
			errs = append(errs, fmt.Errorf("syncing %s: %w", name, err))
			continue
		}
		if isNew && !name.ToApprovers() && !hasReached {
			hasReached = true
			w.reached(ctx, r.Requester, 0)
		}
	}
	if hasReached && !again.IsZero() {
		again = approval.Earliest(again, w.Now()) // for those that were skipped above
	}
	w.forgetSyncs(r, again.IsZero())
	return again, errors.Join(errs...)
}

// hasNoCard reports whether r's card is not posted yet. It is tried first, and the
// messages in its thread wait for it.
func hasNoCard(r approval.Request) bool {
	return slices.Contains(r.Messages, approval.CardMessage) && r.MessageRefs[approval.CardMessage].TS == ""
}

func (w *Worker) syncMessage(ctx context.Context, r approval.Request, name approval.MessageName) error {
	if isSynced(r, name) {
		return nil
	}
	before := r.MessageRefs[name]
	if name.IsEvent() && before.TS != "" {
		return w.saveRef(ctx, r, name, before) // an event post is never updated
	}
	of, err := r.AtEvent(name)
	if err != nil {
		return err
	}
	at, err := w.Messenger.SyncMessage(ctx, of, name)
	if err != nil {
		return err
	}
	if name == approval.CardMessage && before.TS == "" {
		if err := w.updateMessage(ctx, r, approval.RequestedMessage); err != nil {
			return err
		}
	}
	return w.saveRef(ctx, r, name, at)
}

// saveRef records where a message is, and that it shows r as it is.
func (w *Worker) saveRef(ctx context.Context, r approval.Request, name approval.MessageName, at approval.MessageRef) error {
	at.Shown = r.Version
	r.MessageRefs[name] = at
	return w.Store.SaveMessageRef(ctx, r.ID, name, at)
}

// isSynced reports whether the message shows r as it is.
func isSynced(r approval.Request, name approval.MessageName) bool {
	at := r.MessageRefs[name]
	return at.TS != "" && at.Shown >= r.Version
}

// updateMessage makes a message due again: it may say that the approvers could not be
// reached, and now they could.
func (w *Worker) updateMessage(ctx context.Context, r approval.Request, name approval.MessageName) error {
	at := r.MessageRefs[name]
	if at.TS == "" {
		return nil
	}
	at.Shown = 0
	r.MessageRefs[name] = at
	return w.Store.SaveMessageRef(ctx, r.ID, name, at)
}

// syncWaits returns until when a message is not tried; zero if it may be tried now.
func (w *Worker) syncWaits(r approval.Request, name approval.MessageName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, failed := w.failedSyncs[r.ID][name]
	now := w.Now()
	switch {
	case !failed, isSynced(r, name), !f.limited && r.Version > f.version:
		return time.Time{}
	case approval.IsPast(f.retryAt, now):
		return time.Time{}
	}
	return f.retryAt
}

// recordSync records how a sync went, so that the pause between failures grows, and
// returns when it is tried again. A newer version starts with the shortest pause: a
// requester who clicked a button waits for its message.
func (w *Worker) recordSync(r approval.Request, name approval.MessageName, err error) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.failedSyncs[r.ID], name)
		return time.Time{}
	}
	if w.failedSyncs[r.ID] == nil {
		w.failedSyncs[r.ID] = map[approval.MessageName]failedSync{}
	}
	f := w.failedSyncs[r.ID][name]
	callErr := approval.CallErrorOf(err)
	if r.Version > f.version {
		f.tries = 0
	}
	f.tries++
	f.version, f.limited, f.refused = r.Version, callErr.RetryAfter > 0, callErr.Class == approval.Permanent
	if f.to = ""; !name.ToApprovers() {
		f.to = r.Requester
	}
	f.at = w.Now()
	f.retryAt = f.at.Add(approval.WaitAfter(callErr, f.tries))
	w.failedSyncs[r.ID][name] = f
	return f.retryAt
}

// isRefused reports whether the message was refused when r was last synced, in its
// present version.
func (w *Worker) isRefused(r approval.Request, name approval.MessageName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failedSyncs[r.ID][name]
	return f.refused && f.version >= r.Version
}

// forgetSyncs forgets the failures of messages that are not r's any more, or all of them
// if all messages are in sync.
func (w *Worker) forgetSyncs(r approval.Request, all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name := range w.failedSyncs[r.ID] {
		if all || !slices.Contains(r.Messages, name) {
			delete(w.failedSyncs[r.ID], name)
		}
	}
	if len(w.failedSyncs[r.ID]) == 0 {
		delete(w.failedSyncs, r.ID)
	}
}
