package worker

import (
	"context"
	"slices"

	"atlaskeybot/internal/approval"
)

// recordOwned records which projects r's key owns by now, and tells people.
func (w *Worker) recordOwned(ctx context.Context, r approval.Request, owns []approval.OwnedProject) error {
	if slices.Equal(owns, r.Owns) {
		return nil
	}
	step, err := r.RecordOwned(owns, w.Now())
	_, err = w.move(ctx, r, step, err)
	w.Wake()
	return err
}
