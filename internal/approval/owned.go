package approval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An OwnedProject is one in which a live key has just the role of its owner,
// beside what was approved. Atlas gives that role to the key that creates a
// project, which some roles in the organization allow: it is no change by hand.
type OwnedProject struct {
	Project

	// Proven says that Atlas's events tell of the project's creation by this
	// key. They can be late; without them somebody may have given it the role.
	Proven bool `json:"proven,omitempty"`
}

// createsProjects reports whether a key with these roles may create projects.
func createsProjects(roles []Role) bool {
	return slices.Contains(roles, "ORG_OWNER") || slices.Contains(roles, "ORG_GROUP_CREATOR")
}

// MayCreateProjects reports whether a key with this access may create projects.
func (a Access) MayCreateProjects() bool { return createsProjects(a.Roles) }

// noteOwned notes which projects r's key owns by now, and has people told.
func (w *Worker) noteOwned(ctx context.Context, r Request, owns []OwnedProject) error {
	if slices.Equal(owns, r.Owns) {
		return nil
	}
	_, err := w.move(ctx, r, EventOwnsProjects, ownedNote(owns), func(next *Request, _ time.Time) {
		next.Owns = owns
		next.addMessage(OwnsNotice)
	})
	w.Wake()
	return err
}

// ownedNote names projects by their ids, as many as a line of the audit trail
// should hold.
func ownedNote(owns []OwnedProject) string {
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
