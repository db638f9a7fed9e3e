package e2e

import (
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/atlas"
)

// grantOf is what a key in Atlas may do, and allowed what a row says.
func (w *crashRun) grantOf(k atlas.Key) grant {
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

func (w *crashRun) allowed(q approval.Request) grant {
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

// checkGrant asserts that a key may do what its request says. While a new
// access list is put in the place of the old one, it has entries of both.
func (w *crashRun) checkGrant(d *violations, r report, q approval.Request, k atlas.Key) {
	has, says := w.grantOf(k), w.allowed(q)
	for _, change := range r.Requests {
		if change.ParentID == q.ID && change.Type == approval.AccessListChange && change.State == approval.StateApplying {
			either := append(strings.Fields(says.from), strings.Fields(w.allowed(change).from)...)
			assert.Subset(d, either, strings.Fields(has.from), "key %s of %s", k.PublicKey, q.ID)
			assert.NotEmpty(d, has.from, "key %s of %s has no access list", k.PublicKey, q.ID)
			has.from, says.from = "", ""
		}
	}
	assert.Equal(d, says, has, "key %s of %s may do something else than its row says", k.PublicKey, q.ID)
}

// checkExpiry asserts that the end of a key moves only to where an extension or a
// successor moved it, of which the trail tells: see [crashRun.checkExpiryChanges].
func (w *crashRun) checkExpiry(d *violations, q approval.Request) {
	if q.KeyExpiresAt.IsZero() {
		assert.Empty(d, w.keyEnds[q.ID], "%s has no end any more", q.ID)
		return
	}
	if n := len(w.keyEnds[q.ID]); n == 0 || !w.keyEnds[q.ID][n-1].Equal(q.KeyExpiresAt) {
		w.keyEnds[q.ID] = append(w.keyEnds[q.ID], q.KeyExpiresAt)
	}
}

// checkExpiryChanges asserts that every key ended when it should, and that this
// moved only as the trail tells: later by an extension, nearer by a successor.
func (w *crashRun) checkExpiryChanges(audit []approval.AuditEntry) {
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
		assert.LessOrEqual(w.t, later, happenings(audit, id, approval.EventExtend), "the end of %s moved: %v", id, ends)
		assert.LessOrEqual(w.t, nearer, happenings(audit, id, approval.EventScheduleRetirement), "the end of %s moved: %v", id, ends)
	}
}

// happenings counts what the trail has of an event that was not refused.
func happenings(audit []approval.AuditEntry, id policy.ID, on approval.Event) int {
	n := 0
	for _, e := range audit {
		if e.Request == id && e.Event == on && e.Refused == "" {
			n++
		}
	}
	return n
}

// leeway is how late something may be: people click again after half a minute,
// and Atlas is asked again after longer and longer.
const leeway = 15 * time.Minute

// checkOutcomes compares how each request ended with what its flow says, and
// with how long its keys lived in Atlas.
func (w *crashRun) checkOutcomes(r report) {
	w.t.Helper()
	if w.skew != 0 {
		return // what comes first is another thing: a date, or what people do
	}
	if !assert.Len(w.t, r.Requests, len(w.flow.ends), "requests") {
		return
	}
	for i, q := range r.Requests {
		want := w.flow.ends[i]
		assert.Equal(w.t, want, outcome{q.State, q.Outcome.Cause, want.lives}, "how %s ended", q.ID)
		if from, to := w.lifetime(q.ID); want.lives > 0 {
			assert.False(w.t, to.Before(q.KeyExpiresAt), "%s ended at %s, before %s", q.ID, to, q.KeyExpiresAt)
			assert.WithinDuration(w.t, from.Add(want.lives), to, w.leeway(), "the life of the keys of %s", q.ID)
		}
	}
}

// lifetime is when Atlas made the first key of a request, and when it deleted
// the last.
func (w *crashRun) lifetime(id policy.ID) (from, to time.Time) {
	made := w.made()
	for _, o := range w.Atlases {
		for _, e := range o.Events() {
			switch {
			case made[e.Target] != id:
			case e.Type == "API_KEY_CREATED" && from.IsZero():
				from = e.At
			case e.Type == "API_KEY_DELETED":
				to = e.At
			}
		}
	}
	return from, to
}
