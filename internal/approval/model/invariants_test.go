package model_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// check looks at everything after a step, whatever is under way.
func (tr *run) check() {
	tr.checkWrong()
	entries := tr.entries()
	rows := tr.requests()
	tr.checkTrail(entries, rows)
	tr.checkAnswers(entries)
	for _, r := range rows {
		require.Equal(tr.t, tr.last(r.ID).Version, r.Version, "%s was changed beside the store", r.ID)
		tr.checkKeys(r)
		tr.checkTimes(r)
	}
	tr.checkWrong()
}

// checkWrong fails with what was seen to be wrong when it happened.
func (tr *run) checkWrong() {
	tr.mu.Lock()
	wrong := slices.Clone(tr.wrong)
	tr.mu.Unlock()
	require.Empty(tr.t, wrong)
}

// checkTrail asserts that the audit trail only grows, is one chain, and leads
// to what is stored.
func (tr *run) checkTrail(entries []approval.AuditEntry, rows []approval.Request) {
	require.GreaterOrEqual(tr.t, len(entries), len(tr.trail), "the audit trail was shortened")
	require.True(tr.t, slices.Equal(tr.trail, entries[:len(tr.trail)]), "the audit trail was changed")
	for _, e := range entries[len(tr.trail):] {
		require.NoError(tr.t, tr.chain.Next(e))
	}
	tr.trail = entries
	replay(tr.t, entries, rows)
}

// replay folds the audit trail: every line is a step of the machine, takes up
// where the last one ended, and is one change of the request.
func replay(t require.TestingT, entries []approval.AuditEntry, rows []approval.Request) {
	states, changes := map[policy.ID]approval.State{}, map[policy.ID]int64{}
	for _, e := range entries {
		if e.Refused != "" { // From is the state that it was judged by; another action may have come first
			require.Equal(t, e.From, e.To, "%+v", e)
			continue
		}
		require.Equal(t, states[e.Request], e.From, "%+v", e)
		begins := []approval.State{approval.StatePending, approval.StateApproved, approval.StateIssuing, approval.StateApplying}
		isStep := e.Event == approval.EventSubmit && e.From == "" && slices.Contains(begins, e.To) ||
			slices.Contains(approval.Transitions, approval.Transition{From: e.From, On: e.Event, To: e.To})
		require.True(t, isStep, "%+v", e)
		states[e.Request] = e.To
		changes[e.Request]++
	}
	require.Len(t, states, len(rows))
	for _, r := range rows {
		require.Equal(t, states[r.ID], r.State, "%s: the trail leads elsewhere", r.ID)
		require.Equal(t, changes[r.ID], r.Version, "%s: a change is not in the trail, or is there twice", r.ID)
	}
}

// checkAnswers compares what people were told with what is recorded.
func (tr *run) checkAnswers(entries []approval.AuditEntry) {
	done, refused := map[snapshot]int{}, map[snapshot]int{}
	for _, e := range entries {
		m := snapshotOf(e.Request, e.Event, e.By)
		if e.Refused != "" {
			refused[m]++
		} else if e.By != "" {
			done[m]++
		}
	}
	tr.mu.Lock()
	told := maps.Clone(tr.told)
	tr.mu.Unlock()
	for m, a := range told {
		if m.On == approval.EventSubmit { // sent again it is told again
			require.LessOrEqual(tr.t, min(a.accepted, 1), done[m], "%+v was accepted and is not in the trail", m)
			continue
		}
		require.GreaterOrEqual(tr.t, done[m], a.accepted, "%+v was accepted and is not in the trail", m)
		require.GreaterOrEqual(tr.t, refused[m], a.refused, "%+v was refused and is not in the trail", m)
		require.LessOrEqual(tr.t, done[m]+refused[m], a.accepted+a.refused+a.unclear, "%+v is in the trail more than once", m)
	}
	for m := range done {
		a := told[m]
		if m.On == approval.EventSubmit {
			a.unclear += told[snapshot{On: m.On, By: m.By}].unclear
		}
		require.Positive(tr.t, a.accepted+a.unclear, "no answer reported %+v", m)
	}
}

// checkKeys holds at any moment: the key that an owner has is the one that
// was shown last and is no more than was allowed, and no key is alive of which
// the row does not know.
func (tr *run) checkKeys(r approval.Request) {
	holds := holdsKey(r)
	if holds {
		require.Equal(tr.t, tr.lastShown(r.ID), r.Key.ID, "%s: the key is not the one that was shown last", r.ID)
	}
	for _, k := range tr.keys.Alive() {
		switch {
		case k.Request != r.ID, r.State == approval.StateIssuing, r.State == approval.StateRevoking && k.ID == r.Key.ID:
			continue
		case len(r.UnresolvedCreates) > 0 && (tr.keys.Lag > 0 || !holds): // where lists lag not, a new key is made after the old ones are gone
			continue
		}
		require.True(tr.t, holds && k.ID == r.Key.ID, "%s is %s and does not know of key %s of attempt %d, made at %s", r.ID, r.State, k.ID, k.Attempt, k.MadeAt)
		require.True(tr.t, k.Restricted, "%s: the key works from everywhere", r.ID)
		require.Equal(tr.t, fmt.Sprint(r.Access.Projects), fmt.Sprint(k.Assigned), "%s: the key lacks projects, or has more", r.ID)
		most := r.Access
		most.Networks = append(slices.Clone(most.Networks), tr.granted(r.ID)...)
		require.True(tr.t, isWithin(k.Access, most), "%s: the key is more than its request: %+v and %+v", r.ID, k.Access, most)
	}
}

// granted lists the addresses that an approver or a rule approved for an active key
// since, or that it had when less was asked for, also where the change could not
// be noted.
func (tr *run) granted(id policy.ID) []netip.Prefix {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var all []netip.Prefix
	for _, r := range tr.rows {
		if r.ParentID == id && r.Type == approval.AccessListChange && (tr.allowed[r.ID] != "" || reaches(r.Change.OldNetworks, r.Access.Networks)) {
			all = append(all, r.Access.Networks...)
		}
	}
	return all
}

// checkTimes asserts, where nothing goes wrong, that everything happens in its
// time.
func (tr *run) checkTimes(r approval.Request) {
	if !tr.isCalm || r.State.Final() {
		return
	}
	age := time.Since(r.RequestedAt) - time.Minute
	due := r.WorkAt()
	// Telling its predecessor is due at once, whenever that is: at rest it is done.
	tells := r.Cascade != "" || r.State == approval.StateActive && r.Type == approval.Rotation && !r.PredecessorScheduled
	require.True(tr.t, tells || due.IsZero() || time.Since(due) < 2*time.Minute, "%s is %s, and overdue since %s", r.ID, r.State, due)
	require.True(tr.t, r.KeyExpiresAt.IsZero() || time.Since(r.KeyExpiresAt) < 2*time.Minute, "%s outlives its end", r.ID)
	if r.State == approval.StateActive && tr.spec.isGone(r.Requester) && tr.heldSince(r.ID) > noticed {
		require.False(tr.t, r.OwnerDeactivatedAt.IsZero(), "%s: its deactivated owner was not noticed", r.ID)
	}
	if r.State != approval.StatePending || r.Org != org {
		return
	}
	require.True(tr.t, age < prodOne || r.ApproverReminders >= 1, "%s was not brought up again", r.ID)
	require.True(tr.t, age < prodTwo || r.ApproverReminders >= 2, "%s was not brought up a second time", r.ID)
	require.True(tr.t, age < escalates || isEscalated(r), "%s did not go to the managers", r.ID)
	require.Less(tr.t, age, decide, "%s waits for ever", r.ID)
}

// heldSince is how long the owner has had the key, at least.
func (tr *run) heldSince(id policy.ID) time.Duration {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return time.Since(tr.endSince[id])
}

func (tr *run) lastShown(id policy.ID) string {
	last := ""
	for _, shown := range tr.screens.Revealed() {
		if shown.Request == id {
			last = shown.Key.ID
		}
	}
	return last
}
