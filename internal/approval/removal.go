package approval

import (
	"context"
	"fmt"
	"time"
)

// lapse ends a wait that took too long, or a key whose time is over.
func (w *Worker) lapse(ctx context.Context, r Request) error {
	cause := map[State]Cause{Pending: CauseUndecided, Approved: CauseUncollected, Active: CauseEndDate, Delivered: CauseEndDate}[r.State]
	if r.State == Approved && !r.EndsAt.IsZero() && !r.EndsAt.After(w.Now()) {
		cause = CauseEndDate
	}
	return w.lapseFor(ctx, r, cause)
}

func (w *Worker) lapseFor(ctx context.Context, r Request, cause Cause) error {
	_, err := w.move(ctx, r, Lapse, string(cause), func(next *Request, now time.Time) {
		if next.State == Revoking {
			next.startRemoval(now, End{Cause: cause, At: now})
			return
		}
		next.End = End{Cause: cause, At: now}
		next.show(OutcomeMessage)
		next.show(OverNotice)
	})
	return err
}

// remove deletes the key of a request that is being revoked, for ever if need
// be.
func (w *Worker) remove(ctx context.Context, r Request) error {
	r, err := w.tellStuck(ctx, r, Delay)
	if err != nil {
		return err
	}
	if err := w.Keys.Remove(ctx, r.Org, r.Key.ID); err != nil {
		return w.stillThere(ctx, r, Delay, faultOf(err))
	}
	_, err = w.move(ctx, r, Gone, "key "+r.Key.ID, func(next *Request, now time.Time) {
		next.Removal = Removal{}
		next.show(OutcomeMessage)
		next.show(OverNotice)
	})
	return err
}

// tellStuck lets owner and approvers know that a key is still alive, once that
// has lasted for tellAfter. It comes before the next try: a call that hangs must
// not keep anybody from being told.
func (w *Worker) tellStuck(ctx context.Context, r Request, on Event) (Request, error) {
	if !r.Removal.lateToTell(w.Now()) {
		return r, nil
	}
	return w.move(ctx, r, on, "still alive", func(next *Request, _ time.Time) { next.tellStuck() })
}

func (r *Request) tellStuck() {
	r.Removal.Told = true
	r.show(StuckMessage)
	r.show(StuckNotice)
}

// lateToTell reports whether people have to be told that the removal takes long.
func (m Removal) lateToTell(now time.Time) bool {
	return !m.Told && !m.Since.IsZero() && now.Sub(m.Since) >= tellAfter
}

// stillThere notes that a key could not be removed, and plans the next try: at
// the latest when people have to be told.
func (w *Worker) stillThere(ctx context.Context, r Request, on Event, f *Fault) error {
	f = w.orgFault(r, f)
	w.warn(r, "a key could not be removed", f)
	_, err := w.move(ctx, r, on, note(f), func(next *Request, now time.Time) {
		next.Removal.Tries++
		next.Removal.Cause, next.Removal.Code = f.Cause, f.Code
		wait := waitAfter(f, next.Removal.Tries)
		if next.Removal.Since.After(now) {
			next.Removal.Since = now // the clock went back
		}
		next.Removal.RetryAt = now.Add(wait)
		if next.Removal.lateToTell(now) {
			next.tellStuck()
		}
		if tell := next.Removal.Since.Add(tellAfter); !next.Removal.Told && tell.Before(next.Removal.RetryAt) {
			next.Removal.RetryAt = tell
		}
		next.Mint.RetryAt = next.Removal.RetryAt
	})
	return err
}

// custody looks after a key that was shown and that nobody said they have: it
// counts as confirmed if Atlas saw it in use, else its owner is reminded once
// and the key goes.
func (w *Worker) custody(ctx context.Context, r Request) error {
	now := w.Now()
	if !r.EndsAt.After(now) {
		return w.lapseFor(ctx, r, CauseEndDate)
	}
	used, err := w.Keys.Used(ctx, r.Org, r.Key.ID)
	switch {
	case used:
		_, err = w.move(ctx, r, Confirm, "seen in use", func(next *Request, now time.Time) {
			next.Custody.ByUse = true
			next.planReminder(now, w.policy(r.Org))
		})
		return err
	case !r.Custody.Reminded:
		_, err = w.move(ctx, r, Remind, "", w.remind)
		return err
	case err != nil: // deleting a key that may be in use waits for an answer
		return &retry{time.Minute, fmt.Errorf("asking whether the key is used: %w", err)}
	}
	return w.lapseFor(ctx, r, CauseUnconfirmed)
}

// remind never leaves less than half the time to answer, also when the bot was
// down while the reminder was due.
func (w *Worker) remind(next *Request, now time.Time) {
	next.Custody.Reminded = true
	next.Custody.ConfirmBy = latest(next.Custody.ConfirmBy, now.Add(w.policy(next.Org).ConfirmWithin/2))
	next.show(ReminderMessage)
}
