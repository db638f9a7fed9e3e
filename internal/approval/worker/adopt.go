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

// A key that carries this bot's tag, and whose request is not in the database, may be
// left over from an older database. It may also be a foreign key: every user who can
// name a key can write the tag. So such keys are adopted and reported, and never deleted
// unasked: a few of them one by one, more of them in one message, once a day.

const (
	// maxUnknownKeys bounds the keys that are adopted at once. More of them mean that
	// this is not the database that the bot worked with.
	maxUnknownKeys = 20

	// unknownKeysPerDay bounds the keys of one organization that are reported one by
	// one within a day.
	unknownKeysPerDay = 5

	// day is how long a report counts.
	day = 24 * time.Hour

	// adoptedAtOnce bounds the adopted keys that are inspected in one reconciliation.
	adoptedAtOnce = 20
)

// adoptUnknownKeys stores requests for tagged keys whose request is not known, so that
// they can be revoked, and reports them.
func (w *Worker) adoptUnknownKeys(ctx context.Context, org policy.OrgID, unknown []approval.TaggedKey, active []approval.Request) error {
	if len(unknown) == 0 {
		return nil
	}
	single, many := w.reportedToday(org, active)
	if named := w.namedToday(org, active); len(named) > 0 { // left by a reconciliation that was cut short
		for _, k := range unknown {
			if slices.Contains(named, k.Request) {
				if err := w.adopt(ctx, org, k, "", approval.UnknownKeys{}); err != nil {
					return err
				}
			}
		}
	}
	if many {
		w.Log.Warn("more keys of unknown requests carry this bot's tag; they are reported once a day", "org", org, "keys", len(unknown))
		return nil
	}
	if single+len(unknown) <= unknownKeysPerDay {
		for _, k := range unknown {
			if err := w.adopt(ctx, org, k, approval.UnknownKeyNotice, approval.UnknownKeys{}); err != nil {
				return err
			}
		}
		return nil
	}
	return w.adoptMany(ctx, org, unknown)
}

// adoptMany reports all keys in one message, which belongs to the first request.
func (w *Worker) adoptMany(ctx context.Context, org policy.OrgID, unknown []approval.TaggedKey) error {
	all := approval.UnknownKeys{Count: len(unknown)}
	if len(unknown) > maxUnknownKeys {
		w.Log.Error("this database does not know the requests of most keys with this bot's tag: is it the right one?", "org", org, "keys", len(unknown))
		return w.adopt(ctx, org, unknown[0], approval.UnknownKeysNotice, all)
	}
	for _, k := range unknown {
		if !slices.Contains(all.IDs, k.Request) {
			all.IDs = append(all.IDs, k.Request)
		}
	}
	if err := w.adopt(ctx, org, unknown[0], approval.UnknownKeysNotice, all); err != nil {
		return err
	}
	for _, k := range unknown[1:] {
		if err := w.adopt(ctx, org, k, "", approval.UnknownKeys{}); err != nil {
			return err
		}
	}
	return nil
}

// namedToday lists the requests that were reported together within a day.
func (w *Worker) namedToday(org policy.OrgID, active []approval.Request) []policy.ID {
	var named []policy.ID
	for _, r := range active {
		if r.Org == org && r.IsAdopted() && w.Now().Sub(r.RequestedAt) < day {
			named = append(named, r.UnknownKeys.IDs...)
		}
	}
	return named
}

// adopt stores a request for a key, with one message or none.
func (w *Worker) adopt(ctx context.Context, org policy.OrgID, k approval.TaggedKey, m approval.MessageName, all approval.UnknownKeys) error {
	now := w.Now()
	r := approval.Request{
		ID: k.Request, ParentID: k.Claimed, Org: org, Kind: approval.APIKey, State: approval.StateActive, IdempotencyKey: "found " + k.ID,
		RequestedAt: now, Attempt: k.Attempt, Key: k.Key, UnknownKeys: all,
	}
	if m != "" {
		r.Messages = []approval.MessageName{m}
	}
	step := r.Adopt()
	_, err := w.Store.Create(ctx, step.Next, step.Entry)
	if errors.Is(err, approval.ErrDuplicate) || errors.Is(err, approval.ErrIDTaken) {
		return nil // another key carries the same tag
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
	org    policy.OrgID
	at     time.Time
	report approval.MessageName // empty: another message reports it
}

// reportedToday returns how many keys of unknown requests were reported one by one
// within a day, and whether many were reported together. After a restart, keys that are
// gone by then do not count.
func (w *Worker) reportedToday(org policy.OrgID, active []approval.Request) (single int, many bool) {
	now := w.Now()
	isOld := func(at time.Time) bool { return now.Sub(at) >= day }
	w.adopted = slices.DeleteFunc(w.adopted, func(a adoption) bool { return isOld(a.at) })
	count := func(isReported bool, n *int) {
		if isReported {
			*n++
		}
	}
	var here, rows int
	for _, a := range w.adopted {
		count(a.org == org && a.report == approval.UnknownKeyNotice, &here)
		many = many || a.org == org && a.report == approval.UnknownKeysNotice
	}
	for _, r := range active {
		if r.Org == org && r.IsAdopted() && !isOld(r.RequestedAt) {
			count(slices.Contains(r.Messages, approval.UnknownKeyNotice), &rows)
			many = many || slices.Contains(r.Messages, approval.UnknownKeysNotice)
		}
	}
	return max(here, rows), many
}

// checkAdopted ends the requests of adopted keys that are not in Atlas any more. Listed
// keys need no check.
func (w *Worker) checkAdopted(ctx context.Context, org policy.OrgID, found []approval.TaggedKey, active []approval.Request) error {
	active = slices.DeleteFunc(slices.Clone(active), func(r approval.Request) bool {
		isListed := slices.ContainsFunc(found, func(k approval.TaggedKey) bool { return k.ID == r.Key.ID })
		return r.Org != org || !r.IsAdopted() || isListed
	})
	slices.SortStableFunc(active, func(a, b approval.Request) int { return w.inspectedAt[a.ID].Compare(w.inspectedAt[b.ID]) })
	var errs []error
	for _, r := range active[:min(len(active), adoptedAtOnce)] {
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
			errs = append(errs, fmt.Errorf("inspecting the adopted key of %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

// taggedKeysOf lists the keys that carry r's tag and that the bot can have created for
// r, except those that belong to another active request: a user renamed those.
func (w *Worker) taggedKeysOf(ctx context.Context, r approval.Request) ([]approval.TaggedKey, error) {
	found, err := w.KeysOf(r.Org).FindTagged(ctx, r.ID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	active, err := w.Store.ListActive(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the active requests: %w", err)
	}
	holders := holdersOf(active)
	found = slices.DeleteFunc(found, func(k approval.TaggedKey) bool {
		holder, isHeld := holders[k.ID]
		return isHeld && holder != r.ID
	})
	return w.createdFor(ctx, r, found)
}
