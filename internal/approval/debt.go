package approval

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// orphanSearchSchedule is when, after a create whose answer was lost, Atlas is searched
// for what it may have made. One empty look proves nothing: lists lag.
var orphanSearchSchedule = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}

// maxListLag is how long Atlas's list is not believed against its own feed of
// events. After that the standing comparison with Atlas finds what is left.
const maxListLag = time.Hour

// recordUnresolvedCreate notes that the present attempt's create may have made a key that nobody
// was shown. It was called after the press, and if the bot was stopped
// meanwhile, long before now.
func (r *Request) recordUnresolvedCreate(now time.Time) {
	r.UnresolvedCreates = append(r.UnresolvedCreates, UnresolvedCreate{Attempt: r.Attempt, At: r.Issuance.ClickedAt, SearchAt: now.Add(orphanSearchSchedule[0])})
}

// isSearchDue reports whether it is time to search for the key of a lost create.
func (r Request) isSearchDue(now time.Time) bool {
	return r.Leftover.IsOpen() && isPast(r.Leftover.SearchAt, now) ||
		slices.ContainsFunc(r.UnresolvedCreates, func(d UnresolvedCreate) bool { return isPast(d.SearchAt, now) })
}

// searchOrphans searches for the keys that r's debts stand for and removes them. It
// never touches the key that r holds, nor one without r's exact mark.
func (w *Worker) searchOrphans(ctx context.Context, r Request) error {
	if r.Leftover.IsOpen() && isPast(r.Leftover.SearchAt, w.Now()) {
		return w.deleteRecordedLeftover(ctx, r)
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
		if err := w.Keys.Delete(ctx, r.Org, k.ID); err != nil {
			return w.cannotLook(ctx, r, fmt.Errorf("removing a key that nobody was shown: %w", err))
		}
		removed = append(removed, k.Attempt)
	}
	doubt, err := w.listLagsBehindEvents(ctx, r, removed)
	if err != nil {
		return w.cannotLook(ctx, r, fmt.Errorf("reading Atlas's events: %w", err))
	}
	_, err = w.move(ctx, r, EventOrphanSearch, fmt.Sprintf("found and removed %d", len(removed)), func(next *Request, now time.Time) {
		next.resolveCreates(now, removed, doubt)
	})
	return err
}

// cannotLook puts a look off. Once the create is a quarter of an hour old, owner
// and approvers are told that there may be a key.
func (w *Worker) cannotLook(ctx context.Context, r Request, why error) error {
	now := w.Now()
	isLate := func(d UnresolvedCreate) bool { return !d.Notified && now.Sub(d.At) >= deletionOverdueAfter }
	if slices.ContainsFunc(r.UnresolvedCreates, isLate) {
		var err error
		r, err = w.move(ctx, r, EventOrphanSearch, note(w.orgFault(r, callErrorOf(why))), func(next *Request, _ time.Time) {
			for i := range next.UnresolvedCreates {
				next.UnresolvedCreates[i].Notified = next.UnresolvedCreates[i].Notified || isLate(next.UnresolvedCreates[i])
			}
			next.addMessage(UnresolvedMessage)
			next.addMessage(UnresolvedNotice)
		})
		if err != nil {
			return err
		}
	}
	pause := waitAfter(callErrorOf(why), 2)
	if _, err := w.Orgs.Find(r.Org); err != nil {
		pause = time.Minute // nothing changes until the bot is started again, but people are told in time
	}
	return &retry{pause, why}
}

// listLagsBehindEvents asks the second witness before the last look is believed.
func (w *Worker) listLagsBehindEvents(ctx context.Context, r Request, removed []int) (bool, error) {
	for _, d := range r.UnresolvedCreates {
		isLast := d.Searches == len(orphanSearchSchedule)-1 && isPast(d.SearchAt, w.Now())
		if isLast && !slices.Contains(removed, d.Attempt) && w.Now().Sub(d.At) < maxListLag {
			return w.Keys.CreatedButUnlisted(ctx, r.Org, d.At.Add(-workLimit))
		}
	}
	return false, nil
}

// resolveCreates drops the debts that were paid and those that were looked for often
// enough, and plans the next look of the rest. In doubt the last look is
// repeated.
func (r *Request) resolveCreates(now time.Time, removed []int, doubt bool) {
	var open []UnresolvedCreate
	for _, d := range r.UnresolvedCreates {
		if slices.Contains(removed, d.Attempt) {
			continue
		}
		if isPast(d.SearchAt, now) {
			if d.Searches++; d.Searches == len(orphanSearchSchedule) && doubt {
				d.Searches--
			}
			d.SearchAt = now.Add(orphanSearchSchedule[min(d.Searches, len(orphanSearchSchedule)-1)] - orphanSearchSchedule[d.Searches-1])
		}
		if d.Searches < len(orphanSearchSchedule) {
			open = append(open, d)
		}
	}
	r.UnresolvedCreates = open
}
