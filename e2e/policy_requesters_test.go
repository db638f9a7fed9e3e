package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
)

// Who left out what stays with who did it, also when another user leaves out
// more.
func TestPolicyApproversAreNamedForTheirChanges(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.leavesAPart(id)
		w.waitForApprovals(id, 1)
		w.waitForThreadMessage(id, "@"+bob, "1 of 2", "without Organization Read Only")
		w.ClickOpensModal(carol, "card/approve_partial", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(carol, map[string]string{"networks": "203.0.113.7"}).Outcome)
		w.WaitForState(id, approval.StateApproved)
		w.WaitIdle(id)
		require.Contains(t, w.thread(id)[0].Text, "without Organization Read Only", "what was said under the card stays true")
	})
}

// Under the card it is said when a key was made and when it ended.
func TestPolicyNotificationsOfIssueAndEnd(t *testing.T) {
	for _, name := range []string{"made", "at its end"} {
		tt := tellings[name]
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) { w.isDated(t, tt) })
		})
	}
}

// Where the usual approvals are those of two groups the card says so, too.
func TestPolicyCardDistinguishesDefaultGroups(t *testing.T) {
	withPolicy(t, "required_approvals: [{from: [S0APPROVERS]}, {from: [S0SECURITY]}]", func(t *testing.T, w *Env) {
		require.NotContains(t, w.card(w.Request()).Text, "an approver and an approver")
	})
}
