package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// leftoverTimes is how often a key that should not exist has to be found, and deleted
// with success, before people are told: lists lag.
const leftoverTimes = 2

// deleteLeftover deletes a key that should not exist.
func (w *Worker) deleteLeftover(ctx context.Context, r approval.Request, k approval.TaggedKey) error {
	if err := w.KeysOf(r.Org).Delete(ctx, k.ID); err != nil {
		return fmt.Errorf("deleting a key of request %s: %w", r.ID, err)
	}
	if err := w.countLeftover(ctx, r, k); err != nil {
		return fmt.Errorf("reporting a key of request %s: %w", r.ID, err)
	}
	return nil
}

// countLeftover counts the deletions of a key by the reconciliation, and tells people if
// the key comes back although Atlas says that it deletes it.
func (w *Worker) countLeftover(ctx context.Context, r approval.Request, k approval.TaggedKey) error {
	w.mu.Lock()
	if w.deletedAgain[r.Org] == nil {
		w.deletedAgain[r.Org] = map[string]int{}
	}
	w.deletedAgain[r.Org][k.ID]++
	n := w.deletedAgain[r.Org][k.ID]
	w.mu.Unlock()
	if n < leftoverTimes {
		return nil
	}
	w.Log.Error("Atlas says that it deletes a key, and lists it again", "request", r.ID, "key", k.ID, "public_key", k.PublicKey)
	step, err := r.RecordLeftover(k.Key, w.Now())
	_, err = w.move(ctx, r, step, err)
	w.Wake()
	if errors.Is(err, approval.ErrConflict) || errors.Is(err, approval.ErrNotAllowed) {
		return nil // found again by the next reconciliation
	}
	return err
}

// forgetLeftovers forgets the counts of keys that Atlas does not list any more.
func (w *Worker) forgetLeftovers(org policy.OrgID, listed []approval.TaggedKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.deletedAgain[org], func(id string, _ int) bool {
		return !slices.ContainsFunc(listed, func(k approval.TaggedKey) bool { return k.ID == id })
	})
}

// deleteRecordedLeftover deletes the key once more, and takes it for deleted when Atlas
// does not know it.
func (w *Worker) deleteRecordedLeftover(ctx context.Context, r approval.Request) error {
	id := r.Leftover.Key.ID
	if err := w.KeysOf(r.Org).Delete(ctx, id); err != nil {
		return &retry{approval.WaitAfter(approval.CallErrorOf(err), 2), fmt.Errorf("deleting key %s once more: %w", id, err)}
	}
	_, err := w.KeysOf(r.Org).Inspect(ctx, approval.KeySpec{Request: r.ID, Attempt: r.Attempt, Access: r.Access}, id)
	if err == nil {
		err = errors.New("it is still known to Atlas")
	}
	if !errors.Is(err, approval.ErrNoKey) {
		return &retry{approval.MaxWait, fmt.Errorf("deleting key %s once more: %w", id, err)}
	}
	step, err := r.CloseLeftover(w.Now())
	_, err = w.move(ctx, r, step, err)
	return err
}
