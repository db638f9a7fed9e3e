package approval

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// doDrawing brings every message of r up to date and ends the lease.
func (w *Worker) doDrawing(ctx context.Context, r Request) {
	err := w.drawAll(ctx, r)
	var at time.Time
	if tries := w.countTries(r.ID, err); err != nil {
		wait := max(backoff(tries), retryAfter(err))
		at = w.Now().Add(wait)
		w.Log.Warn("drawing messages, to be tried again", "request", r.ID, "after", wait.String(), "error", err)
	}
	if err := w.Store.ReleaseDrawing(ctx, r.ID, r.Version, at); err != nil {
		w.Log.Error("ending a lease", "request", r.ID, "error", err)
	}
}

// drawAll draws in the order of r.Messages, the approvers' card first. One
// message that cannot be drawn does not keep the others from being.
func (w *Worker) drawAll(ctx context.Context, r Request) error {
	r = r.clone()
	if r.Places == nil {
		r.Places = map[MessageName]Place{}
	}
	var errs []error
	for _, name := range r.Messages {
		if !name.ToApprovers() && !r.OwnerGone.IsZero() {
			continue // nobody reads it; when they are back it is drawn
		}
		if err := w.draw(ctx, r, name); err != nil {
			errs = append(errs, fmt.Errorf("drawing %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) draw(ctx context.Context, r Request, name MessageName) error {
	before := r.Places[name]
	if before.TS != "" && before.Shown >= r.Version {
		return nil
	}
	at, err := w.Screens.Draw(ctx, r, name)
	if err != nil {
		return err
	}
	if name == CardMessage && before.TS == "" {
		if err := w.redraw(ctx, r, AskedMessage); err != nil {
			return err
		}
	}
	at.Shown = r.Version
	r.Places[name] = at
	return w.Store.Drawn(ctx, r.ID, name, at)
}

// redraw makes a message owed again: the requester may have read that the
// approvers could not be reached, and now they could.
func (w *Worker) redraw(ctx context.Context, r Request, name MessageName) error {
	at := r.Places[name]
	if at.TS == "" {
		return nil
	}
	at.Shown = 0
	r.Places[name] = at
	return w.Store.Drawn(ctx, r.ID, name, at)
}

// countTries counts failures in a row, so that the pause between them grows.
func (w *Worker) countTries(id ID, err error) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.tries, id)
		return 0
	}
	w.tries[id]++
	return w.tries[id]
}

func retryAfter(err error) time.Duration {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.RetryAfter
	}
	return 0
}
