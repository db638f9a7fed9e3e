package worker

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Atlas has no call that replaces an access list. The new entries are added, then the
// former ones are deleted one by one, and each of these calls can fail, or take effect
// without an answer. During a change the key may work from the addresses of both lists;
// it ends with one of them, never with both.

// changeWithin is how long a change of an access list is tried, from its first call to
// Atlas. After that the former list is restored.
const changeWithin = time.Hour

// replaceAccessList gives the key of parent the access list of r. Each step is on disk
// before the next may reach Atlas, so that the next run continues, or rolls back, where
// an earlier one was stopped.
func (w *Worker) replaceAccessList(ctx context.Context, r, parent approval.Request) (approval.Request, approval.Request, error) {
	if policy.EqualNetworks(parent.Access.Networks, r.Access.Networks) {
		return r, parent, nil // by an earlier run
	}
	parent, err := w.startListChange(ctx, r, parent)
	if err != nil {
		return r, parent, err
	}
	former, wanted := parent.Access.Networks, r.Access.Networks
	if !r.Change.Added {
		if err := w.KeysOf(r.Org).AddAccess(ctx, parent.Key.ID, withoutNetworks(wanted, former)); err != nil {
			return r, parent, approval.CallErrorOf(err)
		}
		step, err := r.RecordAdded(w.Now())
		if r, err = w.move(ctx, r, step, err); err != nil {
			return r, parent, err
		}
	}
	if err := w.KeysOf(r.Org).KeepAccess(ctx, parent.Key.ID, wanted, former); err != nil {
		return r, parent, approval.CallErrorOf(err)
	}
	step, err := parent.ReplaceAccessListFor(r, w.Now())
	parent, err = w.move(ctx, parent, step, err)
	return r, parent, err
}

// startListChange records with the key that r changes its access list now. Two changes of
// one list at once could leave a mix of both.
func (w *Worker) startListChange(ctx context.Context, r, parent approval.Request) (approval.Request, error) {
	if parent.Changing.By == r.ID {
		return parent, nil
	}
	if parent.Changing.By != "" {
		other, err := w.Store.Get(ctx, parent.Changing.By)
		switch {
		case err != nil:
			return parent, fmt.Errorf("reading request %s: %w", parent.Changing.By, err)
		case !other.State.Final():
			return parent, &retry{10 * time.Second, fmt.Errorf("request %s changes the same access list", other.ID)}
		}
	}
	step, err := parent.StartListChange(r.ID, w.Now())
	return w.move(ctx, parent, step, err)
}

// startRestore records that the former access list has to be restored, and why, and then
// restores it.
func (w *Worker) startRestore(ctx context.Context, r, parent approval.Request, f *approval.CallError) error {
	step, err := r.StartRestore(f, w.Now())
	r, err = w.move(ctx, r, step, err)
	if err != nil {
		return err
	}
	return w.restoreList(ctx, r, parent)
}

// restoreList restores the access list that the key had before r, and then fails r. It is
// tried until it works, or until the key is not active any more.
func (w *Worker) restoreList(ctx context.Context, r, parent approval.Request) error {
	f := &approval.CallError{Cause: approval.CauseKeyNotActive}
	if parent.State == approval.StateActive {
		f = &approval.CallError{Cause: r.Issuance.Cause, Code: r.Issuance.Code}
		switch failure := w.tryRestoreList(ctx, r, parent); {
		case failure == nil:
		case failure.Cause == approval.CauseKeyNotActive:
			f = failure
		default:
			return w.recordDeleteFailure(ctx, r, failure)
		}
	}
	step, err := r.Fail(f, w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}

func (w *Worker) tryRestoreList(ctx context.Context, r, parent approval.Request) *approval.CallError {
	former, wanted := parent.Access.Networks, r.Access.Networks
	if r.Change.Added { // until then none of the former entries was deleted
		if err := w.KeysOf(r.Org).AddAccess(ctx, parent.Key.ID, withoutNetworks(former, wanted)); err != nil {
			return approval.CallErrorOf(err)
		}
	}
	if err := w.KeysOf(r.Org).KeepAccess(ctx, parent.Key.ID, former, wanted); err != nil {
		return approval.CallErrorOf(err)
	}
	return nil
}

// isListChanging reports whether r's access list is being changed, or was until a moment
// ago: what Atlas lists then is not conclusive.
func (w *Worker) isListChanging(ctx context.Context, r approval.Request) (bool, error) {
	if r.Changing.By == "" {
		return w.Now().Sub(r.Changing.Since) < approval.ListLagGrace, nil
	}
	by, err := w.Store.Get(ctx, r.Changing.By)
	if err != nil {
		return false, fmt.Errorf("reading request %s: %w", r.Changing.By, err)
	}
	return !by.State.Final() || w.Now().Sub(by.Outcome.At) < approval.ListLagGrace, nil
}

func withoutNetworks(all, others []netip.Prefix) []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(all), func(n netip.Prefix) bool { return slices.Contains(others, n) })
}
