package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
)

// noteOwned notes which projects r's key owns by now, and has people told.
func (w *Worker) noteOwned(ctx context.Context, r approval.Request, owns []approval.OwnedProject) error {
	if slices.Equal(owns, r.Owns) {
		return nil
	}
	_, err := w.move(ctx, r, approval.EventOwnsProjects, ownedNote(owns), func(next *approval.Request, _ time.Time) {
		next.Owns = owns
		next.AddMessage(approval.OwnsNotice)
	})
	w.Wake()
	return err
}

// ownedNote names projects by their ids, as many as a line of the audit trail
// should hold.
func ownedNote(owns []approval.OwnedProject) string {
	var proven, not []string
	for _, p := range owns {
		if p.Proven {
			proven = append(proven, string(p.ID))
		} else {
			not = append(not, string(p.ID))
		}
	}
	const most = 20
	list := func(what string, ids []string) string {
		if len(ids) > most {
			ids = append(slices.Clone(ids[:most]), fmt.Sprintf("and %d more", len(ids)-most))
		}
		return what + " " + strings.Join(ids, " ")
	}
	switch {
	case len(proven) == 0 && len(not) == 0:
		return "none"
	case len(not) == 0:
		return list("created", proven)
	case len(proven) == 0:
		return list("not known who created", not)
	}
	return list("created", proven) + ", " + list("not known who created", not)
}
