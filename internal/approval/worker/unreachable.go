package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Slack refuses a message to a user whose account is deactivated or deleted for good,
// with several error codes. The directory, not the code, decides whether the message
// is dropped: for a user who is still active it is tried again.

// isRecipientGone reports whether a message was refused for good and goes to a user
// who is deactivated or deleted. If the directory cannot be asked, it is tried again.
func (w *Worker) isRecipientGone(ctx context.Context, r approval.Request, name approval.MessageName, err error) bool {
	f := approval.CallErrorOf(err)
	if name.ToApprovers() || f.Class != approval.Permanent || f.Cause == approval.CauseNotPermitted {
		return false // an administrator forbids it, to every user
	}
	gone, err := w.Directory.Deactivated(ctx, r.Requester)
	if err != nil {
		w.Log.Warn("checking the account of a user who cannot be messaged", "request", r.ID, "user", r.Requester, "error", err)
	}
	return gone && err == nil
}

// drop leaves a message out of sync until the request changes or the user is active
// again. The approvers are told at once if an active key has no owner any more; if that
// cannot be recorded, the message is not dropped, so that it is tried again soon.
func (w *Worker) drop(ctx context.Context, r approval.Request, name approval.MessageName, refusal error) error {
	if r.State == approval.StateActive {
		if err := w.recordOwnerStatus(ctx, r, true); err != nil && !errors.Is(err, approval.ErrConflict) {
			return fmt.Errorf("recording that the owner of a key is deactivated: %w", err)
		}
	}
	w.Log.Warn("a message is dropped: the user is deactivated or deleted", "request", r.ID, "message", name, "user", r.Requester, "error", refusal)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failedSyncs[r.ID] == nil {
		w.failedSyncs[r.ID] = map[approval.MessageName]failedSync{}
	}
	w.failedSyncs[r.ID][name] = failedSync{version: r.Version, dropped: true}
	return nil
}

// isDropped reports whether a message was dropped and r is as it was then.
func (w *Worker) isDropped(r approval.Request, name approval.MessageName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failedSyncs[r.ID][name]
	return f.dropped && f.version == r.Version
}

// activePause is the least time between two tries of a refused message that are made
// because its recipient does something.
const activePause = time.Minute

// UserActive is a hint that user is active, as they press or open something: messages to
// them that Slack refused are tried again, also those that were dropped while the
// user was deactivated. It does nothing within the pause after another one.
func (w *Worker) UserActive(ctx context.Context, user policy.UserID) {
	if w.wasRecentlyActive(user) {
		return
	}
	w.reached(ctx, user, activePause)
	if err := w.retryDropped(ctx, user); err != nil {
		w.Log.Warn("making dropped messages to a user due", "user", user, "error", err)
	}
}

// wasRecentlyActive reports whether the user was active within the pause, and notes that they
// are now.
func (w *Worker) wasRecentlyActive(user policy.UserID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.Now()
	maps.DeleteFunc(w.activeAt, func(_ policy.UserID, at time.Time) bool { return now.Sub(at).Abs() >= activePause })
	if _, ok := w.activeAt[user]; ok {
		return true
	}
	w.activeAt[user] = now
	return false
}

// retryDropped makes the newest requests of a user due whose messages to them are out
// of sync. The rows say which those are, so a restart loses none.
func (w *Worker) retryDropped(ctx context.Context, user policy.UserID) error {
	requests, err := w.Store.ListByRequester(ctx, user)
	if err != nil {
		return err
	}
	for _, r := range requests {
		outOfSync := func(name approval.MessageName) bool { return !name.ToApprovers() && r.IsOutOfDate(name) }
		if !r.OwnerDeactivatedAt.IsZero() || !slices.ContainsFunc(r.Messages, outOfSync) || !w.forgetDropped(r.ID) {
			continue
		}
		if err := w.Store.ReleaseSync(ctx, r.ID, r.Version, w.Now(), nil); err != nil {
			return err
		}
		w.Wake()
	}
	return nil
}

// forgetDropped has the dropped messages of a request tried again, and reports whether
// it may be made due: not while it is in flight.
func (w *Worker) forgetDropped(id policy.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isSyncInFlight(id) {
		return false
	}
	maps.DeleteFunc(w.failedSyncs[id], func(_ approval.MessageName, f failedSync) bool { return f.dropped })
	return true
}

// reached notes that a message to user can probably be posted: messages to them that
// Slack refused are due now, except those that were tried within the pause. A
// refusal can be about the user's conversation with the app and not about the
// message, as while the app's Messages tab is off.
func (w *Worker) reached(ctx context.Context, user policy.UserID, pause time.Duration) {
	now := w.Now()
	due := map[policy.ID]int64{}
	w.mu.Lock()
	for id, draws := range w.failedSyncs {
		for name, f := range draws {
			if f.to != user || !f.refused || f.limited || f.dropped || approval.IsPast(f.retryAt, now) || now.Sub(f.at).Abs() < pause {
				continue
			}
			f.retryAt = now
			draws[name] = f
			if !w.isSyncInFlight(id) {
				due[id] = f.version
			}
		}
	}
	w.mu.Unlock()
	for id, version := range due {
		if err := w.Store.ReleaseSync(ctx, id, version, now, nil); err != nil {
			w.Log.Warn("making refused messages to a user due", "request", id, "error", err)
		}
	}
	if len(due) > 0 {
		w.Wake()
	}
}
