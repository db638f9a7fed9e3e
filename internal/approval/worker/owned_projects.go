package worker

import (
	"context"
	"slices"

	"atlaskeybot/internal/approval"
)

// noteOwned notes which projects r's key owns by now, and has people told.
func (w *Worker) noteOwned(ctx context.Context, r approval.Request, owns []approval.OwnedProject) error {
	if slices.Equal(owns, r.Owns) {
		return nil
	}
	step, err := r.RecordOwned(owns, w.Now())
	_, err = w.move(ctx, r, step, err)
	w.Wake()
	return err
}
