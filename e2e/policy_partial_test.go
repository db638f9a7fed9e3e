package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// requestManyRoles is a wish of Alice's of which something can be left out.
func (w *Env) requestManyRoles() policy.ID {
	w.t.Helper()
	return w.Request(withRoles("ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"), withLifetime("24h0m0s"))
}

// aPart is what an approver leaves of that.
var aPart = map[string]string{
	"roles": "ORG_BILLING_READ_ONLY", "networks": "203.0.113.7\n198.51.100.64/28", "lifetime": "8h0m0s",
}

func but(values map[string]string, block, value string) map[string]string {
	changed := map[string]string{}
	for b, v := range values {
		changed[b] = v
	}
	changed[block] = value
	return changed
}

// leavesAPart is Bob's approval of a part.
func (w *Env) leavesAPart(id policy.ID) {
	w.t.Helper()
	w.ClickOpensModal(bob, "card/approve_partial", string(id))
	result := w.SubmitFields(bob, aPart)
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
}

func TestPolicyPartialApprovalIssuesKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		modal := w.ClickOpensModal(bob, "card/approve_partial", string(id))
		assert.Equal(t, approval.StatePending, w.stored(id).State, "nothing is approved before it is sent")
		assert.ElementsMatch(t, []string{"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"}, modal.Values["roles"]["roles"])
		assert.Equal(t, slack.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
		assert.Equal(t, slack.Pick("24h0m0s"), modal.Values["lifetime"]["lifetime"])
		require.Equal(t, slack.Closed, w.SubmitFields(bob, aPart).Outcome)

		w.WaitForState(id, approval.StateApproved)
		leftOut := []string{"@" + bob, "Organization Read Only", "198.51.100.0/24", "8 hours instead of 24 hours"}
		w.WaitForMessage(alice, append(leftOut, "ready/issue", "Decline")...)
		w.waitForCardWith(id, leftOut...)
		assert.False(t, contains(w.card(id), "card/approve_partial"))
		assert.Empty(t, w.thread(id))
		assert.Equal(t, 1, w.count(func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventApprove && strings.Contains(e.Note, "without ORG_READ_ONLY")
		}), "what was left out is on the record")

		w.Click(alice, "ready/issue")
		r := w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.64/28")
		assert.WithinDuration(t, w.Clock.Now().Add(8*time.Hour), r.KeyExpiresAt, time.Minute)
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	})
}

func TestPolicyPartialApprovalCanBeDeclined(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.leavesAPart(id)
		ready := w.WaitForMessage(alice, "ready/issue", "ready/withdraw")
		w.Click(alice, "ready/withdraw")
		assert.Equal(t, approval.CauseDeclined, w.WaitForState(id, approval.StateWithdrawn).Outcome.Cause)
		w.waitForThreadMessage(id, "@"+alice, "declined", string(id))
		w.WaitForMessage(alice, "You declined that", "@"+bob, string(id))
		assert.True(t, contains(w.card(id), "*Declined* by", "@"+alice))
		w.clickStaleInDM(alice, ready, "ready/issue")
		w.waitForNotification(alice, "took this request back")
		w.clickStaleInDM(alice, ready, "ready/withdraw")
		assert.Equal(t, 1, w.entries(id, approval.EventWithdraw))
		assert.Len(t, w.thread(id), 1)
		assert.Empty(t, w.botKeys())
	})
}

func TestPolicyPartialApprovalOfOneField(t *testing.T) {
	for name, tt := range map[string]struct {
		leaves   map[string]string
		said     string
		roles    []string
		networks []string
		lives    time.Duration
	}{
		"one role less": {
			map[string]string{"roles": "ORG_READ_ONLY"}, "without Organization Billing Viewer",
			[]string{"ORG_READ_ONLY"}, []string{"203.0.113.7", "198.51.100.0/24"}, 24 * time.Hour,
		},
		"one address less": {
			map[string]string{"networks": "203.0.113.7"}, "`203.0.113.7` instead of `203.0.113.7, 198.51.100.0/24`",
			[]string{"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"}, []string{"203.0.113.7"}, 24 * time.Hour,
		},
		"a shorter life": {
			map[string]string{"lifetime": "8h0m0s"}, "8 hours instead of 24 hours",
			[]string{"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"}, []string{"203.0.113.7", "198.51.100.0/24"}, 8 * time.Hour,
		},
		"nothing less": {
			map[string]string{}, "Approved",
			[]string{"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"}, []string{"203.0.113.7", "198.51.100.0/24"}, 24 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) {
				id := w.requestManyRoles()
				w.ClickOpensModal(bob, "card/approve_partial", string(id))
				require.Equal(t, slack.Closed, w.SubmitFields(bob, tt.leaves).Outcome)
				w.WaitForState(id, approval.StateApproved)
				ready := w.WaitForMessage(alice, "ready/issue", tt.said)
				assert.Equal(t, len(tt.leaves) > 0, contains(ready, "Reduced"))
				assert.Equal(t, len(tt.leaves) > 0, contains(ready, "Decline"))
				w.Click(alice, "ready/issue")
				r := w.WaitForState(id, approval.StateDelivered)
				w.requireKey(tt.roles, tt.networks...)
				assert.WithinDuration(t, w.Clock.Now().Add(tt.lives), r.KeyExpiresAt, time.Minute)
			})
		})
	}
}

func TestPolicyPartialApprovalInHome(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.OpenHome(bob, string(id), "home/approve_partial")
		w.ClickInHome(bob, "home/approve_partial", string(id))
		w.WaitForScreen(bob, "the form", func(s slack.Screen) bool { return s.Modal != nil })
		require.Equal(t, slack.Refused, w.SubmitFields(bob, but(aPart, "networks", "192.0.2.1")).Outcome)
		require.Equal(t, slack.Closed, w.SubmitFields(bob, aPart).Outcome)
		w.WaitForState(id, approval.StateApproved)
		w.WaitForHome(bob, "No requests are waiting for your decision")
		w.WaitForMessage(alice, "ready/issue", "@"+bob, "8 hours instead of 24 hours")

		// Carol, who decides nothing, has no such button; forged, it opens nothing.
		other := w.Request()
		w.OpenHome(carol, "No open requests or active keys")
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
			User: carol, Payload: json.RawMessage(atHome(carol, slack.TeamID, "home/approve_partial", string(other))),
		}))
		w.WaitForHome(carol, "Only approvers")
		assert.Nil(t, w.Slack.Screen(carol).Modal)
	})
}

// Bob leaves a part, and it still takes a user of security: she sees what he
// left, and may leave still less.
func TestPolicyTwoPartialApprovals(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.leavesAPart(id)
		r := w.waitForApprovals(id, 1)
		assert.Len(t, r.Requested.Roles, 2, "what was asked for is kept")
		w.waitForThreadMessage(id, "@"+bob, "1 of 2", "without Organization Read Only")
		w.WaitForMessage(alice, "requested/withdraw", "without Organization Read Only", ofSecurity)
		assert.True(t, contains(w.card(id), "@"+bob, "8 hours instead of 24 hours", "card/approve_partial"))

		modal := w.ClickOpensModal(carol, "card/approve_partial", string(id))
		assert.Equal(t, slack.Pick("ORG_BILLING_READ_ONLY"), modal.Values["roles"]["roles"])
		again, err := w.Slack.SubmitAgain(w.ctx(), bob)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome, "sent twice it is one approval")
		assert.Len(t, w.stored(id).Approvals, 1)
		require.Equal(t, slack.Closed, w.SubmitFields(carol, map[string]string{"networks": "203.0.113.7"}).Outcome)
		w.WaitForState(id, approval.StateApproved)
		w.WaitForMessage(alice, "ready/issue", "`203.0.113.7` instead of `203.0.113.7, 198.51.100.64/28`", "without Organization Read Only")
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.waitForThreadMessage(id, "@"+bob, "@"+carol, "`203.0.113.7` instead of", "without Organization Read Only")
		w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7")
	})
}

// What needed the second group is left out, so it is not asked any more.
func TestPolicyPartialApprovalNeedsFewerApprovals(t *testing.T) {
	const current = `
roles:
  ORG_READ_ONLY: {}
  ORG_OWNER:
    required_approvals: [{from: [S0APPROVERS]}, {from: [S0SECURITY]}]
`
	withPolicy(t, current, func(t *testing.T, w *Env) {
		id := w.Request(withRoles("ORG_READ_ONLY", "ORG_OWNER"))
		assert.True(t, contains(w.card(id), ofSecurity))
		w.ClickOpensModal(bob, "card/approve_partial", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(bob, map[string]string{"roles": "ORG_READ_ONLY"}).Outcome)
		assert.Equal(t, policy.UserID(bob), w.WaitForState(id, approval.StateApproved).Decision.By)
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_READ_ONLY"}, "203.0.113.7", "198.51.100.0/24")
	})
}
