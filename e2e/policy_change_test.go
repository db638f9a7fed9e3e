package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// activeUnder is a key of Alice's that both groups approved.
func (w *Env) activeUnder() policy.ID {
	w.t.Helper()
	id := w.Request()
	w.approve(bob, id)
	w.waitForApprovals(id, 1)
	w.approve(carol, id)
	w.WaitForState(id, approval.StateApproved)
	w.Click(alice, "ready/issue")
	w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.WaitForState(id, approval.StateDelivered)
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	w.WaitIdle(id)
	return id
}

// A change of an active key takes the same approvals as the key did, as it is or
// not at all.
func TestPolicyChangeNeedsBothGroups(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.activeUnder()
		more := w.requestExtension(id, "ready/extend")
		w.WaitIdle(more)
		card := w.card(more)
		assert.True(t, contains(card, ofApprovers, ofSecurity))
		assert.False(t, contains(card, "card/approve_partial"))
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: bob, TS: card.TS, ActionID: "approve_partial", BlockID: blockOf("card/approve_partial", more), Value: string(more)}))
		w.waitForNotification(bob, "as it is or not at all")
		assert.Nil(t, w.Slack.Screen(bob).Modal)

		ends := w.stored(id).KeyExpiresAt
		w.approve(carol, more)
		w.waitForApprovals(more, 1)
		assert.Equal(t, ends, w.stored(id).KeyExpiresAt)
		w.approve(dana, more)
		w.WaitForState(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.stored(id).KeyExpiresAt)
		assert.Equal(t, 1, w.entries(more, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(more, approval.EventApproveChange))
		w.WaitIdle(more)
		assert.Len(t, w.thread(more), 2, "one approval, and that it was done")

		change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
		w.WaitIdle(change)
		w.approve(bob, change)
		w.waitForApprovals(change, 1)
		w.requireAccessList(id, "203.0.113.7", "198.51.100.0/24")
		w.approve(carol, change)
		w.WaitForState(change, approval.StateApplied)
		w.requireAccessList(id, "203.0.113.7", "192.0.2.9")
	})
}

// A key that a rule allows for eight hours is not stretched by more time.
func TestPolicyExtensionIsNotAutoApproved(t *testing.T) {
	withPolicy(t, readingFromCI, func(t *testing.T, w *Env) {
		require.Equal(t, slack.Closed, w.submitForm(alice, reading()...).Outcome)
		id := w.newestRequest()
		w.Click(alice, "ready/issue")
		w.WaitForMessage(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.ClickOpensModal(alice, "ready/extend", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"lifetime": "8h0m0s", "reason": "more"}).Outcome)
		more := w.successor(id, approval.Extension)
		assert.Equal(t, approval.StatePending, w.stored(more).State)
		w.approve(bob, more)
		w.WaitForState(more, approval.StateApplied)
	})
}

func TestPolicyApprovalsInHome(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.Request()
		w.OpenHome(bob, string(id), "home/approve", ofSecurity)
		w.ClickInHome(bob, "home/approve", string(id))
		w.waitForApprovals(id, 1)
		w.WaitForHome(bob, "No requests are waiting for your decision")
		w.OpenHome(dana, string(id), "1 of 2", "home/approve")
		w.ClickInHome(dana, "home/approve", string(id))
		w.WaitForHome(dana, "Your approval isn't needed any more", ofSecurity)
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
			User: bob, Payload: json.RawMessage(atHome(bob, slack.TeamID, "home/approve", string(id))), // of a tab that is old
		}))
		w.WaitForHome(bob, "already approved this")
		w.OpenHome(carol, string(id), "1 of 2", "home/approve")
		w.ClickInHome(carol, "home/approve", string(id))
		w.WaitForState(id, approval.StateApproved)
		w.WaitForHome(carol, "No requests are waiting for your decision")
	})
}

// Bob approved already; a form for less is then his second approval.
func TestPolicyPartialApprovalAfterOwnApproval(t *testing.T) {
	withPolicy(t, twoGroups, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		card := w.card(id)
		w.ClickOpensModal(bob, "card/approve_partial", string(id))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		before := w.waitForApprovals(id, 1)
		assert.Equal(t, slack.Updated, w.SubmitFields(bob, aPart).Outcome)
		w.modalShows(bob, "already approved this")
		assert.Equal(t, before.Version, w.stored(id).Version)
		assert.Len(t, w.stored(id).Access.Roles, 2)
	})
}

func TestPolicyDuplicateDeliveriesCountOnce(t *testing.T) {
	withPolicy(t, twoGroups+impatient, func(t *testing.T, w *Env) {
		id := w.requestManyRoles()
		w.ClickIn(alice, "requested/nudge", string(id))
		w.waitForThreadReply(id, 1)
		w.leavesAPart(id)
		w.waitForApprovals(id, 1)
		w.approve(carol, id)
		w.WaitForState(id, approval.StateApproved)
		w.waitForThreadReply(id, 2)
		for _, on := range []approval.Event{approval.EventSubmit, approval.EventNudge, approval.EventApprovalAdded, approval.EventApprove} {
			assert.Equal(t, 1, w.entries(id, on), on)
		}
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}
