package worker

import (
	"context"
	"errors"

	"atlaskeybot/internal/approval"
)

// A message to a person whose account is deactivated or gone is refused by Slack
// in several words, for ever. The directory, not the word, decides whether it is
// given up: a person who is still there is tried again.

// isForNobody reports whether a message was refused for good and goes to a person
// who is deactivated or gone. If the directory cannot be asked it is tried again.
func (w *Worker) isForNobody(ctx context.Context, r approval.Request, name approval.MessageName, err error) bool {
	f := approval.CallErrorOf(err)
	if name.ToApprovers() || f.Class != approval.Permanent || f.Cause == approval.CauseNotPermitted {
		return false // what an administrator forbids is no person's doing
	}
	gone, err := w.Directory.Deactivated(ctx, r.Requester)
	if err != nil {
		w.Log.Warn("looking at the account of a person who cannot be written to", "request", r.ID, "user", r.Requester, "error", err)
	}
	return gone && err == nil
}

// fail leaves a message undrawn until the request changes. A live key whose
// owner is gone is told to the approvers at once.
func (w *Worker) giveUp(ctx context.Context, r approval.Request, name approval.MessageName, err error) {
	w.Log.Warn("a message is given up: the person is deactivated or gone", "request", r.ID, "message", name, "user", r.Requester, "error", err)
	w.mu.Lock()
	if w.failedSyncs[r.ID] == nil {
		w.failedSyncs[r.ID] = map[approval.MessageName]failedSync{}
	}
	w.failedSyncs[r.ID][name] = failedSync{version: r.Version, gaveUp: true}
	w.mu.Unlock()
	if r.State != approval.StateActive {
		return
	}
	if err := w.recordOwnerStatus(ctx, r, true); err != nil && !errors.Is(err, approval.ErrConflict) {
		w.Log.Warn("noting that the owner of a key is deactivated", "request", r.ID, "error", err)
	}
}

// isGivenUp reports whether a message was given up and r is as it was then.
func (w *Worker) isGivenUp(r approval.Request, name approval.MessageName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failedSyncs[r.ID][name]
	return f.gaveUp && f.version == r.Version
}
