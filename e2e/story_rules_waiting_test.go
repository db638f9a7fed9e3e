package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

const impatient = `
pending:
  remind_approvers_after: [2h, 6h]
  escalate_after: 8h
  escalate_to: [S0SECURITY]
  expire_after: 24h
`

// hears waits for the n-th message under a card, and that there are no more.
func (w *town) hears(id policy.ID, n int) slack.Message {
	w.t.Helper()
	w.until("there are enough messages under the card", func() bool { return len(w.thread(id)) >= n })
	w.rests(id)
	under := w.thread(id)
	require.Len(w.t, under, n)
	return under[n-1]
}

// calls counts what was posted, and not changed later, that calls a group: a
// change calls nobody.
func (w *town) calls(group string) int {
	n := 0
	for _, m := range w.messages(bob, slack.Approvals) {
		for _, g := range m.Mentions.Groups {
			if g == group && !m.Edited {
				n++
			}
		}
	}
	return n
}

func callsNobody(t *testing.T, m slack.Message) {
	t.Helper()
	assert.Empty(t, m.Mentions.Crowds)
	assert.Empty(t, m.Mentions.Groups)
}

// untilEscalated lets eight hours pass in which nobody decides.
func (w *town) untilEscalated(id policy.ID) {
	w.t.Helper()
	for n, d := range []time.Duration{2*time.Hour + time.Second, 4 * time.Hour, 2 * time.Hour} {
		w.rests(id)
		w.passes(d)
		w.hears(id, n+1)
	}
}

func TestRulesNobodyDecidesForLong(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.approves(carol, id)
		w.isTold(carol, "Only approvers")

		w.rests(id)
		w.passes(2*time.Hour + time.Second)
		first := w.hears(id, 1)
		assert.True(t, holds(first, "Nobody has decided yet", string(id)))
		callsNobody(t, first)
		assert.Empty(t, first.Mentions.People)
		w.passes(4 * time.Hour)
		second := w.hears(id, 2)
		assert.True(t, holds(second, "Nobody has decided yet", string(id)))
		callsNobody(t, second)
		assert.Zero(t, w.calls(security))

		w.passes(2 * time.Hour)
		third := w.hears(id, 3)
		assert.Equal(t, []string{security}, third.Mentions.Groups)
		assert.Equal(t, 1, w.calls(security), "they are called once")
		assert.True(t, holds(third, string(id), "Any of you can decide"))
		w.reads(alice, "requested/withdraw", "It went to", ofSecurity)
		assert.Equal(t, 1, w.entries(id, approval.EventEscalate))

		w.approves(carol, id)
		assert.Equal(t, policy.UserID(carol), w.becomes(id, approval.StateApproved).Decision.By)
		assert.True(t, holds(w.hears(id, 4), "@"+carol, "approved"))
		w.reads(alice, "ready/issue", "@"+carol)
		w.passes(25 * time.Hour)
		w.becomes(id, approval.StateExpired)
		w.hears(id, 5)
		assert.Equal(t, 1, w.calls(security), "no later message is a call")
	})
}

func TestRulesTheSecondGroupDenies(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.untilEscalated(id)
		w.opens(carol, "card/deny", string(id))
		w.submits(carol, "reason", "")
		assert.Equal(t, policy.UserID(carol), w.becomes(id, approval.StateDenied).Decision.By)
	})
}

// The first group can still decide, and the second stands in for one who is
// missing.
func TestRulesTheSecondGroupStandsIn(t *testing.T) {
	underRules(t, "required_approvals: [{from: [S0APPROVERS], count: 2}]\n"+impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.passes(2*time.Hour + time.Second)
		assert.True(t, holds(w.hears(id, 2), "1 of 2 approvals so far"))
		w.passes(6 * time.Hour)
		w.hears(id, 4)
		w.approves(carol, id)
		assert.Len(t, w.becomes(id, approval.StateApproved).Approvals, 2)
	})
}

func TestRulesNobodyDecidesAtAll(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.untilEscalated(id)
		card := w.card(id)
		w.passes(16 * time.Hour)
		assert.Equal(t, approval.CauseUndecided, w.becomes(id, approval.StateExpired).Outcome.Cause)
		assert.True(t, holds(w.hears(id, 4), "nobody decided in time", string(id)))
		w.reads(alice, "outcome/request_again", "nobody decided in time")
		assert.False(t, holds(w.card(id), "card/approve"))
		for _, who := range []string{bob, carol} {
			require.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve"))
			w.isTold(who, "lapsed")
		}
		assert.Equal(t, approval.StateExpired, w.request(id).State)
	})
}

func TestRulesARestartRepeatsNoReminder(t *testing.T) {
	t.Parallel()
	w := newRuledTown(t, false, impatient, nil)
	id := w.asks()
	for n, d := range []time.Duration{2*time.Hour + time.Second, 4 * time.Hour, 2 * time.Hour} {
		w.rests(id)
		w.passes(d)
		w.hears(id, n+1)
		w.restartBot()
	}
	assert.Equal(t, 1, w.calls(security))
	w.pressesOn(alice, "requested/nudge", string(id))
	w.hears(id, 4)
	w.restartBot()
	w.passes(17 * time.Hour)
	w.becomes(id, approval.StateExpired)
	w.restartBot()
	w.hears(id, 5)
	assert.Equal(t, 2, w.entries(id, approval.EventRemindApprovers))
}

// What came due while nobody looked is said once.
func TestRulesTheBotWasAwayForLong(t *testing.T) {
	t.Parallel()
	w := newRuledTown(t, false, impatient, nil)
	id := w.asks()
	w.rests(id)
	w.stopBot()
	w.passes(7 * time.Hour)
	w.startBot()
	w.hears(id, 1)
	w.stopBot()
	w.passes(3 * time.Hour)
	w.startBot()
	assert.Equal(t, []string{security}, w.hears(id, 2).Mentions.Groups)
	w.stopBot()
	w.passes(20 * time.Hour)
	w.startBot()
	w.becomes(id, approval.StateExpired)
	w.hears(id, 3)
}
