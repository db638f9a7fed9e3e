package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/wire"
)

// A budget bounds what a flow costs. Leases are not in it: a database of one process
// keeps them in memory.
type budget struct {
	writes  int // transactions that change a request or where its messages are
	calls   int // to Slack and Atlas, with response URLs and challenges
	updates int // chat.update, of the calls

	// syncs is how many syncs of messages belong to it. On a slow machine there are more:
	// a key takes so long to create or delete that people are shown that it is being done.
	syncs int
}

// A meter counts what the bot did since it was made.
type meter struct {
	w      *Env
	writes map[string]int
	calls  int
}

// meter starts to count once the bot has nothing to do.
func (w *Env) meter() meter {
	w.t.Helper()
	w.WaitIdle()
	return meter{w, w.botStore.Load().stats(), len(w.Wire.Calls())}
}

// requireWithin requires that what was done since m was made costs at most b.
func (m meter) requireWithin(what string, b budget) {
	m.w.t.Helper()
	m.w.WaitIdle()
	var did budget
	of := map[string]int{}
	for name, n := range m.w.botStore.Load().stats() {
		isLease := strings.HasPrefix(name, "claim ") || name == "release work"
		if n -= m.writes[name]; n == 0 || isLease {
			continue
		}
		did.writes += n
		of[name] += n
	}
	for _, c := range m.w.Wire.Calls()[m.calls:] {
		if c.Operation == "GET /orgs/{orgId}/apiKeys" {
			continue // of the reconciliation, which goes by the clock
		}
		did.calls++
		of[c.Operation]++
		if c.Side == wire.Slack && c.Operation == "chat.update" {
			did.updates++
		}
	}
	did.syncs = of["release sync"]
	m.w.t.Logf("%s: %+v of %v", what, did, of)
	if more := did.syncs - b.syncs; more > 0 {
		b.writes, b.calls, b.updates = b.writes+more, b.calls+2*more, b.updates+2*more
	}
	assert.LessOrEqual(m.w.t, did.writes, b.writes, "%s: write transactions", what)
	assert.LessOrEqual(m.w.t, did.calls, b.calls, "%s: calls", what)
	assert.LessOrEqual(m.w.t, did.updates, b.updates, "%s: updates of messages", what)
}

// Each step is waited for, so that no message of one is saved by the next.
func (w *Env) savedStepByStep() policy.ID {
	w.t.Helper()
	id := w.Request()
	w.WaitIdle(id)
	w.Click(bob, "card/approve")
	w.WaitForMessage(alice, "ready/issue")
	w.WaitIdle(id)
	w.Click(alice, "ready/issue")
	w.WaitForState(id, approval.StateDelivered)
	w.WaitIdle(id)
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.WaitIdle(id)
	return id
}

func TestBudgetOfPlainKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		m := w.meter()
		id := w.savedStepByStep()
		m.requireWithin("until it is saved", budget{writes: 16, calls: 24, updates: 6, syncs: 4})
		w.Advance(8*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateEnded)
		w.WaitForMessage(alice, "outcome/request_again")
		m.requireWithin("until it has expired", budget{writes: 21, calls: 31, updates: 8, syncs: 5})
	})
}

func TestBudgetOfKeyThatChanges(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		m := w.meter()
		id := w.savedStepByStep()
		more := w.requestExtension(id, "ready/extend")
		w.ClickIn(bob, "card/approve", string(more))
		w.WaitForState(more, approval.StateApplied)
		w.WaitIdle(id, more)
		change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
		w.ClickIn(bob, "card/approve", string(change))
		w.WaitForState(change, approval.StateApplied)
		w.WaitIdle(id, change)
		next := w.rotate(id)
		w.WaitIdle(id, next)
		w.ClickIn(alice, "ready/retire_predecessor", string(next))
		w.WaitForState(id, approval.StateEnded)
		w.WaitIdle(id, next)
		w.ClickIn(alice, "ready/revoke", string(next))
		w.WaitForState(next, approval.StateEnded)
		require.Empty(t, w.botKeys())
		m.requireWithin("a key also extended, readdressed and rotated", budget{writes: 74, calls: 98, updates: 33, syncs: 20})
	})
}
