package worker

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
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

// drop leaves a message out of sync until the request changes. The approvers are told at
// once if an active key has no owner any more.
func (w *Worker) drop(ctx context.Context, r approval.Request, name approval.MessageName, err error) {
	w.Log.Warn("a message is dropped: the user is deactivated or deleted", "request", r.ID, "message", name, "user", r.Requester, "error", err)
	w.mu.Lock()
	if w.failedSyncs[r.ID] == nil {
		w.failedSyncs[r.ID] = map[approval.MessageName]failedSync{}
	}
	w.failedSyncs[r.ID][name] = failedSync{version: r.Version, dropped: true}
	w.mu.Unlock()
	if r.State != approval.StateActive {
		return
	}
	if err := w.recordOwnerStatus(ctx, r, true); err != nil && !errors.Is(err, approval.ErrConflict) {
		w.Log.Warn("recording that the owner of a key is deactivated", "request", r.ID, "error", err)
	}
}

// isDropped reports whether a message was dropped and r is as it was then.
func (w *Worker) isDropped(r approval.Request, name approval.MessageName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failedSyncs[r.ID][name]
	return f.dropped && f.version == r.Version
}
