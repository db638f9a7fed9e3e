package approval

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// lookAfter is when, after a create whose answer was lost, Atlas is searched
// for what it may have made. One empty look proves nothing: lists lag.
var lookAfter = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}

// owe notes that the present attempt's create may have made a key that nobody
// was shown.
func (r *Request) owe(now time.Time) {
	r.Debts = append(r.Debts, Debt{Attempt: r.Attempt, LookAt: now.Add(lookAfter[0])})
}

// look searches for the keys that r's debts stand for and removes them. It
// never touches the key that r holds, nor one without r's exact mark.
func (w *Worker) look(ctx context.Context, r Request) error {
	found, err := w.Keys.Find(ctx, r.Org, r.ID)
	if err != nil {
		return &retry{backoff(2), fmt.Errorf("looking for a key that nobody was shown: %w", err)}
	}
	var removed []int
	for _, k := range found {
		if k.ID == r.Key.ID {
			continue
		}
		if err := w.Keys.Remove(ctx, r.Org, k.ID); err != nil {
			return &retry{backoff(2), fmt.Errorf("removing a key that nobody was shown: %w", err)}
		}
		removed = append(removed, k.Attempt)
	}
	_, err = w.move(ctx, r, Look, fmt.Sprintf("found and removed %d", len(removed)), func(next *Request, now time.Time) {
		next.settle(now, removed)
	})
	return err
}

// settle drops the debts that were paid and those that were looked for often
// enough, and plans the next look of the rest.
func (r *Request) settle(now time.Time, removed []int) {
	var open []Debt
	for _, d := range r.Debts {
		if !d.LookAt.After(now) {
			d.Looks++
			if d.Looks < len(lookAfter) {
				d.LookAt = now.Add(lookAfter[d.Looks] - lookAfter[d.Looks-1])
			}
		}
		if d.Looks < len(lookAfter) && !slices.Contains(removed, d.Attempt) {
			open = append(open, d)
		}
	}
	r.Debts = open
}
