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
	// reconcileInterval is the pause between two reconciliations with Atlas.
	reconcileInterval = 10 * time.Minute

	// inspectAtOnce bounds the keys inspected in one reconciliation, each of which costs
	// two calls.
	inspectAtOnce = 50

	// deleteAtOnce bounds the keys deleted in one reconciliation.
	deleteAtOnce = 50
)

// runReconciler reconciles with Atlas at start and from time to time.
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
			w.continueOwnerRound(ctx)
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, reconcileInterval/2) // the next reconciliation finds what is left
		for _, org := range w.Orgs {
			if err := isolate.SafelyDo(func() error { return w.reconcile(bounded, org.ID) }); err != nil && ctx.Err() == nil {
				w.logPanic("reconciling with Atlas panicked", "", err)
				w.Log.Warn("reconciling with Atlas", "org", org.ID, "error", err)
			}
		}
		err := isolate.SafelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
		w.logPanic("checking the owners panicked", "", err)
		cancel()
		w.reconciledAt = w.Now()
		if w.OnReconciled != nil {
			w.OnReconciled(w.reconciledAt)
		}
	}
}

// continueOwnerRound checks owners for whom there was no time yet.
func (w *Worker) continueOwnerRound(ctx context.Context) {
	if w.owners.over {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, reconcileInterval/2)
	defer cancel()
	err := isolate.SafelyDo(func() error { w.checkOwnersWhenDue(bounded); return nil })
	w.logPanic("checking the owners panicked", "", err)
}

// reconcile deletes tagged keys whose request says that they should not exist, ends
// requests whose key was deleted externally, and reports drift. Keys without this bot's
// exact tag are never touched. Every user who can name a key can write that tag, so no
// description keeps active keys from being inspected.
func (w *Worker) reconcile(ctx context.Context, org policy.OrgID) error {
	active, err := w.Store.ListActive(ctx)
	if err != nil {
		return fmt.Errorf("listing the active requests: %w", err)
	}
	return errors.Join(w.checkTagged(ctx, org, active), w.detectDrift(ctx, org, active))
}

// checkTagged compares the keys that carry this bot's tag with the requests that they
// name.
func (w *Worker) checkTagged(ctx context.Context, org policy.OrgID, active []approval.Request) error {
	found, err := w.KeysOf(org).ListTagged(ctx)
	if err != nil {
		return fmt.Errorf("listing the keys with this bot's tag: %w", err)
	}
	holders := holdersOf(active)
	w.forgetLeftovers(org, found)
	var unknown []approval.TaggedKey
	var claims []claim
	var errs []error
	for _, k := range found {
		if holder, isHeld := holders[k.ID]; isHeld && holder != k.Request {
			continue // the key of another request: a user renamed it, which is reported as drift
		}
		r, err := w.Store.Get(ctx, k.Request)
		switch {
		case errors.Is(err, approval.ErrNotFound):
			unknown = append(unknown, k)
		case err != nil:
			errs = append(errs, fmt.Errorf("reading request %s: %w", k.Request, err))
		case r.Org != org:
			claims = append(claims, claim{request: r, key: k, otherOrg: true})
		case r.IsLeftover(k, w.Now()):
			claims = append(claims, claim{request: r, key: k})
		}
	}
	leftovers, foreign, err := w.evaluateClaims(ctx, claims)
	errs = append(errs, err)
	for _, c := range leftovers[:min(len(leftovers), deleteAtOnce)] {
		w.Log.Warn("deleting a key that should not exist", "request", c.request.ID, "state", c.request.State, "key", c.key.ID, "attempt", c.key.Attempt)
		errs = append(errs, w.deleteLeftover(ctx, c.request, c.key))
	}
	unknown = append(unknown, foreign...)
	errs = append(errs, w.adoptUnknownKeys(ctx, org, unknown, active), w.checkAdopted(ctx, org, found, active))
	return errors.Join(errs...)
}

// holdersOf returns the request that each active key belongs to, by the key's id.
func holdersOf(active []approval.Request) map[string]policy.ID {
	holders := map[string]policy.ID{}
	for _, r := range active {
		holders[r.Key.ID] = r.ID
	}
	return holders
}

// detectDrift inspects active keys, beginning with those whose last inspection is the
// longest ago.
func (w *Worker) detectDrift(ctx context.Context, org policy.OrgID, active []approval.Request) error {
	maps.DeleteFunc(w.inspectedAt, func(id policy.ID, _ time.Time) bool {
		return !slices.ContainsFunc(active, func(r approval.Request) bool { return r.ID == id })
	})
	active = slices.DeleteFunc(slices.Clone(active), func(r approval.Request) bool {
		return r.Org != org || r.IsAdopted() // how those should be is not known
	})
	slices.SortStableFunc(active, func(a, b approval.Request) int { return w.inspectedAt[a.ID].Compare(w.inspectedAt[b.ID]) })
	var errs []error
	for _, r := range active[:min(len(active), inspectAtOnce)] {
		err := isolate.SafelyDo(func() error { return w.detectDriftOf(ctx, r) })
		w.logPanic("inspecting a key panicked", r.ID, err)
		if err != nil && !errors.Is(err, approval.ErrConflict) {
			errs = append(errs, fmt.Errorf("inspecting the key of request %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) detectDriftOf(ctx context.Context, r approval.Request) error {
	if moving, err := w.isListChanging(ctx, r); err != nil || moving {
		w.inspectedAt[r.ID] = w.Now()
		return err
	}
	spec := approval.KeySpec{Request: r.ID, Attempt: r.Attempt, Access: r.Access, MadeAt: r.Key.MadeAt, Owns: r.Owns}
	drift, err := w.KeysOf(r.Org).Inspect(ctx, spec, r.Key.ID)
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
		return w.recordOwned(ctx, r, owns)
	}
	step, err := r.RecordDrift(drift, now)
	r, err = w.move(ctx, r, step, err)
	w.Wake()
	if err != nil {
		return err
	}
	return w.recordOwned(ctx, r, owns)
}

// handleMissing ends a request whose key Atlas does not know at two inspections that lie
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
