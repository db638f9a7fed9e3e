package approval

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Adopt returns the step that stores r, a request made for a key whose own request
// is not known.
func (r Request) Adopt() Step { return r.created(EventAdopt, "", "key "+r.Key.ID+" "+r.Key.PublicKey) }

// IsAdopted reports whether nothing is known of r but its key.
func (r Request) IsAdopted() bool { return r.Requester == "" }

// RecordDrift records how an active key differs in Atlas from what was approved. Each
// other difference has its own notice: one that is changed notifies no one.
func (r Request) RecordDrift(d Drift, now time.Time) (Step, error) {
	return r.step(EventDriftDetected, "", now, d.note(), func(next *Request) {
		if next.Drift = d; !d.IsZero() {
			next.Drifts++
		}
		next.addMessage(DriftNotice(max(next.Drifts, 1)))
	})
}

// note lists for the audit trail what is different.
func (d Drift) note() string {
	var all []string
	for _, c := range []struct {
		changed bool
		name    string
	}{{d.RolesChanged, "roles"}, {d.NetworksChanged, "access list"}, {d.ProjectsChanged, "projects"}, {d.Renamed, "description"}} {
		if c.changed {
			all = append(all, c.name)
		}
	}
	if len(all) == 0 {
		return "as it was approved"
	}
	return strings.Join(all, ", ")
}

// RecordOwned records which projects the key owns by now, and tells the approvers.
func (r Request) RecordOwned(owns []OwnedProject, now time.Time) (Step, error) {
	return r.step(EventOwnsProjects, "", now, ownedNote(owns), func(next *Request) {
		next.Owns = owns
		next.addMessage(OwnsNotice)
	})
}

// maxNotedProjects bounds the projects that one line of the audit trail lists.
const maxNotedProjects = 20

// ownedNote lists projects by their ids for the audit trail.
func ownedNote(owns []OwnedProject) string {
	var created, unproven []string
	for _, p := range owns {
		if p.Proven {
			created = append(created, string(p.ID))
		} else {
			unproven = append(unproven, string(p.ID))
		}
	}
	if len(owns) == 0 {
		return "none"
	}
	return joinNotes(listNote("created", created), listNote("not known who created", unproven))
}

// listNote returns what with ids after it; empty if there are none.
func listNote(what string, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	if len(ids) > maxNotedProjects {
		ids = append(slices.Clone(ids[:maxNotedProjects]), fmt.Sprintf("and %d more", len(ids)-maxNotedProjects))
	}
	return what + " " + strings.Join(ids, " ")
}

// RecordDeletedExternally ends a request whose key was deleted in Atlas, but not by
// the bot.
func (r Request) RecordDeletedExternally(now time.Time) (Step, error) {
	return r.step(EventDeletedExternally, "", now, "key "+r.Key.ID, func(next *Request) {
		next.Outcome = Outcome{Cause: CauseDeletedExternally, At: now}
		next.cascadeTo(CascadeUnconfirmed)
		next.addMessage(OutcomeMessage)
		if !next.IsAdopted() { // the post about an adopted key says so itself
			next.addMessage(ClosedNotice)
		}
	})
}
