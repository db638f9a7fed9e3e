package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A key that carries this bot's mark, and whose request no row knows, may be
// what an older database left behind. It may as well be anybody's: who can name
// a key can write the mark. So such keys are told of and never deleted unasked,
// a few of them one by one, and more in one message, once a day.

const (
	// maxUnknownKeys is how many such keys are given rows at once. More mean
	// that this is not the database that the bot worked with.
	maxUnknownKeys = 20

	// unknownKeysPerDay is how many such keys of one organization are told of one by one
	// within a day.
	unknownKeysPerDay = 5

	// day is how long what was told counts.
	day = 24 * time.Hour

	// adoptedAtOnce bounds the rows of such keys that are looked at in one
	// comparison.
	adoptedAtOnce = 20
)

// adoptUnknownKeys gives rows to marked keys that no row knows, so that they can be
// revoked, and has people told.
func (w *Worker) adoptUnknownKeys(ctx context.Context, org policy.OrgID, strangers []approval.TaggedKey, live []approval.Request) error {
	if len(strangers) == 0 {
		return nil
	}
	one, many := w.toldToday(org, live)
	if named := w.namedToday(org, live); len(named) > 0 { // left by a comparison that was cut short
		for _, k := range strangers {
			if slices.Contains(named, k.Request) {
				if err := w.adopt(ctx, org, k, "", approval.UnknownKeys{}); err != nil {
					return err
				}
			}
		}
	}
	if many {
		w.Log.Warn("more keys of unknown requests carry this bot's mark; people are told once a day", "org", org, "keys", len(strangers))
		return nil
	}
	if one+len(strangers) <= unknownKeysPerDay {
		for _, k := range strangers {
			if err := w.adopt(ctx, org, k, approval.UnknownKeyNotice, approval.UnknownKeys{}); err != nil {
				return err
			}
		}
		return nil
	}
	return w.adoptMany(ctx, org, strangers)
}

// adoptMany has one message tell of all. It hangs on the first row.
func (w *Worker) adoptMany(ctx context.Context, org policy.OrgID, strangers []approval.TaggedKey) error {
	all := approval.UnknownKeys{Count: len(strangers)}
	if len(strangers) > maxUnknownKeys {
		w.Log.Error("this database does not know the requests of most keys with this bot's mark: is it the right one?", "org", org, "keys", len(strangers))
		return w.adopt(ctx, org, strangers[0], approval.UnknownKeysNotice, all)
	}
	for _, k := range strangers {
		if !slices.Contains(all.IDs, k.Request) {
			all.IDs = append(all.IDs, k.Request)
		}
	}
	if err := w.adopt(ctx, org, strangers[0], approval.UnknownKeysNotice, all); err != nil {
		return err
	}
	for _, k := range strangers[1:] {
		if err := w.adopt(ctx, org, k, "", approval.UnknownKeys{}); err != nil {
			return err
		}
	}
	return nil
}

// namedToday lists the requests that were told of together within a day.
func (w *Worker) namedToday(org policy.OrgID, live []approval.Request) []policy.ID {
	var named []policy.ID
	for _, r := range live {
		if r.Org == org && r.IsAdopted() && w.Now().Sub(r.RequestedAt) < day {
			named = append(named, r.UnknownKeys.IDs...)
		}
	}
	return named
}

// adopt makes a row for a key, with one message or none.
func (w *Worker) adopt(ctx context.Context, org policy.OrgID, k approval.TaggedKey, m approval.MessageName, all approval.UnknownKeys) error {
	now := w.Now()
	r := approval.Request{
		ID: k.Request, Org: org, Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: "found " + k.ID,
		RequestedAt: now, Attempt: k.Attempt, Key: k.Key, UnknownKeys: all,
	}
	if m != "" {
		r.Messages = []approval.MessageName{m}
	}
	step := r.Adopt()
	_, err := w.Store.Create(ctx, step.Next, step.Entry)
	if errors.Is(err, approval.ErrDuplicate) || errors.Is(err, approval.ErrIDTaken) {
		return nil // another key carries the same mark
	}
	if err != nil {
		return fmt.Errorf("adopting key %s: %w", k.ID, err)
	}
	w.adopted = append(w.adopted, adoption{org, now, m})
	w.Wake()
	return nil
}

// An adoption is remembered for a day, also once its key is gone.
type adoption struct {
	org  policy.OrgID
	at   time.Time
	told approval.MessageName
}

// toldToday returns how many keys of unknown requests were told of one by one
// within a day, and whether many were told of together. A restart forgets those
// that are gone.
func (w *Worker) toldToday(org policy.OrgID, live []approval.Request) (one int, many bool) {
	now := w.Now()
	isOld := func(at time.Time) bool { return now.Sub(at) >= day }
	w.adopted = slices.DeleteFunc(w.adopted, func(a adoption) bool { return isOld(a.at) })
	count := func(told bool, n *int) {
		if told {
			*n++
		}
	}
	var here, rows int
	for _, a := range w.adopted {
		count(a.org == org && a.told == approval.UnknownKeyNotice, &here)
		many = many || a.org == org && a.told == approval.UnknownKeysNotice
	}
	for _, r := range live {
		if r.Org == org && r.IsAdopted() && !isOld(r.RequestedAt) {
			count(slices.Contains(r.Messages, approval.UnknownKeyNotice), &rows)
			many = many || slices.Contains(r.Messages, approval.UnknownKeysNotice)
		}
	}
	return max(here, rows), many
}

// checkAdopted ends the rows of adopted keys that are not in Atlas any more.
// Those that are listed are there.
func (w *Worker) checkAdopted(ctx context.Context, org policy.OrgID, found []approval.TaggedKey, live []approval.Request) error {
	live = slices.DeleteFunc(slices.Clone(live), func(r approval.Request) bool {
		isListed := slices.ContainsFunc(found, func(k approval.TaggedKey) bool { return k.ID == r.Key.ID })
		return r.Org != org || !r.IsAdopted() || isListed
	})
	slices.SortStableFunc(live, func(a, b approval.Request) int { return w.inspectedAt[a.ID].Compare(w.inspectedAt[b.ID]) })
	var errs []error
	for _, r := range live[:min(len(live), adoptedAtOnce)] {
		now := w.Now()
		w.inspectedAt[r.ID] = now
		_, err := w.KeysOf(r.Org).Inspect(ctx, approval.KeySpec{Request: r.ID, Attempt: r.Attempt}, r.Key.ID)
		switch {
		case errors.Is(err, approval.ErrNoKey):
			err = w.handleMissing(ctx, r, now)
		case err == nil:
			delete(w.missingSince, r.ID)
		}
		if err != nil && !errors.Is(err, approval.ErrConflict) {
			errs = append(errs, fmt.Errorf("looking at the adopted key of %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

// ownedBy lists the keys that carry r's mark, but for those that another live
// request holds: somebody renamed those.
func (w *Worker) ownedBy(ctx context.Context, r approval.Request) ([]approval.TaggedKey, error) {
	found, err := w.KeysOf(r.Org).FindTagged(ctx, r.ID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	live, err := w.Store.ListActive(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the live requests: %w", err)
	}
	holders := holdersOf(live)
	return slices.DeleteFunc(found, func(k approval.TaggedKey) bool {
		holder, isHeld := holders[k.ID]
		return isHeld && holder != r.ID
	}), nil
}
