package e2e

import (
	"strings"
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

// waitForThreadReply waits for the n-th message under a card, and that there are no more.
func (w *Env) waitForThreadReply(id policy.ID, n int) slack.Message {
	w.t.Helper()
	w.WaitUntil("there are enough messages under the card", func() bool { return len(w.thread(id)) >= n })
	w.WaitIdle(id)
	under := w.thread(id)
	require.Len(w.t, under, n)
	return under[n-1]
}

// waitForCardWith waits until a card says all the words.
func (w *Env) waitForCardWith(id policy.ID, words ...string) slack.Message {
	w.t.Helper()
	w.WaitUntil("the card says "+strings.Join(words, " + "), func() bool { return contains(w.card(id), words...) })
	return w.card(id)
}

// calls counts what was posted, and not changed later, that calls a group: a
// change calls no one.
func (w *Env) calls(group string) int {
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

func requireNoMention(t *testing.T, m slack.Message) {
	t.Helper()
	assert.Empty(t, m.Mentions.Crowds)
	assert.Empty(t, m.Mentions.Groups)
}

// waitForEscalation lets eight hours pass in which no one decides.
func (w *Env) waitForEscalation(id policy.ID) {
	w.t.Helper()
	for n, d := range []time.Duration{2*time.Hour + time.Second, 4 * time.Hour, 2 * time.Hour} {
		w.WaitIdle(id)
		w.Advance(d)
		w.waitForThreadReply(id, n+1)
	}
}

func TestPolicyUndecidedRequestEscalates(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(carol, id)
		w.waitForNotification(carol, "Only approvers")

		w.WaitIdle(id)
		w.Advance(2*time.Hour + time.Second)
		first := w.waitForThreadReply(id, 1)
		assert.True(t, contains(first, "Still waiting for a decision", string(id)))
		assert.Equal(t, both, first.Notified)
		w.Advance(4 * time.Hour)
		second := w.waitForThreadReply(id, 2)
		assert.True(t, contains(second, "Still waiting for a decision", string(id)))
		assert.Equal(t, both, second.Notified)
		assert.Zero(t, w.calls(security))

		w.Advance(2 * time.Hour)
		third := w.waitForThreadReply(id, 3)
		assert.Equal(t, []string{security}, third.Mentions.Groups)
		assert.Equal(t, 1, w.calls(security), "they are called once")
		assert.True(t, contains(third, string(id), "can approve as well"))
		w.WaitForMessage(alice, "requested/withdraw", "can approve as well", ofSecurity)
		assert.Equal(t, 1, w.entries(id, approval.EventEscalate))

		w.approve(carol, id)
		assert.Equal(t, policy.UserID(carol), w.WaitForState(id, approval.StateApproved).Decision.By)
		assert.True(t, contains(w.waitForCardWith(id, "*Approved*"), "@"+carol))
		w.WaitForMessage(alice, "ready/issue", "@"+carol)
		w.Advance(25 * time.Hour)
		w.WaitForState(id, approval.StateExpired)
		w.waitForThreadReply(id, 4)
		assert.Equal(t, 1, w.calls(security), "no later message is a call")
	})
}

func TestPolicySecondGroupDenies(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.waitForEscalation(id)
		w.ClickOpensModal(carol, "card/deny", string(id))
		w.SubmitText(carol, "reason", "")
		assert.Equal(t, policy.UserID(carol), w.WaitForState(id, approval.StateDenied).Decision.By)
	})
}

// The first group can still decide, and the second stands in for one who is
// missing.
func TestPolicyEscalationGroupSubstitutes(t *testing.T) {
	withPolicy(t, "required_approvals: [{from: [S0APPROVERS], count: 2}]\n"+impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.Advance(2*time.Hour + time.Second)
		assert.True(t, contains(w.waitForThreadReply(id, 2), "1 of 2 approvals so far"))
		w.Advance(6 * time.Hour)
		w.waitForThreadReply(id, 4)
		w.approve(carol, id)
		assert.Len(t, w.WaitForState(id, approval.StateApproved).Approvals, 2)
	})
}

func TestPolicyUndecidedRequestExpires(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.waitForEscalation(id)
		card := w.card(id)
		w.Advance(16 * time.Hour)
		assert.Equal(t, approval.CauseUndecided, w.WaitForState(id, approval.StateExpired).Outcome.Cause)
		assert.True(t, contains(w.waitForThreadReply(id, 4), "no approver decided in time", string(id)))
		w.WaitForMessage(alice, "outcome/request_again", "no approver decided in time")
		assert.False(t, contains(w.card(id), "card/approve"))
		for _, who := range []string{bob, carol} {
			require.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve"))
			w.waitForNotification(who, "expired")
		}
		assert.Equal(t, approval.StateExpired, w.stored(id).State)
	})
}

func TestPolicyRestartRepeatsNoReminder(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, impatient, nil)
	id := w.Request()
	for n, d := range []time.Duration{2*time.Hour + time.Second, 4 * time.Hour, 2 * time.Hour} {
		w.WaitIdle(id)
		w.Advance(d)
		w.waitForThreadReply(id, n+1)
		w.RestartBot()
	}
	assert.Equal(t, 1, w.calls(security))
	w.ClickIn(alice, "requested/nudge", string(id))
	w.waitForThreadReply(id, 4)
	w.RestartBot()
	w.Advance(17 * time.Hour)
	w.WaitForState(id, approval.StateExpired)
	w.RestartBot()
	w.waitForThreadReply(id, 5)
	assert.Equal(t, 2, w.entries(id, approval.EventRemindApprovers))
}

// What came due while no one looked is said once.
func TestPolicyRemindersAfterLongDowntime(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, impatient, nil)
	id := w.Request()
	w.WaitIdle(id)
	w.StopBot()
	w.Advance(7 * time.Hour)
	w.StartBot()
	w.waitForThreadReply(id, 1)
	w.StopBot()
	w.Advance(3 * time.Hour)
	w.StartBot()
	assert.Equal(t, []string{security}, w.waitForThreadReply(id, 2).Mentions.Groups)
	w.StopBot()
	w.Advance(20 * time.Hour)
	w.StartBot()
	w.WaitForState(id, approval.StateExpired)
	w.waitForThreadReply(id, 3)
}
