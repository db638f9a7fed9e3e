package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// maxListLag is how long Atlas's list is not believed against its own feed of
// events. After that the standing comparison with Atlas finds what is left.
const maxListLag = time.Hour

// searchOrphans searches for the keys that r's debts stand for and removes them. It
// never touches the key that r holds, nor one without r's exact mark.
func (w *Worker) searchOrphans(ctx context.Context, r approval.Request) error {
	if r.Leftover.IsOpen() && approval.IsPast(r.Leftover.SearchAt, w.Now()) {
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
		if err := w.KeysOf(r.Org).Delete(ctx, k.ID); err != nil {
			return w.cannotLook(ctx, r, fmt.Errorf("removing a key that nobody was shown: %w", err))
		}
		removed = append(removed, k.Attempt)
	}
	doubt, err := w.listLagsBehindEvents(ctx, r, removed)
	if err != nil {
		return w.cannotLook(ctx, r, fmt.Errorf("reading Atlas's events: %w", err))
	}
	step, err := r.RecordSearch(removed, doubt, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// cannotLook puts a look off. Once the create is a quarter of an hour old, owner
// and approvers are told that there may be a key.
func (w *Worker) cannotLook(ctx context.Context, r approval.Request, why error) error {
	now := w.Now()
	if slices.ContainsFunc(r.UnresolvedCreates, func(c approval.UnresolvedCreate) bool { return c.IsOverdue(now) }) {
		step, err := r.NotifyUnresolved(w.orgFault(r, approval.CallErrorOf(why)), now)
		if r, err = w.move(ctx, r, step, err); err != nil {
			return err
		}
	}
	pause := approval.WaitAfter(approval.CallErrorOf(why), 2)
	if _, err := w.Orgs.Find(r.Org); err != nil {
		pause = time.Minute // nothing changes until the bot is started again, but people are told in time
	}
	return &retry{pause, why}
}

// listLagsBehindEvents asks the second witness before the last look is believed.
func (w *Worker) listLagsBehindEvents(ctx context.Context, r approval.Request, removed []int) (bool, error) {
	for _, d := range r.UnresolvedCreates {
		isLast := d.Searches == len(approval.OrphanSearchSchedule)-1 && approval.IsPast(d.SearchAt, w.Now())
		if isLast && !slices.Contains(removed, d.Attempt) && w.Now().Sub(d.At) < maxListLag {
			return w.KeysOf(r.Org).CreatedButUnlisted(ctx, d.At.Add(-workLimit))
		}
	}
	return false, nil
}
