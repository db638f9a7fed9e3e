package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestPolicyOneApprovalOfEachGroup(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.card(id)
		assert.True(t, contains(card, ofApprovers, ofSecurity, "card/approve"), "the card says whose approval it takes")
		assert.Equal(t, []string{slack.Approvers, security}, card.Mentions.Groups, "and calls them")
		assert.True(t, contains(w.WaitForMessage(alice, "requested/withdraw"), ofApprovers, ofSecurity), "so does the asker's message")

		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		assert.True(t, contains(w.card(id), "@"+bob, "1 of 2", "card/approve", "card/deny"))
		w.waitForThreadMessage(id, "@"+bob, "1 of 2", string(id))
		w.WaitForMessage(alice, "requested/withdraw", "@"+bob, "1 of 2")
		assert.Len(t, w.thread(id), 1)

		w.approve(dana, id)
		w.waitForNotification(dana, ofSecurity, "needed any more")
		w.approve(bob, id)
		w.waitForNotification(bob, "already approved this", ofSecurity)
		require.Len(t, w.stored(id).Approvals, 1)
		assert.Empty(t, w.botKeys())

		w.approve(carol, id)
		r := w.WaitForState(id, approval.StateApproved)
		assert.Equal(t, policy.UserID(carol), r.Decision.By)
		w.WaitForMessage(alice, "ready/issue", "@"+bob, "@"+carol)
		assert.False(t, contains(w.card(id), "card/approve"))
		assert.Len(t, w.thread(id), 1)
		assert.Equal(t, 1, w.entries(id, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))

		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.requireKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.0/24")
	})
}

func TestPolicyConcurrentApprovalsOfBothGroups(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.card(id)
		var all sync.WaitGroup
		for _, who := range []string{carol, bob, dana, bob} {
			all.Go(func() {
				assert.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve"))
			})
		}
		all.Wait()
		assert.Len(t, w.WaitForState(id, approval.StateApproved).Approvals, 2)
		assert.Equal(t, 1, w.entries(id, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		w.WaitIdle(id)
		assert.Len(t, w.thread(id), 1)
	})
}

func TestPolicyOneDenialDecides(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		card := w.card(id)
		w.ClickOpensModal(carol, "card/deny", string(id))
		w.SubmitText(carol, "reason", "not before the audit")
		w.WaitForState(id, approval.StateDenied)
		w.WaitForMessage(alice, "outcome/request_again", "@"+carol, "not before the audit")
		w.waitForThreadMessage(id, "@"+carol, "enied", "not before the audit")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, card, "approve"))
		w.waitForNotification(dana, "@"+carol, "denied")
		assert.Equal(t, approval.StateDenied, w.stored(id).State)
		assert.Empty(t, w.botKeys())
	})
}

func TestPolicyExcludedApproverIsRefused(t *testing.T) {
	withPolicy(t, twoGroups+"excluded_approvers: [U0DANA]\n", func(t *testing.T, w *Env) {
		id := w.Request()
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.ClickIn(dana, action, string(id))
		}
		w.requireNotifications(3, dana, "Only approvers", "Nothing was changed")
		assert.Nil(t, w.Slack.Screen(dana).Modal)
		assert.Equal(t, 3, w.refusals(id), "the decision and both forms that were not opened")
		assert.Empty(t, w.stored(id).Approvals)
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.WaitForState(id, approval.StateApproved)
	})
}

func TestPolicyRequesterInApproverGroup(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.requestAs(bob)
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.ClickIn(bob, action, string(id))
		}
		w.requireNotifications(3, bob, "your own request")
		assert.Nil(t, w.Slack.Screen(bob).Modal)
		assert.Empty(t, w.stored(id).Approvals)
		w.approve(dana, id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.WaitForState(id, approval.StateApproved)
		w.WaitForMessage(bob, "ready/issue", "@"+dana, "@"+carol)
	})
}

func TestPolicyRequesterIsOnlyGroupMember(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		w.OpenForm(carol)
		w.choose(carol, map[string]slack.Value{"roles": slack.Pick("ORG_BILLING_READ_ONLY")})
		w.modalShows(carol, "too few people besides you", ofSecurity)
		require.NoError(t, w.Slack.CloseModal(w.ctx(), carol))
		id := w.requestAs(carol)
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(dana, id)
		w.waitForNotification(dana, ofSecurity)
		w.approve(carol, id)
		w.waitForNotification(carol, "your own request")
		assert.Equal(t, approval.StatePending, w.stored(id).State)
	})
}

func TestPolicyTwoApprovalsOfOneGroup(t *testing.T) {
	withPolicy(t, "required_approvals: [{from: [S0APPROVERS], count: 2}]", func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.card(id)
		assert.True(t, contains(card, "2 approvals from <!subteam^"+slack.Approvers+">"))
		assert.Equal(t, both, card.Notified)
		w.approve(dana, id)
		w.waitForApprovals(id, 1)
		w.WaitForMessage(alice, "requested/withdraw", "@"+dana, "1 more approval from <!"+ofApprovers)
		w.approve(dana, id)
		w.waitForNotification(dana, "already approved this", "1 more approval from <!"+ofApprovers)
		w.approve(carol, id)
		w.waitForNotification(carol, "Only approvers")
		w.approve(bob, id)
		w.WaitForState(id, approval.StateApproved)
		w.WaitForMessage(alice, "ready/issue", "@"+dana, "@"+bob)
	})
}

// A user in two groups counts once, for whichever leaves room for the others.
func TestPolicyOnePersonInBothGroups(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		w.Slack.SetGroup(security, bob)
		id := w.Request()
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(bob, id)
		w.waitForNotification(bob, "already approved this")
		w.approve(dana, id)
		assert.Len(t, w.WaitForState(id, approval.StateApproved).Approvals, 2)
	})
}

func TestPolicyRoleApprovers(t *testing.T) {
	const current = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY:
    required_approvals: [{from: [S0SECURITY]}]
`
	withPolicy(t, current, func(t *testing.T, w *Env) {
		plain, billing := w.Request(withRoles("ORG_READ_ONLY")), w.Request()
		w.approve(carol, plain)
		w.waitForNotification(carol, "Only approvers")
		w.approve(bob, billing)
		w.waitForNotification(bob, "Only approvers")
		w.approve(bob, plain)
		w.WaitForState(plain, approval.StateApproved)
		w.approve(carol, billing)
		w.WaitForState(billing, approval.StateApproved)
		assert.False(t, contains(w.card(billing), ofApprovers))
	})
}

func TestPolicyApprovalSurvivesRestart(t *testing.T) {
	t.Parallel()
	w := newPolicyEnv(t, false, twoGroups, nil)
	id := w.Request()
	w.approve(bob, id)
	w.waitForApprovals(id, 1)
	before := len(w.thread(id))
	w.RestartBot()
	w.approve(bob, id)
	w.waitForNotification(bob, "already approved this")
	w.approve(carol, id)
	w.WaitForState(id, approval.StateApproved)
	w.WaitIdle(id)
	assert.Len(t, w.thread(id), before, "the card says that it is approved")
}

// Who cannot be told from a stranger just now changes nothing, and reads that
// it is not their doing.
func TestPolicyUnlistedGroup(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		w.WaitIdle(id)
		w.Advance(20 * time.Minute) // what is known of the groups is too old now
		w.inject(wire.Fault{Side: wire.Slack, Operation: "usergroups.users.list", Mode: wire.HTML503, Count: -1})
		w.approve(bob, id)
		w.waitForNotification(bob, "Try again")
		assert.Empty(t, w.stored(id).Approvals)
		w.Wire.Clear()
		w.approve(bob, id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.WaitForState(id, approval.StateApproved)
	})
}
