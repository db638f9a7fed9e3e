package worker

import (
	"context"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// orgAwayPause is how often a request of an organization that is not configured any
// more is looked at.
const orgAwayPause = approval.MaxWait

// processUnconfigured does what is due for a request whose organization is not configured
// any more. What needs no Atlas is done as always. Calls to Atlas fail, and are tried all
// the same, so that people are told about keys that still exist; other work waits until
// the organization is configured again.
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
		return w.remindOfExpiry(ctx, r)
	case r.State == approval.StateApplying:
		return w.applyUnconfigured(ctx, r, why)
	}
	return &retry{orgAwayPause, why}
}

// checkConfirmationUnconfigured is checkConfirmation of a key that cannot be inspected:
// it is deleted unless its owner confirms it.
func (w *Worker) checkConfirmationUnconfigured(ctx context.Context, r approval.Request) error {
	switch {
	case !r.KeyExpiresAt.IsZero() && !r.KeyExpiresAt.After(w.Now()):
		return w.expireFor(ctx, r, approval.CauseKeyExpired)
	case !r.Confirmation.Reminded:
		return w.remindToConfirm(ctx, r)
	}
	return w.expireFor(ctx, r, approval.CauseUnconfirmed)
}

// applyUnconfigured postpones a change, and after a while tells people.
func (w *Worker) applyUnconfigured(ctx context.Context, r approval.Request, why error) error {
	f := &approval.CallError{Class: approval.Transient, Cause: approval.CauseNoOrg, Err: why}
	w.warn(r, "a change was not made", f)
	step, err := r.PostponeApplying(f, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// orgFault returns f, or [approval.CauseNoOrg] if the request's organization is not
// configured: that is why the call failed.
func (w *Worker) orgFault(r approval.Request, f *approval.CallError) *approval.CallError {
	if _, err := w.Orgs.Find(r.Org); err != nil {
		return &approval.CallError{Class: approval.Transient, Cause: approval.CauseNoOrg, Err: err}
	}
	return f
}
