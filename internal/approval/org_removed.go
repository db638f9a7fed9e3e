package approval

import (
	"context"
	"slices"
	"time"
)

const (
	// orgAwayPause is how often a request of an organization that is not
	// configured any more is looked at.
	orgAwayPause = MaxWait

	// issueGrace is how long a key can be created after an attempt that was
	// put back, if no policy says so.
	issueGrace = 24 * time.Hour
)

// processUnconfigured is work for a request whose organization is not configured any
// more. What needs no Atlas is done as usual. What does cannot work, and is tried
// all the same, so that people learn that a key lives on; or it waits for the
// organization to be back.
func (w *Worker) processUnconfigured(ctx context.Context, r Request, why error) error {
	now := w.Now()
	isDue := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	due := r.stateDueAt()
	switch {
	case !isDue(due) && r.isSearchDue(now):
		return w.searchOrphans(ctx, r)
	case due.IsZero(), !isDue(due) && !slices.Contains(ShortWaits, r.State):
		return &retry{orgAwayPause, why}
	}
	switch {
	case r.State == StatePending && isDue(earliest(r.ExpiresAt, r.KeyExpiresAt)), r.State == StateApproved:
		return w.expire(ctx, r)
	case r.State == StateIssuing && r.Issuance.Stage == StageQueued:
		return w.startRollback(ctx, r, EventReturnToApproved, &CallError{Cause: CauseNoOrg, Err: why})
	case r.State == StateIssuing:
		return w.issue(ctx, r)
	case r.State == StateRevoking:
		return w.deleteKey(ctx, r)
	case r.State == StateDelivered:
		return w.checkConfirmationUnconfigured(ctx, r)
	case r.State == StateActive && isDue(r.KeyExpiresAt):
		return w.expire(ctx, r)
	case r.State == StateActive && isDue(r.RemindAt):
		return w.remindOfEnd(ctx, r)
	case r.State == StateApplying:
		return w.applyUnconfigured(ctx, r, why)
	}
	return &retry{orgAwayPause, why}
}

// checkConfirmationUnconfigured is custody of a key that cannot be looked at: whether it is in
// use is not known, so it goes unless its owner says that they have it.
func (w *Worker) checkConfirmationUnconfigured(ctx context.Context, r Request) error {
	switch {
	case !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(w.Now()):
		return w.expireFor(ctx, r, CauseKeyExpired)
	case !r.Confirmation.Reminded:
		_, err := w.move(ctx, r, EventRemind, "", w.remind)
		return err
	}
	return w.expireFor(ctx, r, CauseUnconfirmed)
}

// applyUnconfigured puts a change off, says why, and after a while lets people know.
func (w *Worker) applyUnconfigured(ctx context.Context, r Request, why error) error {
	f := &CallError{Class: Transient, Cause: CauseNoOrg, Err: why}
	w.warn(r, "a change was not made", f)
	_, err := w.move(ctx, r, EventRetryLater, note(f), func(next *Request, now time.Time) {
		next.Issuance.Tries++
		next.Issuance.Cause, next.Issuance.Code = f.Cause, ""
		next.Issuance.RetryAt = now.Add(backoff(next.Issuance.Tries))
		if next.Deletion.Since.IsZero() {
			next.Deletion.Since = now
		}
		if next.Deletion.lateToTell(now) {
			next.notifyDeletionOverdue()
		}
	})
	return err
}

// orgFault says what f means for a request: without its organization no call can
// work, whatever is said about it.
func (w *Worker) orgFault(r Request, f *CallError) *CallError {
	if _, err := w.Orgs.Find(r.Org); err != nil {
		return &CallError{Class: Transient, Cause: CauseNoOrg, Err: err}
	}
	return f
}
