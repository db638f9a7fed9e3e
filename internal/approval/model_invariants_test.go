package approval_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// check looks at everything after a step, whatever is under way.
func (tr *trial) check() {
	tr.mu.Lock()
	require.Empty(tr.t, tr.wrong)
	tr.mu.Unlock()
	entries := tr.entries()
	rows := tr.requests()
	tr.checkTrail(entries, rows)
	tr.checkTold(entries)
	for _, r := range rows {
		tr.checkChange(tr.before[r.ID], r)
		tr.checkKeys(r)
		tr.before[r.ID] = r
	}
}

// checkTrail asserts that the audit trail only grows and leads to what is
// stored.
func (tr *trial) checkTrail(entries []approval.Entry, rows []approval.Request) {
	require.GreaterOrEqual(tr.t, len(entries), len(tr.trail), "the audit trail was shortened")
	require.True(tr.t, slices.Equal(tr.trail, entries[:len(tr.trail)]), "the audit trail was changed")
	tr.trail = entries
	replay(tr.t, entries, rows)
}

// replay folds the audit trail: every line is a step of the machine, takes up
// where the last one ended, and is one change of the request.
func replay(t require.TestingT, entries []approval.Entry, rows []approval.Request) {
	states, changes := map[approval.ID]approval.State{}, map[approval.ID]int64{}
	for _, e := range entries {
		if e.Refused != "" { // From is what it was judged by; somebody may have been faster since
			require.Equal(t, e.From, e.To, "%+v", e)
			continue
		}
		require.Equal(t, states[e.Request], e.From, "%+v", e)
		isStep := e.Event == approval.Submit && e.From == "" && e.To == approval.Pending ||
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

// checkTold compares what people were told with what is recorded.
func (tr *trial) checkTold(entries []approval.Entry) {
	done, refused := map[press]int{}, map[press]int{}
	for _, e := range entries {
		p := press{e.Request, e.Event, e.By}
		if e.Refused != "" {
			refused[p]++
		} else if e.By != "" && e.Event != approval.Submit {
			done[p]++
		}
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for p, a := range tr.told {
		require.GreaterOrEqual(tr.t, done[p], a.accepted, "%+v was accepted and is not in the trail", p)
		require.GreaterOrEqual(tr.t, refused[p], a.refused, "%+v was refused and is not in the trail", p)
		require.LessOrEqual(tr.t, done[p]+refused[p], a.accepted+a.refused+a.unclear, "%+v is in the trail more than once", p)
	}
	for p := range done {
		require.Contains(tr.t, tr.told, p, "nobody pressed that")
	}
}

// checkChange compares a request with what it was a step before.
func (tr *trial) checkChange(was, is approval.Request) {
	if was.ID == "" {
		return
	}
	require.GreaterOrEqual(tr.t, is.Version, was.Version)
	require.GreaterOrEqual(tr.t, is.Attempt, was.Attempt)
	require.Subset(tr.t, is.Messages, was.Messages)
	require.Equal(tr.t, was.Access, is.Access)
	require.Equal(tr.t, was.Requester, is.Requester)
	if !was.EndsAt.IsZero() {
		require.Equal(tr.t, was.EndsAt, is.EndsAt, "the end date moved")
	}
	if was.State.Final() {
		require.Equal(tr.t, was.State, is.State)
		require.Equal(tr.t, was.End, is.End)
	}
}

// checkKeys holds at any moment: the key that somebody holds is the one that
// was shown last, and no key is alive of which the row does not know.
func (tr *trial) checkKeys(r approval.Request) {
	holds := r.State == approval.Delivered || r.State == approval.Active
	if holds {
		require.Equal(tr.t, tr.lastShown(r.ID), r.Key.ID, "%s: the key is not the one that was shown last", r.ID)
	}
	for _, k := range tr.keys.Alive() {
		switch {
		case k.Request != r.ID, r.State == approval.Minting, r.State == approval.Revoking && k.ID == r.Key.ID:
			continue
		case len(r.Debts) > 0 && (tr.keys.Lag > 0 || !holds): // where lists lag not, a new key is made after the old ones are gone
			continue
		}
		require.True(tr.t, holds && k.ID == r.Key.ID, "%s is %s and does not know of key %s of attempt %d, made at %s", r.ID, r.State, k.ID, k.Attempt, k.MadeAt)
		require.True(tr.t, k.Restricted, "%s: the key works from everywhere", r.ID)
	}
}

// checkAtRest holds after everything that goes wrong has been repaired and had
// time to settle.
func (tr *trial) checkAtRest() {
	tr.check()
	now := time.Now()
	alive := map[approval.ID][]string{}
	for _, k := range tr.keys.Alive() {
		alive[k.Request] = append(alive[k.Request], k.ID)
	}
	for _, r := range tr.requests() {
		require.NotContains(tr.t, []approval.State{approval.Minting, approval.Revoking}, r.State, "%s is under way for ever", r.ID)
		require.Empty(tr.t, r.Debts, "%s", r.ID)
		if r.State == approval.Delivered || r.State == approval.Active {
			require.Equal(tr.t, []string{r.Key.ID}, alive[r.ID], "%s is %s: the key that was shown last is the only one", r.ID, r.State)
			require.True(tr.t, r.EndsAt.After(now), "%s: the key outlives its end", r.ID)
		} else {
			require.Empty(tr.t, alive[r.ID], "%s is %s and has a key", r.ID, r.State)
		}
		if !r.State.Final() {
			require.True(tr.t, r.WorkAt().After(now), "%s is %s and overdue since %s", r.ID, r.State, r.WorkAt())
		}
		tr.checkMessages(r)
		require.NotContains(tr.t, fmt.Sprintf("%+v", r), "private-half-of")
	}
	next, err := tr.store.NextDue(context.Background())
	require.NoError(tr.t, err)
	require.True(tr.t, next.IsZero() || next.After(now), "something is due since %s", next)
}

// checkMessages asserts that people see the request as it is stored.
func (tr *trial) checkMessages(r approval.Request) {
	seen := map[string]approval.Request{}
	for _, m := range tr.screens.Messages(r.ID) {
		seen[m.At.TS] = m.Request
	}
	for _, name := range r.Messages {
		at := r.Places[name]
		require.NotEmpty(tr.t, at.TS, "%s: %s was never posted", r.ID, name)
		require.Equal(tr.t, r.Version, at.Shown, "%s: %s is out of date", r.ID, name)
		require.Equal(tr.t, r.Version, seen[at.TS].Version, "%s: %s shows an old version", r.ID, name)
	}
}

func (tr *trial) lastShown(id approval.ID) string {
	last := ""
	for _, shown := range tr.screens.Revealed() {
		if shown.Request == id {
			last = shown.Key.ID
		}
	}
	return last
}
