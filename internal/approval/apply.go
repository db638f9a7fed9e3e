package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// live does what is due for a key that its owner holds.
func (w *Worker) live(ctx context.Context, r Request) error {
	now := w.Now()
	switch {
	case r.Purpose == Rotation && !r.Settled:
		return w.supersede(ctx, r)
	case !r.EndsAt.IsZero() && !r.EndsAt.After(now):
		return w.lapse(ctx, r)
	}
	return w.remindOfEnd(ctx, r)
}

// remindOfEnd tells the owner that their key ends soon.
func (w *Worker) remindOfEnd(ctx context.Context, r Request) error {
	_, err := w.move(ctx, r, Remind, "", func(next *Request, now time.Time) {
		next.Endings++
		next.show(EndingMessage(next.Endings))
		next.planReminder(now, w.policy(r.Org))
	})
	return err
}

// supersede brings the predecessor's end nearer, now that r's key is in use,
// and then notes that it did.
func (w *Worker) supersede(ctx context.Context, r Request) error {
	old, err := w.Store.Get(ctx, r.Of)
	if err != nil {
		return fmt.Errorf("reading request %s: %w", r.Of, err)
	}
	ends := w.Now().Add(w.policy(r.Org).Overlap)
	if old.State == Active && old.Requester == r.Requester && old.EndsAt.After(ends) {
		_, err := w.move(ctx, old, Supersede, "by "+string(r.ID), func(next *Request, now time.Time) {
			next.EndsAt = ends
			next.planReminder(now, w.policy(r.Org))
		})
		if errors.Is(err, ErrConflict) {
			return &retry{time.Second, err}
		}
		if err != nil {
			return err
		}
	}
	_, err = w.move(ctx, r, Settle, "", func(next *Request, _ time.Time) { next.Settled = true })
	return err
}

// apply makes an approved change. The key's own request is moved first or last,
// so that what it says is true at any moment: an end is later once it is on
// disk, an access list is another once Atlas has it.
func (w *Worker) apply(ctx context.Context, r Request) error {
	parent, err := w.Store.Get(ctx, r.Of)
	switch {
	case err != nil:
		return fmt.Errorf("reading request %s: %w", r.Of, err)
	case r.Mint.Stage == Undoing:
		return w.restoreList(ctx, r, parent)
	case parent.State != Active, parent.Requester != r.Requester: // over, or somebody else's by now
		return w.notApplied(ctx, r, parent, &Fault{Verdict: Refused, Cause: CauseKeyGone})
	case r.Purpose == Extension:
		err = w.extend(ctx, r, parent)
	default:
		r, parent, err = w.readdress(ctx, r, parent)
	}
	if errors.Is(err, ErrConflict) {
		return &retry{time.Second, err}
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return w.notApplied(ctx, r, parent, f)
	}
	if err != nil {
		return err
	}
	_, err = w.move(ctx, r, Apply, "", func(next *Request, now time.Time) {
		next.Mint = Mint{}
		next.End = End{At: now}
		next.show(OverNotice)
	})
	return err
}

func (w *Worker) extend(ctx context.Context, r, parent Request) error {
	if !parent.EndsAt.Before(r.Change.NewEnd) {
		return nil // done by an earlier run
	}
	_, err := w.move(ctx, parent, Extend, "by "+string(r.ID), func(next *Request, now time.Time) {
		next.EndsAt = r.Change.NewEnd
		next.planReminder(now, w.policy(r.Org))
	})
	return err
}

// notApplied gives up what Atlas refuses and tries the rest again with growing
// pauses. An access list of which a part may have been changed goes back first.
func (w *Worker) notApplied(ctx context.Context, r, parent Request, f *Fault) error {
	w.warn(r, "a change was not made", f)
	begun := parent.Changing.By == r.ID
	if begun && (f.Verdict == Refused || w.Now().Sub(parent.Changing.Since) > changeWithin) {
		return w.undoList(ctx, r, parent, f)
	}
	if f.Verdict == Refused {
		_, err := w.move(ctx, r, GiveUp, note(f), func(next *Request, now time.Time) { giveUp(next, now, f) })
		return err
	}
	_, err := w.move(ctx, r, Pause, note(f), func(next *Request, now time.Time) {
		next.Mint.Tries++
		next.Mint.Cause, next.Mint.Code = f.Cause, f.Code
		next.Mint.RetryAt = now.Add(waitAfter(f, next.Mint.Tries))
	})
	return err
}
