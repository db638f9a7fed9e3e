package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
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
		if approval.IsWithin(w.reconciledAt, w.Now(), reconcileInterval) {
			w.goOnWithOwners(ctx)
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, reconcileInterval/2) // what is cut short is found again
		for _, org := range w.Orgs {
			if err := isolate.SafelyDo(func() error { return w.reconcile(bounded, org.ID) }); err != nil && ctx.Err() == nil {
				w.logPanic("comparing Atlas with what is recorded panicked", "", err)
				w.Log.Warn("comparing Atlas with what is recorded", "org", org.ID, "error", err)
			}
		}
		err := isolate.SafelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
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
	err := isolate.SafelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
	w.logPanic("looking at the owners panicked", "", err)
}

// reconcile removes marked keys whose request says that they should not exist,
// ends requests whose key is gone, and tells what was changed by hand. Keys
// without this bot's exact mark are never touched. Anybody who may name a key can
// write that mark, so nothing that a description says keeps the live keys from
// being looked at.
func (w *Worker) reconcile(ctx context.Context, org policy.OrgID) error {
	live, err := w.Store.ListActive(ctx)
	if err != nil {
		return fmt.Errorf("listing the live requests: %w", err)
	}
	return errors.Join(w.compareMarked(ctx, org, live), w.detectDrift(ctx, org, live))
}

// compareMarked compares the keys that carry this bot's mark with the requests
// that they name.
func (w *Worker) compareMarked(ctx context.Context, org policy.OrgID, live []approval.Request) error {
	found, err := w.KeysOf(org).ListTagged(ctx)
	if err != nil {
		return fmt.Errorf("listing the keys with this bot's mark: %w", err)
	}
	holders := holdersOf(live)
	w.forgetLeftovers(org, found)
	var strangers []approval.TaggedKey
	var errs []error
	removed := 0
	for _, k := range found {
		if holder, isHeld := holders[k.ID]; isHeld && holder != k.Request {
			continue // of another request: somebody renamed it, which is told as a difference
		}
		r, err := w.Store.Get(ctx, k.Request)
		switch {
		case errors.Is(err, approval.ErrNotFound):
			strangers = append(strangers, k)
		case err != nil:
			errs = append(errs, fmt.Errorf("reading request %s: %w", k.Request, err))
		case r.Org != org:
			strangers = append(strangers, k) // no key of another organization's request
		case r.IsLeftover(k, w.Now()) && removed < deleteAtOnce:
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
func holdersOf(live []approval.Request) map[string]policy.ID {
	holders := map[string]policy.ID{}
	for _, r := range live {
		holders[r.Key.ID] = r.ID
	}
	return holders
}

// detectDrift looks closely at live keys, those first that were not looked at
// for the longest time.
func (w *Worker) detectDrift(ctx context.Context, org policy.OrgID, live []approval.Request) error {
	maps.DeleteFunc(w.inspectedAt, func(id policy.ID, _ time.Time) bool {
		return !slices.ContainsFunc(live, func(r approval.Request) bool { return r.ID == id })
	})
	live = slices.DeleteFunc(slices.Clone(live), func(r approval.Request) bool {
		return r.Org != org || r.IsAdopted() // nobody knows how those should be
	})
	slices.SortStableFunc(live, func(a, b approval.Request) int { return w.inspectedAt[a.ID].Compare(w.inspectedAt[b.ID]) })
	var errs []error
	for _, r := range live[:min(len(live), inspectAtOnce)] {
		err := isolate.SafelyDo(func() error { return w.detectDriftOf(ctx, r) })
		w.logPanic("looking at a key panicked", r.ID, err)
		if err != nil && !errors.Is(err, approval.ErrConflict) {
			errs = append(errs, fmt.Errorf("looking at the key of request %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) detectDriftOf(ctx context.Context, r approval.Request) error {
	if moving, err := w.isListInMotion(ctx, r); err != nil || moving {
		w.inspectedAt[r.ID] = w.Now()
		return err
	}
	order := approval.KeySpec{Request: r.ID, Attempt: r.Attempt, Access: r.Access, MadeAt: r.Key.MadeAt, Owns: r.Owns}
	drift, err := w.KeysOf(r.Org).Inspect(ctx, order, r.Key.ID)
	now := w.Now()
	switch {
	case errors.Is(err, approval.ErrNoKey):
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
	step, err := r.RecordDrift(drift, now)
	r, err = w.move(ctx, r, step, err)
	w.Wake()
	if err != nil {
		return err
	}
	return w.noteOwned(ctx, r, owns)
}

// handleMissing ends a request whose key Atlas does not know, in two looks that lie
// minutes apart: reads lag.
func (w *Worker) handleMissing(ctx context.Context, r approval.Request, now time.Time) error {
	since, seen := w.missingSince[r.ID]
	if !seen || since.After(now) {
		w.missingSince[r.ID] = now
		return nil
	}
	if now.Sub(since) < approval.ListLagGrace || approval.IsWithin(r.Key.MadeAt, now, approval.ListLagGrace) {
		return nil
	}
	step, err := r.RecordDeletedExternally(now)
	_, err = w.move(ctx, r, step, err)
	delete(w.missingSince, r.ID)
	w.Wake()
	return err
}
