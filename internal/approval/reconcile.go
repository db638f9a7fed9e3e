package approval

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// reconcileInterval is the pause between two comparisons with Atlas.
	reconcileInterval = 10 * time.Minute

	// inspectAtOnce bounds the keys looked at closely in one comparison, each of
	// which costs two calls.
	inspectAtOnce = 50

	// deleteAtOnce bounds the keys removed in one comparison.
	deleteAtOnce = 50
)

// runReconciler compares Atlas with the rows at start and from time to time.
func (w *Worker) runReconciler(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(w.ReconcileTick)
		if isWithin(w.reconciledAt, w.Now(), reconcileInterval) {
			w.goOnWithOwners(ctx)
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, reconcileInterval/2) // what is cut short is found again
		for _, org := range w.Orgs {
			if err := safelyDo(func() error { return w.reconcile(bounded, org.ID) }); err != nil && ctx.Err() == nil {
				w.logPanic("comparing Atlas with what is recorded panicked", "", err)
				w.Log.Warn("comparing Atlas with what is recorded", "org", org.ID, "error", err)
			}
		}
		err := safelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
		w.logPanic("looking at the owners panicked", "", err)
		cancel()
		w.reconciledAt = w.Now()
		if w.OnReconciled != nil {
			w.OnReconciled(w.reconciledAt)
		}
	}
}

// goOnWithOwners looks at owners for whom there was no time yet.
func (w *Worker) goOnWithOwners(ctx context.Context) {
	if w.owners.over {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, reconcileInterval/2)
	defer cancel()
	err := safelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
	w.logPanic("looking at the owners panicked", "", err)
}

// reconcile removes marked keys whose request says that they should not exist,
// ends requests whose key is gone, and tells what was changed by hand. Keys
// without this bot's exact mark are never touched. Anybody who may name a key can
// write that mark, so nothing that a description says keeps the live keys from
// being looked at.
func (w *Worker) reconcile(ctx context.Context, org OrgID) error {
	live, err := w.Store.ListActive(ctx)
	if err != nil {
		return fmt.Errorf("listing the live requests: %w", err)
	}
	return errors.Join(w.compareMarked(ctx, org, live), w.detectDrift(ctx, org, live))
}

// compareMarked compares the keys that carry this bot's mark with the requests
// that they name.
func (w *Worker) compareMarked(ctx context.Context, org OrgID, live []Request) error {
	found, err := w.Keys.ListTagged(ctx, org)
	if err != nil {
		return fmt.Errorf("listing the keys with this bot's mark: %w", err)
	}
	holders := holdersOf(live)
	w.forgetLeftovers(org, found)
	var strangers []TaggedKey
	var errs []error
	removed := 0
	for _, k := range found {
		if holder, isHeld := holders[k.ID]; isHeld && holder != k.Request {
			continue // of another request: somebody renamed it, which is told as a difference
		}
		r, err := w.Store.Get(ctx, k.Request)
		switch {
		case errors.Is(err, ErrNotFound):
			strangers = append(strangers, k)
		case err != nil:
			errs = append(errs, fmt.Errorf("reading request %s: %w", k.Request, err))
		case r.Org != org:
			strangers = append(strangers, k) // no key of another organization's request
		case r.isLeftover(k, w.Now()) && removed < deleteAtOnce:
			removed++
			w.Log.Warn("removing a key that should not exist", "request", r.ID, "state", r.State, "key", k.ID, "attempt", k.Attempt)
			if err := w.deleteLeftover(ctx, r, k); err != nil {
				errs = append(errs, err)
			}
		}
	}
	errs = append(errs, w.adoptUnknownKeys(ctx, org, strangers, live), w.checkAdopted(ctx, org, found, live))
	return errors.Join(errs...)
}

// holdersOf says which request each live key belongs to, by the key's id.
func holdersOf(live []Request) map[string]ID {
	holders := map[string]ID{}
	for _, r := range live {
		holders[r.Key.ID] = r.ID
	}
	return holders
}

// isLeftover reports whether k, listed before r was read, should not exist. What
// is in motion is the worker's, and what has just ended may only be listed still.
func (r Request) isLeftover(k TaggedKey, now time.Time) bool {
	switch {
	case r.State == StateIssuing, r.State == StateRevoking, len(r.UnresolvedCreates) > 0:
		return false
	case r.Leftover.IsOpen() && r.Leftover.Key.ID == k.ID:
		return false
	case r.State.Final():
		return !isWithin(r.Outcome.At, now, listLagGrace)
	}
	return k.ID != r.Key.ID && !r.isAdopted() // what was adopted is told of, no more
}

// detectDrift looks closely at live keys, those first that were not looked at
// for the longest time.
func (w *Worker) detectDrift(ctx context.Context, org OrgID, live []Request) error {
	maps.DeleteFunc(w.inspectedAt, func(id ID, _ time.Time) bool {
		return !slices.ContainsFunc(live, func(r Request) bool { return r.ID == id })
	})
	live = slices.DeleteFunc(slices.Clone(live), func(r Request) bool {
		return r.Org != org || r.isAdopted() // nobody knows how those should be
	})
	slices.SortStableFunc(live, func(a, b Request) int { return w.inspectedAt[a.ID].Compare(w.inspectedAt[b.ID]) })
	var errs []error
	for _, r := range live[:min(len(live), inspectAtOnce)] {
		err := safelyDo(func() error { return w.detectDriftOf(ctx, r) })
		w.logPanic("looking at a key panicked", r.ID, err)
		if err != nil && !errors.Is(err, ErrConflict) {
			errs = append(errs, fmt.Errorf("looking at the key of request %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) detectDriftOf(ctx context.Context, r Request) error {
	if moving, err := w.isListInMotion(ctx, r); err != nil || moving {
		w.inspectedAt[r.ID] = w.Now()
		return err
	}
	order := KeySpec{Org: r.Org, Request: r.ID, Attempt: r.Attempt, Access: r.Access, MadeAt: r.Key.MadeAt, Owns: r.Owns}
	drift, err := w.Keys.Inspect(ctx, order, r.Key.ID)
	now := w.Now()
	switch {
	case errors.Is(err, ErrNoKey):
		return w.handleMissing(ctx, r, now)
	case err != nil:
		return err
	}
	delete(w.missingSince, r.ID)
	w.inspectedAt[r.ID] = now
	owns := drift.Owns
	drift.Owns = nil
	if drift.Equal(r.Drift) {
		return w.noteOwned(ctx, r, owns)
	}
	r, err = w.move(ctx, r, EventDriftDetected, drift.note(), func(next *Request, _ time.Time) {
		next.Drift = drift
		next.addMessage(DriftNotice)
	})
	w.Wake()
	if err != nil {
		return err
	}
	return w.noteOwned(ctx, r, owns)
}

// handleMissing ends a request whose key Atlas does not know, in two looks that lie
// minutes apart: reads lag.
func (w *Worker) handleMissing(ctx context.Context, r Request, now time.Time) error {
	since, seen := w.missingSince[r.ID]
	if !seen || since.After(now) {
		w.missingSince[r.ID] = now
		return nil
	}
	if now.Sub(since) < listLagGrace || isWithin(r.Key.MadeAt, now, listLagGrace) {
		return nil
	}
	_, err := w.move(ctx, r, EventDeletedExternally, "key "+r.Key.ID, func(next *Request, now time.Time) {
		next.Outcome = Outcome{Cause: CauseDeletedExternally, At: now}
		next.cascadeTo(CascadeUnconfirmed)
		next.addMessage(OutcomeMessage)
		if !next.isAdopted() { // what was told of those says so itself
			next.addMessage(ClosedNotice)
		}
	})
	delete(w.missingSince, r.ID)
	w.Wake()
	return err
}

// note says for the audit trail what is different.
func (d Drift) note() string {
	var what []string
	for _, c := range []struct {
		changed bool
		name    string
	}{{d.RolesChanged, "roles"}, {d.NetworksChanged, "access list"}, {d.ProjectsChanged, "projects"}, {d.Renamed, "description"}} {
		if c.changed {
			what = append(what, c.name)
		}
	}
	if len(what) == 0 {
		return "as it was approved"
	}
	return strings.Join(what, ", ")
}

// listLagGrace is how long a request must not have been in motion, and a key be
// missing, before Atlas's lists are believed: they lag by minutes.
const listLagGrace = 3 * time.Minute
