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

// successorOf is the newest request of a user about the key of id.
func (w *Env) successorOf(who string, id policy.ID, purpose approval.RequestType) policy.ID {
	w.t.Helper()
	var found policy.ID
	w.WaitUntil("there is a "+string(purpose)+" of "+string(id), func() bool {
		all, err := w.store().ListByRequester(w.ctx(), policy.UserID(who))
		require.NoError(w.t, err)
		for _, r := range all {
			if r.ParentID == id && r.Type == purpose {
				found = r.ID
				return true
			}
		}
		return false
	})
	return found
}

func TestNewOwnerRotates(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, _ := w.transferred()
		w.ClickIn(carol, "transfer/rotate", string(id))
		next := w.successorOf(carol, id, approval.Rotation)
		w.ClickIn(carol, "ready/issue", string(next))
		note := w.WaitForMessageIn(carol, slack.AppDM(carol), "MONGODB_ATLAS_PRIVATE_API_KEY", string(next))
		assert.True(t, note.Ephemeral)
		w.WaitForState(next, approval.StateDelivered)
		w.ClickIn(carol, "key/confirm", string(next))
		w.WaitForState(next, approval.StateActive)
		require.Len(t, w.botKeys(), 2)
		w.ClickIn(carol, "ready/retire_predecessor", string(next))
		assert.Equal(t, approval.CauseReplaced, w.WaitForState(id, approval.StateEnded).Outcome.Cause)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.stored(next).Key.PublicKey, keys[0].PublicKey)
		w.WaitForMessageIn(carol, slack.AppDM(carol), string(id), "was deleted")
		_, _, told := find(w.Slack.Screen(alice), string(next))
		assert.False(t, told, "Alice hears nothing of it")
	})
}

func TestNewOwnerIsRemindedAndExtends(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, _ := w.transferred()
		ends := w.stored(id).KeyExpiresAt
		w.Advance(6*time.Hour + time.Minute)
		w.WaitForMessageIn(carol, slack.AppDM(carol), "expiry_reminder/extend", "expiry_reminder/rotate", "expiry_reminder/revoke", w.stored(id).Key.PublicKey)
		w.ClickOpensModal(carol, "expiry_reminder/extend")
		require.Equal(t, slack.Closed, w.SubmitFields(carol, map[string]string{"lifetime": "24h0m0s", "reason": "it is still needed"}).Outcome)
		more := w.successorOf(carol, id, approval.Extension)
		w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(more), "<@"+carol+">")
		w.ClickIn(bob, "card/approve", string(more))
		w.WaitForState(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.stored(id).KeyExpiresAt)
		w.WaitForMessageIn(carol, slack.AppDM(carol), string(more), "extended to")
		w.WaitIdle(id, more)
		w.Advance(27 * time.Hour)
		w.WaitForState(id, approval.StateEnded)
		w.WaitForMessageIn(carol, slack.AppDM(carol), string(id), "was deleted")
		assert.Empty(t, w.botKeys())
	})
}

func TestNewOwnerChangesAccessListAndRevokes(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, _ := w.transferred()
		w.ClickOpensModal(carol, "transfer/replace_access_list", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(carol, map[string]string{"networks": "203.0.113.7", "reason": "the other runner is gone"}).Outcome)
		w.WaitForState(w.successorOf(carol, id, approval.AccessListChange), approval.StateApplied)
		w.requireAccessList(id, "203.0.113.7")
		w.ClickOpensModal(carol, "transfer/extend", string(id))
		require.NoError(t, w.Slack.CloseModal(w.ctx(), carol))
		old := w.ClickIn(carol, "transfer/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.WaitForMessageIn(carol, slack.AppDM(carol), string(id), "was deleted")
		w.WaitIdle(id)
		w.clickStaleInDM(carol, old, "transfer/rotate")
		w.WaitUntil("it is answered", func() bool { return w.hasEphemeralIn(carol, slack.AppDM(carol), "was deleted") })
	})
}

// The next owner leaves, too. What the one before was shown is dead.
func TestTransferTwice(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, _ := w.transferred()
		before := w.WaitForMessageIn(carol, slack.AppDM(carol), "transfer/revoke", string(id))
		w.Slack.Deactivate(carol)
		w.RestartBot()
		said := w.WaitForMessageIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id), "<@"+carol+">")
		assert.Equal(t, 1, w.notices("owner_deactivated/transfer"))
		w.transferTo(dana, said, bob)
		w.ownedBy(id, bob)
		w.WaitForMessageIn(bob, slack.AppDM(bob), "transfer/rotate", string(id), "<@"+carol+">")
		require.Len(t, w.stored(id).Transfers, 2)

		w.Slack.Reactivate(carol)
		w.clickStaleInDM(carol, before, "transfer/revoke")
		w.WaitUntil("it is refused", func() bool { return w.hasEphemeralIn(carol, slack.AppDM(carol), "Nothing was changed") })
		assert.Equal(t, approval.StateActive, w.stored(id).State)
		w.ClickIn(bob, "transfer/revoke", string(id))
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

// What the former owner had asked for about the key comes to nothing: no one who
// looks after it asked for that.
func TestPendingChangeOfFormerOwnerIsWithdrawn(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.active()
		ends := w.stored(id).KeyExpiresAt
		more := w.requestExtension(id, "ready/extend")
		w.WaitIdle(id, more)
		w.Slack.Deactivate(alice)
		w.RestartBot()
		said := w.WaitForMessageIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		w.transferTo(bob, said, carol)
		w.ownedBy(id, carol)
		w.ClickIn(dana, "card/approve", string(more))
		assert.Equal(t, approval.CauseKeyNotActive, w.WaitForState(more, approval.StateFailed).Outcome.Cause)
		w.WaitForMessageIn(dana, slack.Approvals, string(more), "Nothing was changed")
		assert.Equal(t, ends, w.stored(id).KeyExpiresAt)
		assert.Equal(t, approval.StateActive, w.stored(id).State)
	})
}

// Slack does not say who is there: no one's key is touched or told of.
func TestOwnerIsKeptWhenLookupFails(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	w.WaitIdle(id)
	w.Slack.Hide(alice, true) // which is not deactivated
	w.RestartBot()
	w.WaitUntil("she was looked up", func() bool { return w.called("users.info") })
	w.Slack.Hide(alice, false)
	w.RestartBot()
	w.WaitUntil("the keys were compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
	assert.Zero(t, w.entries(id, approval.EventOwnerDeactivated))
	assert.Zero(t, w.notices("owner_deactivated/transfer"))
}

// WaitIdleInChannel waits until the approvers see a request as it is; the requester
// may be out of reach.
func (w *Env) WaitIdleInChannel(id policy.ID) {
	w.t.Helper()
	w.waitSynced(func(_ approval.Request, name approval.MessageName) bool { return name.ToApprovers() }, id)
}

// No one decides what becomes of it: it ends like any other, and the approvers
// read that soon, although its owner cannot be told.
func TestKeyOfDeactivatedOwnerExpires(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.activeFor("168h0m0s")
		w.WaitIdle(id)
		w.Slack.Deactivate(alice)
		w.RestartBot()
		w.WaitForMessageIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		w.WaitIdleInChannel(id)
		w.Advance(6*24*time.Hour + time.Minute)
		w.WaitForRequest(id, "is near its end", func(r approval.Request) bool { return r.ExpiryReminders == 1 })
		for range 8 { // while it is tried to remind her
			w.WaitIdleInChannel(id)
			w.Advance(10 * time.Minute)
		}
		w.WaitIdleInChannel(id)
		w.Advance(24 * time.Hour)
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		ended := w.Clock.Now()
		w.WaitUntil("the approvers read it", func() bool {
			w.Advance(2 * time.Second)
			return w.notices(":wastebasket:", string(id)) > 0 && w.notices("owner_deactivated/transfer") == 0 && w.notices("card/revoke_with_reason") == 0
		})
		assert.Less(t, w.Clock.Now().Sub(ended), time.Minute, "a user who cannot be reached delays no other")
	})
}
