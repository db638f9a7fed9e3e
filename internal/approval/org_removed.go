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

	// collectAnyway is how long a key can be created after an attempt that was
	// put back, if no policy says so.
	collectAnyway = 24 * time.Hour
)

// workWithout is work for a request whose organization is not configured any
// more. What needs no Atlas is done as usual. What does cannot work, and is tried
// all the same, so that people learn that a key lives on; or it waits for the
// organization to be back.
func (w *Worker) workWithout(ctx context.Context, r Request, why error) error {
	now := w.Now()
	isDue := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	due := r.stateDue()
	switch {
	case !isDue(due) && r.isLookDue(now):
		return w.look(ctx, r)
	case due.IsZero(), !isDue(due) && !slices.Contains(ShortWaits, r.State):
		return &retry{orgAwayPause, why}
	}
	switch {
	case r.State == Pending && isDue(earliest(r.LapsesAt, r.EndsAt)), r.State == Approved:
		return w.lapse(ctx, r)
	case r.State == Minting && r.Mint.Stage == Waiting:
		return w.undo(ctx, r, PutBack, &Fault{Cause: CauseNoOrg, Err: why})
	case r.State == Minting:
		return w.mint(ctx, r)
	case r.State == Revoking:
		return w.remove(ctx, r)
	case r.State == Delivered:
		return w.custodyWithout(ctx, r)
	case r.State == Active && isDue(r.EndsAt):
		return w.lapse(ctx, r)
	case r.State == Active && isDue(r.RemindAt):
		return w.remindOfEnd(ctx, r)
	case r.State == Applying:
		return w.applyWithout(ctx, r, why)
	}
	return &retry{orgAwayPause, why}
}

// custodyWithout is custody of a key that cannot be looked at: whether it is in
// use is not known, so it goes unless its owner says that they have it.
func (w *Worker) custodyWithout(ctx context.Context, r Request) error {
	switch {
	case !r.EndsAt.IsZero() && !r.EndsAt.After(w.Now()):
		return w.lapseFor(ctx, r, CauseEndDate)
	case !r.Custody.Reminded:
		_, err := w.move(ctx, r, Remind, "", w.remind)
		return err
	}
	return w.lapseFor(ctx, r, CauseUnconfirmed)
}

// applyWithout puts a change off, says why, and after a while lets people know.
func (w *Worker) applyWithout(ctx context.Context, r Request, why error) error {
	f := &Fault{Verdict: NotNow, Cause: CauseNoOrg, Err: why}
	w.warn(r, "a change was not made", f)
	_, err := w.move(ctx, r, Pause, note(f), func(next *Request, now time.Time) {
		next.Mint.Tries++
		next.Mint.Cause, next.Mint.Code = f.Cause, ""
		next.Mint.RetryAt = now.Add(backoff(next.Mint.Tries))
		if next.Removal.Since.IsZero() {
			next.Removal.Since = now
		}
		if next.Removal.lateToTell(now) {
			next.tellStuck()
		}
	})
	return err
}

// orgFault says what f means for a request: without its organization no call can
// work, whatever is said about it.
func (w *Worker) orgFault(r Request, f *Fault) *Fault {
	if _, err := w.Orgs.Find(r.Org); err != nil {
		return &Fault{Verdict: NotNow, Cause: CauseNoOrg, Err: err}
	}
	return f
}
