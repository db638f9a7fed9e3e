package worker

import (
	"context"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

const (
	// orgAwayPause is how often a request of an organization that is not
	// configured any more is looked at.
	orgAwayPause = approval.MaxWait

	// issueGrace is how long a key can be created after an attempt that was
	// put back, if no policy says so.
	issueGrace = 24 * time.Hour
)

// processUnconfigured is work for a request whose organization is not configured any
// more. What needs no Atlas is done as usual. What does cannot work, and is tried
// all the same, so that people learn that a key lives on; or it waits for the
// organization to be back.
func (w *Worker) processUnconfigured(ctx context.Context, r approval.Request, why error) error {
	now := w.Now()
	isDue := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	due := r.StateDueAt()
	switch {
	case !isDue(due) && r.IsSearchDue(now):
		return w.searchOrphans(ctx, r)
	case due.IsZero(), !isDue(due) && !slices.Contains(approval.ShortWaits, r.State):
		return &retry{orgAwayPause, why}
	}
	switch {
	case r.State == approval.StatePending && isDue(approval.Earliest(r.ExpiresAt, r.KeyExpiresAt)), r.State == approval.StateApproved:
		return w.expire(ctx, r)
	case r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageQueued:
		return w.startRollback(ctx, r, approval.EventReturnToApproved, &approval.CallError{Cause: approval.CauseNoOrg, Err: why})
	case r.State == approval.StateIssuing:
		return w.issue(ctx, r)
	case r.State == approval.StateRevoking:
		return w.deleteKey(ctx, r)
	case r.State == approval.StateDelivered:
		return w.checkConfirmationUnconfigured(ctx, r)
	case r.State == approval.StateActive && isDue(r.KeyExpiresAt):
		return w.expire(ctx, r)
	case r.State == approval.StateActive && isDue(r.RemindAt):
		return w.remindOfEnd(ctx, r)
	case r.State == approval.StateApplying:
		return w.applyUnconfigured(ctx, r, why)
	}
	return &retry{orgAwayPause, why}
}

// checkConfirmationUnconfigured is custody of a key that cannot be looked at: whether it is in
// use is not known, so it goes unless its owner says that they have it.
func (w *Worker) checkConfirmationUnconfigured(ctx context.Context, r approval.Request) error {
	switch {
	case !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(w.Now()):
		return w.expireFor(ctx, r, approval.CauseKeyExpired)
	case !r.Confirmation.Reminded:
		return w.remindToConfirm(ctx, r)
	}
	return w.expireFor(ctx, r, approval.CauseUnconfirmed)
}

// applyUnconfigured puts a change off, says why, and after a while lets people know.
func (w *Worker) applyUnconfigured(ctx context.Context, r approval.Request, why error) error {
	f := &approval.CallError{Class: approval.Transient, Cause: approval.CauseNoOrg, Err: why}
	w.warn(r, "a change was not made", f)
	step, err := r.PostponeApplying(f, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// orgFault says what f means for a request: without its organization no call can
// work, whatever is said about it.
func (w *Worker) orgFault(r approval.Request, f *approval.CallError) *approval.CallError {
	if _, err := w.Orgs.Find(r.Org); err != nil {
		return &approval.CallError{Class: approval.Transient, Cause: approval.CauseNoOrg, Err: err}
	}
	return f
}
