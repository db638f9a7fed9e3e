package main

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/atlas"
)

// grantOf is what a key in Atlas may do, and allowed what a row says.
func (w *trial) grantOf(k atlas.Key) grant {
	g := grant{org: slices.IndexFunc(w.Atlases, func(o *atlas.Organization) bool {
		return slices.ContainsFunc(o.Snapshot().Keys, func(other atlas.Key) bool { return other.ID == k.ID })
	})}
	names := map[string]string{}
	for _, o := range w.Atlases {
		for _, p := range o.Snapshot().Projects {
			names[p.ID] = p.Name
		}
	}
	var roles, projects []string
	for _, r := range k.Roles {
		if r.GroupID != "" {
			projects = append(projects, names[r.GroupID]+":"+r.Name)
		} else {
			roles = append(roles, r.Name)
		}
	}
	g.roles, g.from, g.projects = sorted(roles), sorted(networksOf(k)), sorted(projects)
	return g
}

func (w *trial) allowed(q approval.Request) grant {
	g := grant{org: slices.IndexFunc(w.Atlases, func(o *atlas.Organization) bool { return o.Snapshot().ID == string(q.Org) })}
	var roles, from, projects []string
	for _, r := range q.Access.Roles {
		roles = append(roles, string(r))
	}
	for _, n := range q.Access.Networks {
		from = append(from, strings.TrimSuffix(n.String(), "/32"))
	}
	for _, p := range q.Access.Projects {
		for _, r := range p.Roles {
			projects = append(projects, p.Name+":"+string(r))
		}
	}
	g.roles, g.from, g.projects = sorted(roles), sorted(from), sorted(projects)
	return g
}

func sorted(all []string) string {
	all = slices.Clone(all)
	slices.Sort(all)
	return strings.Join(all, " ")
}

// mayDoItsRow asserts that a key may do what its request says. While a new
// access list is put in the place of the old one, it has entries of both.
func (w *trial) mayDoItsRow(d *doubts, r report, q approval.Request, k atlas.Key) {
	has, says := w.grantOf(k), w.allowed(q)
	for _, change := range r.Requests {
		if change.Of == q.ID && change.Purpose == approval.NewAddresses && change.State == approval.Applying {
			either := append(strings.Fields(says.from), strings.Fields(w.allowed(change).from)...)
			assert.Subset(d, either, strings.Fields(has.from), "key %s of %s", k.PublicKey, q.ID)
			assert.NotEmpty(d, has.from, "key %s of %s has no access list", k.PublicKey, q.ID)
			has.from, says.from = "", ""
		}
	}
	assert.Equal(d, says, has, "key %s of %s may do something else than its row says", k.PublicKey, q.ID)
}

// endHolds asserts that the end of a key moves only to where an extension or a
// successor moved it, of which the trail tells: see [trial.endsMovedOnlyIf].
func (w *trial) endHolds(d *doubts, q approval.Request) {
	if q.EndsAt.IsZero() {
		assert.Empty(d, w.keyEnds[q.ID], "%s has no end any more", q.ID)
		return
	}
	if n := len(w.keyEnds[q.ID]); n == 0 || !w.keyEnds[q.ID][n-1].Equal(q.EndsAt) {
		w.keyEnds[q.ID] = append(w.keyEnds[q.ID], q.EndsAt)
	}
}

// endsMovedOnlyIf asserts that every key ended when it should, and that this
// moved only as the trail tells: later by an extension, nearer by a successor.
func (w *trial) endsMovedOnlyIf(audit []approval.Entry) {
	w.t.Helper()
	for id, ends := range w.keyEnds {
		var later, nearer int
		for i := 1; i < len(ends); i++ {
			if ends[i].After(ends[i-1]) {
				later++
			} else {
				nearer++
			}
		}
		assert.LessOrEqual(w.t, later, happenings(audit, id, approval.Extend), "the end of %s moved: %v", id, ends)
		assert.LessOrEqual(w.t, nearer, happenings(audit, id, approval.Supersede), "the end of %s moved: %v", id, ends)
	}
}

// happenings counts what the trail has of an event that was not refused.
func happenings(audit []approval.Entry, id approval.ID, on approval.Event) int {
	n := 0
	for _, e := range audit {
		if e.Request == id && e.Event == on && e.Refused == "" {
			n++
		}
	}
	return n
}

// deletedInTime asserts that no key was deleted before its time was over,
// unless somebody wanted that.
func (w *trial) deletedInTime(r report) {
	w.t.Helper()
	for _, q := range r.Requests {
		if q.State != approval.Ended || q.End.Cause != approval.CauseEndDate {
			continue
		}
		for _, o := range w.Atlases {
			for _, e := range o.Events() {
				if e.Type == "API_KEY_DELETED" && e.Target == q.Key.PublicKey {
					assert.False(w.t, e.At.Before(q.EndsAt), "%s was deleted at %s, before %s", e.Target, e.At, q.EndsAt)
				}
			}
		}
	}
}
