package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
)

// maxListLag is how long Atlas's event feed is believed more than its list of keys. After
// that the reconciliation finds what is left.
const maxListLag = time.Hour

// searchOrphans searches for the keys of r's unresolved creates and deletes them. It
// never touches r's own key, nor one without r's exact tag.
func (w *Worker) searchOrphans(ctx context.Context, r approval.Request) error {
	if r.Leftover.IsOpen() && approval.IsPast(r.Leftover.SearchAt, w.Now()) {
		return w.deleteRecordedLeftover(ctx, r)
	}
	found, err := w.taggedKeysOf(ctx, r)
	if err != nil {
		return w.postponeSearch(ctx, r, fmt.Errorf("searching for an orphaned key: %w", err))
	}
	var deleted []int
	for _, k := range found {
		if k.ID == r.Key.ID {
			continue
		}
		if err := w.KeysOf(r.Org).Delete(ctx, k.ID); err != nil {
			return w.postponeSearch(ctx, r, fmt.Errorf("deleting an orphaned key: %w", err))
		}
		deleted = append(deleted, k.Attempt)
	}
	inDoubt, err := w.listLagsBehindEvents(ctx, r, deleted)
	if err != nil {
		return w.postponeSearch(ctx, r, fmt.Errorf("reading Atlas's events: %w", err))
	}
	step, err := r.RecordSearch(deleted, inDoubt, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

// postponeSearch plans the next try of a search that failed. Once the create call is a
// quarter of an hour old, owner and approvers are told that there may be a key.
func (w *Worker) postponeSearch(ctx context.Context, r approval.Request, why error) error {
	now := w.Now()
	if slices.ContainsFunc(r.UnresolvedCreates, func(c approval.UnresolvedCreate) bool { return c.IsOverdue(now) }) {
		step, err := r.NotifyUnresolved(w.orgFault(r, approval.CallErrorOf(why)), now)
		if r, err = w.move(ctx, r, step, err); err != nil {
			return err
		}
	}
	pause := approval.WaitAfter(approval.CallErrorOf(why), 2)
	if _, err := w.Orgs.Find(r.Org); err != nil {
		pause = time.Minute // it cannot work before the bot is started again, but people are told in time
	}
	return &retry{pause, why}
}

// listLagsBehindEvents checks the event feed before the last search is believed.
func (w *Worker) listLagsBehindEvents(ctx context.Context, r approval.Request, deleted []int) (bool, error) {
	for _, c := range r.UnresolvedCreates {
		isLast := c.Searches == len(approval.OrphanSearchSchedule)-1 && approval.IsPast(c.SearchAt, w.Now())
		if isLast && !slices.Contains(deleted, c.Attempt) && w.Now().Sub(c.At) < maxListLag {
			return w.KeysOf(r.Org).CreatedButUnlisted(ctx, c.At.Add(-workLimit))
		}
	}
	return false, nil
}
