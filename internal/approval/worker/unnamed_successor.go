package worker

import (
	"context"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
)

// A rotation stores the successor first, and then names it in the key's own request. If
// the bot stops in between, or the key is revoked at that moment, the key ends without
// knowing its successor. The messages of both requests are synced after every change, so
// both are checked then: the one that was stored later finds the other.

// endUnnamed ends successors that cannot take over from their predecessor any more: r
// itself, or those of r that r does not name. It reports whether that changed r.
func (w *Worker) endUnnamed(ctx context.Context, r approval.Request) (bool, error) {
	switch {
	case r.IsUnissuedSuccessor():
		return w.endWithoutPredecessor(ctx, r)
	case r.Key.ID != "" && (r.State == approval.StateRevoking || r.State == approval.StateEnded), r.State == approval.StateActive && len(r.Transfers) > 0:
		return false, w.endUnnamedOf(ctx, r)
	}
	return false, nil
}

// endWithoutPredecessor ends r if its predecessor is not active any more.
func (w *Worker) endWithoutPredecessor(ctx context.Context, r approval.Request) (bool, error) {
	err := w.requireActivePredecessor(ctx, r)
	if !errors.Is(err, approval.ErrPredecessorNotActive) {
		return false, err
	}
	if err := w.endBeside(ctx, approval.Request{ID: r.ParentID}, r, approval.Outcome{Cause: approval.CauseKeyNotActive}); err != nil {
		return false, fmt.Errorf("ending request %s, which has no predecessor: %w", r.ID, err)
	}
	return true, nil
}

func (w *Worker) endUnnamedOf(ctx context.Context, r approval.Request) error {
	successors, err := w.Store.Successors(ctx, r.ID)
	if err != nil {
		return fmt.Errorf("listing the successors of request %s: %w", r.ID, err)
	}
	for _, next := range successors {
		isKept := r.State == approval.StateActive && next.Requester == r.Requester
		if isKept || next.ID == r.Successor || !next.IsUnissuedSuccessor() {
			continue
		}
		if err := w.endBeside(ctx, r, next, approval.Outcome{Cause: approval.CauseKeyNotActive}); err != nil {
			return fmt.Errorf("ending request %s with %s: %w", next.ID, r.ID, err)
		}
	}
	return nil
}
