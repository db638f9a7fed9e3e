package approval

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Leftover is a key of a request that Atlas said was deleted and listed again
// later. It is deleted again until Atlas does not know it any more.
type Leftover struct {
	Key      Key       `json:"key"`
	Since    time.Time `json:"since"`            // when it was found again
	SearchAt time.Time `json:"look_at,omitzero"` // zero: it is gone
}

// IsOpen reports whether the key may still be alive.
func (l Leftover) IsOpen() bool { return !l.SearchAt.IsZero() }

// leftoverTimes is how often a key that should not exist has to be found, and
// deleted with success, before people are told: lists lag.
const leftoverTimes = 2

// deleteLeftover deletes a key that should not exist.
func (w *Worker) deleteLeftover(ctx context.Context, r Request, k TaggedKey) error {
	if err := w.Keys.Delete(ctx, r.Org, k.ID); err != nil {
		return fmt.Errorf("removing a key of request %s: %w", r.ID, err)
	}
	if err := w.countLeftover(ctx, r, k); err != nil {
		return fmt.Errorf("telling of a key of request %s: %w", r.ID, err)
	}
	return nil
}

// countLeftover counts a deletion of the comparison with Atlas, and tells people
// once the key comes back although Atlas says that it deletes it.
func (w *Worker) countLeftover(ctx context.Context, r Request, k TaggedKey) error {
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
	_, err := w.move(ctx, r, EventOrphanSearch, "key "+k.ID+" "+k.PublicKey+" is listed again after its deletion", func(next *Request, now time.Time) {
		next.Leftover = Leftover{Key: k.Key, Since: now, SearchAt: now.Add(backoff(1))}
		next.addMessage(LeftoverMessage)
		next.addMessage(LeftoverNotice)
	})
	w.Wake()
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotAllowed) {
		return nil // found again by the next comparison
	}
	return err
}

// forgetLeftovers drops the counts of keys that Atlas does not list any more.
func (w *Worker) forgetLeftovers(org OrgID, listed []TaggedKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.deletedAgain[org], func(id string, _ int) bool {
		return !slices.ContainsFunc(listed, func(k TaggedKey) bool { return k.ID == id })
	})
}

// deleteRecordedLeftover deletes the key once more, and believes that it is gone when
// Atlas does not know it.
func (w *Worker) deleteRecordedLeftover(ctx context.Context, r Request) error {
	id := r.Leftover.Key.ID
	if err := w.Keys.Delete(ctx, r.Org, id); err != nil {
		return &retry{waitAfter(callErrorOf(err), 2), fmt.Errorf("deleting key %s once more: %w", id, err)}
	}
	_, err := w.Keys.Inspect(ctx, KeySpec{Org: r.Org, Request: r.ID, Attempt: r.Attempt, Access: r.Access}, id)
	if err == nil {
		err = errors.New("it is still known to Atlas")
	}
	if !errors.Is(err, ErrNoKey) {
		return &retry{MaxWait, fmt.Errorf("deleting key %s once more: %w", id, err)}
	}
	_, err = w.move(ctx, r, EventOrphanSearch, "key "+id+" is gone", func(next *Request, _ time.Time) { next.Leftover.SearchAt = time.Time{} })
	return err
}
