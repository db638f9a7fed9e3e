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

// syncMessages brings every message of r up to date and ends the lease. A successor
// without an active predecessor is ended instead, and its messages are due again.
func (w *Worker) syncMessages(ctx context.Context, r approval.Request) {
	moved, err := w.endUnnamed(ctx, r)
	if moved {
		w.releaseSync(ctx, r, time.Time{}, nil)
		return
	}
	again, updated, syncErr := w.syncAll(ctx, r)
	if err != nil {
		again = approval.Earliest(again, w.Now().Add(approval.Backoff(1)))
	}
	if err := errors.Join(err, syncErr); err != nil {
		w.Log.Warn("syncing messages, to be tried again", "request", r.ID, "again_in", again.Sub(w.Now()).String(), "error", err)
	}
	w.releaseSync(ctx, r, again, updated)
}

// releaseSync ends the lease of r for its messages, which are due again at the given time;
// never, if that is zero. It records what updated messages show.
func (w *Worker) releaseSync(ctx context.Context, r approval.Request, at time.Time, updated map[approval.MessageName]string) {
	if err := w.Store.ReleaseSync(ctx, r.ID, r.Version, at, updated); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// syncAll syncs r.Messages in their order, the approvers' card first, and returns when
// the next message is to be tried again, zero if none is, and the digests of those that
// were updated: an update that is not recorded is sent again after a crash, which people
// do not see. A message that fails delays no other.
func (w *Worker) syncAll(ctx context.Context, r approval.Request) (again time.Time, updated map[approval.MessageName]string, err error) {
	r = r.Clone()
	if r.MessageRefs == nil {
		r.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	}
	updated = map[approval.MessageName]string{}
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
		isNew := !r.IsPosted(name)
		err := isolate.SafelyDo(func() error { return w.syncMessage(ctx, r, name, updated) })
		if err != nil && !name.IsEvent() && !r.IsOutOfDate(name) {
			updated[name] = "" // what it shows is not known; an event post stays as it was posted
		}
		w.logPanic("syncing a message panicked: it is set aside", r.ID, err, "message", name)
		if err != nil && w.isRecipientGone(ctx, r, name, err) {
			if err = w.drop(ctx, r, name, err); err == nil {
				continue
			}
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
	return again, updated, errors.Join(errs...)
}

// hasNoCard reports whether r's card is not posted yet. It is tried first, and the
// messages in its thread wait for it.
func hasNoCard(r approval.Request) bool {
	return slices.Contains(r.Messages, approval.CardMessage) && !r.IsPosted(approval.CardMessage)
}

// syncMessage posts a message, or updates it if it looks different by now. A post is
// recorded at once, an update in updated.
func (w *Worker) syncMessage(ctx context.Context, r approval.Request, name approval.MessageName, updated map[approval.MessageName]string) error {
	before := r.MessageRefs[name]
	if name.IsEvent() && before.TS != "" {
		return nil // an event post is never updated
	}
	of, err := r.AtEvent(name)
	if err != nil {
		return err
	}
	at, err := w.Messenger.SyncMessage(ctx, of, name)
	if err != nil {
		return err
	}
	r.MessageRefs[name] = at
	switch {
	case at.Channel != before.Channel, at.TS != before.TS:
		return w.Store.SaveMessageRef(ctx, r.ID, name, at)
	case at.Digest != before.Digest:
		updated[name] = at.Digest
	}
	return nil
}

// syncWaits returns until when a message is not tried; zero if it may be tried now.
func (w *Worker) syncWaits(r approval.Request, name approval.MessageName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, failed := w.failedSyncs[r.ID][name]
	now := w.Now()
	switch {
	case !failed, !f.limited && r.Version > f.version:
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
