package approval

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// lookAfter is when, after a create whose answer was lost, Atlas is searched
// for what it may have made. One empty look proves nothing: lists lag.
var lookAfter = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}

// believeAfter is how long Atlas's list is not believed against its own feed of
// events. After that the standing comparison with Atlas finds what is left.
const believeAfter = time.Hour

// owe notes that the present attempt's create may have made a key that nobody
// was shown. It was called after the press, and if the bot was stopped
// meanwhile, long before now.
func (r *Request) owe(now time.Time) {
	r.Debts = append(r.Debts, Debt{Attempt: r.Attempt, At: r.Mint.CollectedAt, LookAt: now.Add(lookAfter[0])})
}

// isLookDue reports whether it is time to search for the key of a lost create.
func (r Request) isLookDue(now time.Time) bool {
	return r.Leftover.IsOpen() && isPast(r.Leftover.LookAt, now) ||
		slices.ContainsFunc(r.Debts, func(d Debt) bool { return isPast(d.LookAt, now) })
}

// look searches for the keys that r's debts stand for and removes them. It
// never touches the key that r holds, nor one without r's exact mark.
func (w *Worker) look(ctx context.Context, r Request) error {
	if r.Leftover.IsOpen() && isPast(r.Leftover.LookAt, w.Now()) {
		return w.removeLeftover(ctx, r)
	}
	found, err := w.ownedBy(ctx, r)
	if err != nil {
		return w.cannotLook(ctx, r, fmt.Errorf("looking for a key that nobody was shown: %w", err))
	}
	var removed []int
	for _, k := range found {
		if k.ID == r.Key.ID {
			continue
		}
		if err := w.Keys.Remove(ctx, r.Org, k.ID); err != nil {
			return w.cannotLook(ctx, r, fmt.Errorf("removing a key that nobody was shown: %w", err))
		}
		removed = append(removed, k.Attempt)
	}
	doubt, err := w.doubtsTheList(ctx, r, removed)
	if err != nil {
		return w.cannotLook(ctx, r, fmt.Errorf("reading Atlas's events: %w", err))
	}
	_, err = w.move(ctx, r, Look, fmt.Sprintf("found and removed %d", len(removed)), func(next *Request, now time.Time) {
		next.settle(now, removed, doubt)
	})
	return err
}

// cannotLook puts a look off. Once the create is a quarter of an hour old, owner
// and approvers are told that there may be a key.
func (w *Worker) cannotLook(ctx context.Context, r Request, why error) error {
	now := w.Now()
	isLate := func(d Debt) bool { return !d.Told && now.Sub(d.At) >= tellAfter }
	if slices.ContainsFunc(r.Debts, isLate) {
		var err error
		r, err = w.move(ctx, r, Look, note(w.orgFault(r, faultOf(why))), func(next *Request, _ time.Time) {
			for i := range next.Debts {
				next.Debts[i].Told = next.Debts[i].Told || isLate(next.Debts[i])
			}
			next.show(UnresolvedMessage)
			next.show(UnresolvedNotice)
		})
		if err != nil {
			return err
		}
	}
	pause := waitAfter(faultOf(why), 2)
	if _, err := w.Orgs.Find(r.Org); err != nil {
		pause = time.Minute // nothing changes until the bot is started again, but people are told in time
	}
	return &retry{pause, why}
}

// doubtsTheList asks the second witness before the last look is believed.
func (w *Worker) doubtsTheList(ctx context.Context, r Request, removed []int) (bool, error) {
	for _, d := range r.Debts {
		isLast := d.Looks == len(lookAfter)-1 && isPast(d.LookAt, w.Now())
		if isLast && !slices.Contains(removed, d.Attempt) && w.Now().Sub(d.At) < believeAfter {
			return w.Keys.Unlisted(ctx, r.Org, d.At.Add(-workLimit))
		}
	}
	return false, nil
}

// settle drops the debts that were paid and those that were looked for often
// enough, and plans the next look of the rest. In doubt the last look is
// repeated.
func (r *Request) settle(now time.Time, removed []int, doubt bool) {
	var open []Debt
	for _, d := range r.Debts {
		if slices.Contains(removed, d.Attempt) {
			continue
		}
		if isPast(d.LookAt, now) {
			if d.Looks++; d.Looks == len(lookAfter) && doubt {
				d.Looks--
			}
			d.LookAt = now.Add(lookAfter[min(d.Looks, len(lookAfter)-1)] - lookAfter[d.Looks-1])
		}
		if d.Looks < len(lookAfter) {
			open = append(open, d)
		}
	}
	r.Debts = open
}
