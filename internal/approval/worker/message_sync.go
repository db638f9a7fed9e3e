package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/isolate"
)

// A failedSync is what is known of a message that could not be drawn. It is
// kept in memory: after a restart every message is tried at once.
type failedSync struct {
	tries   int       // of that version, that failed in a row
	retryAt time.Time // when it is tried again

	// version is the request's at the last try. A newer one is tried at once,
	// unless the call is limited: Slack asked to wait.
	version int64
	limited bool
	refused bool // for good, as the other side sees it

	// gaveUp: it went to a person who is deactivated. It is tried again when the
	// request changes, and not before.
	gaveUp bool
}

// syncMessages brings every message of r up to date and ends the lease.
func (w *Worker) syncMessages(ctx context.Context, r approval.Request) {
	at, err := w.endThenDraw(ctx, r)
	if err != nil {
		w.Log.Warn("drawing messages, to be tried again", "request", r.ID, "again_in", at.Sub(w.Now()).String(), "error", err)
	}
	if err := w.Store.ReleaseSync(ctx, r.ID, r.Version, at); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// endThenDraw draws r unless its key has no predecessor any more: then it is
// ended, and owed anew.
func (w *Worker) endThenDraw(ctx context.Context, r approval.Request) (time.Time, error) {
	moved, err := w.endUnnamed(ctx, r)
	if moved {
		return time.Time{}, nil
	}
	again, drawing := w.syncAll(ctx, r)
	if err != nil {
		again = approval.Earliest(again, w.Now().Add(approval.Backoff(1)))
	}
	return again, errors.Join(err, drawing)
}

// syncAll draws in the order of r.Messages, the approvers' card first, and
// returns when the next message is to be tried again; zero if none is. A message
// that cannot be drawn keeps no other from being: each waits for itself.
func (w *Worker) syncAll(ctx context.Context, r approval.Request) (time.Time, error) {
	r = r.Clone()
	if r.MessageRefs == nil {
		r.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	}
	var again time.Time
	var errs []error
	for _, name := range r.Messages {
		if !name.ToApprovers() && !r.OwnerDeactivatedAt.IsZero() {
			continue // nobody reads it; when they are back it is drawn
		}
		if w.isGivenUp(r, name) {
			continue
		}
		if at := w.syncWaits(r, name); !at.IsZero() {
			again = approval.Earliest(again, at)
			continue
		}
		if name.InThread() && hasNoCard(r) {
			continue // it comes after the card, or it would stand in the channel for ever
		}
		err := isolate.SafelyDo(func() error { return w.syncMessage(ctx, r, name) })
		w.logPanic("drawing a message panicked: it is set aside", r.ID, err, "message", name)
		if err != nil && w.isForNobody(ctx, r, name, err) {
			w.giveUp(ctx, r, name, err)
			continue
		}
		if at := w.recordSync(r, name, err); err != nil {
			again = approval.Earliest(again, at)
			errs = append(errs, fmt.Errorf("drawing %s: %w", name, err))
		}
	}
	w.forgetSyncs(r, again.IsZero())
	return again, errors.Join(errs...)
}

// hasNoCard reports whether r's card is owed and not posted yet. It is tried
// first, and until when it waits the messages in its thread do.
func hasNoCard(r approval.Request) bool {
	return slices.Contains(r.Messages, approval.CardMessage) && r.MessageRefs[approval.CardMessage].TS == ""
}

func (w *Worker) syncMessage(ctx context.Context, r approval.Request, name approval.MessageName) error {
	if isDrawn(r, name) {
		return nil
	}
	before := r.MessageRefs[name]
	if name.IsEvent() && before.TS != "" {
		return w.drawn(ctx, r, name, before) // what was said is never said otherwise
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
	return w.drawn(ctx, r, name, at)
}

// drawn records that a message is at a place and shows r as it is.
func (w *Worker) drawn(ctx context.Context, r approval.Request, name approval.MessageName, at approval.MessageRef) error {
	at.Shown = r.Version
	r.MessageRefs[name] = at
	return w.Store.SaveMessageRef(ctx, r.ID, name, at)
}

// isDrawn reports whether the message shows r as it is.
func isDrawn(r approval.Request, name approval.MessageName) bool {
	at := r.MessageRefs[name]
	return at.TS != "" && at.Shown >= r.Version
}

// updateMessage makes a message owed again: the requester may have read that the
// approvers could not be reached, and now they could.
func (w *Worker) updateMessage(ctx context.Context, r approval.Request, name approval.MessageName) error {
	at := r.MessageRefs[name]
	if at.TS == "" {
		return nil
	}
	at.Shown = 0
	r.MessageRefs[name] = at
	return w.Store.SaveMessageRef(ctx, r.ID, name, at)
}

// syncWaits returns until when a message is not to be tried; zero if it may be
// tried now.
func (w *Worker) syncWaits(r approval.Request, name approval.MessageName) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, failed := w.failedSyncs[r.ID][name]
	now := w.Now()
	switch {
	case !failed, isDrawn(r, name), !f.limited && r.Version > f.version:
		return time.Time{}
	case approval.IsPast(f.retryAt, now):
		return time.Time{}
	}
	return f.retryAt
}

// recordSync notes how a try to draw went, so that the pause between failures
// grows, and returns when it is tried again. A newer version starts with the
// shortest pause: a requester who pressed a button waits for its message.
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
	fault := approval.CallErrorOf(err)
	if r.Version > f.version {
		f.tries = 0
	}
	f.tries++
	f.version, f.limited, f.refused = r.Version, fault.RetryAfter > 0, fault.Class == approval.Permanent
	f.retryAt = w.Now().Add(approval.WaitAfter(fault, f.tries))
	w.failedSyncs[r.ID][name] = f
	return f.retryAt
}

// isRefused reports whether the message was refused when r, as it is, was last
// drawn.
func (w *Worker) isRefused(r approval.Request, name approval.MessageName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failedSyncs[r.ID][name]
	return f.refused && f.version >= r.Version
}

// forgetSyncs drops what is known of messages that are not r's any more, or of
// all if none of r's is owed any more.
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
