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

// followerOf is the newest request of somebody about the key of id.
func (w *town) followerOf(who string, id policy.ID, purpose approval.RequestType) policy.ID {
	w.t.Helper()
	var found policy.ID
	w.until("there is a "+string(purpose)+" of "+string(id), func() bool {
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

func TestTheNewOwnerRotates(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, _ := w.handedOver()
		w.pressesOn(carol, "transfer/rotate", string(id))
		next := w.followerOf(carol, id, approval.Rotation)
		w.pressesOn(carol, "ready/issue", string(next))
		note := w.readsIn(carol, slack.AppDM(carol), "MONGODB_ATLAS_PRIVATE_API_KEY", string(next))
		assert.True(t, note.Ephemeral)
		w.becomes(next, approval.StateDelivered)
		w.pressesOn(carol, "key/confirm", string(next))
		w.becomes(next, approval.StateActive)
		require.Len(t, w.botKeys(), 2)
		w.pressesOn(carol, "ready/retire_predecessor", string(next))
		assert.Equal(t, approval.CauseReplaced, w.becomes(id, approval.StateEnded).Outcome.Cause)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.request(next).Key.PublicKey, keys[0].PublicKey)
		w.readsIn(carol, slack.AppDM(carol), string(id), "was deleted")
		_, _, told := find(w.Slack.Screen(alice), string(next))
		assert.False(t, told, "Alice hears nothing of it")
	})
}

func TestTheNewOwnerIsRemindedAndExtends(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, _ := w.handedOver()
		ends := w.request(id).KeyExpiresAt
		w.passes(6*time.Hour + time.Minute)
		w.readsIn(carol, slack.AppDM(carol), "expiry_reminder/extend", "expiry_reminder/rotate", "expiry_reminder/revoke", w.request(id).Key.PublicKey)
		w.opens(carol, "expiry_reminder/extend")
		require.Equal(t, slack.Closed, w.fills(carol, map[string]string{"lifetime": "24h0m0s", "reason": "it is still needed"}).Outcome)
		more := w.followerOf(carol, id, approval.Extension)
		w.readsIn(bob, slack.Approvals, "card/approve", string(more), "<@"+carol+">")
		w.pressesOn(bob, "card/approve", string(more))
		w.becomes(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.request(id).KeyExpiresAt)
		w.readsIn(carol, slack.AppDM(carol), string(more), "now ends")
		w.rests(id, more)
		w.passes(27 * time.Hour)
		w.becomes(id, approval.StateEnded)
		w.readsIn(carol, slack.AppDM(carol), string(id), "was deleted")
		assert.Empty(t, w.botKeys())
	})
}

func TestTheNewOwnerChangesAddressesAndRevokes(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, _ := w.handedOver()
		w.opens(carol, "transfer/replace_access_list", string(id))
		require.Equal(t, slack.Closed, w.fills(carol, map[string]string{"networks": "203.0.113.7", "reason": "the other runner is gone"}).Outcome)
		w.becomes(w.followerOf(carol, id, approval.AccessListChange), approval.StateApplied)
		w.hasList(id, "203.0.113.7")
		w.opens(carol, "transfer/extend", string(id))
		require.NoError(t, w.Slack.CloseModal(w.ctx(), carol))
		old := w.pressesOn(carol, "transfer/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.readsIn(carol, slack.AppDM(carol), string(id), "was deleted")
		w.rests(id)
		w.staleInDM(carol, old, "transfer/rotate")
		w.until("it is answered", func() bool { return w.whispersIn(carol, slack.AppDM(carol), "was deleted") })
	})
}

// The next owner leaves, too. What the one before was shown is dead.
func TestHandedOverTwice(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, _ := w.handedOver()
		before := w.readsIn(carol, slack.AppDM(carol), "transfer/revoke", string(id))
		w.Slack.Deactivate(carol)
		w.restartBot()
		said := w.readsIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id), "<@"+carol+">")
		assert.Equal(t, 1, w.notices("owner_deactivated/transfer"))
		w.handsTo(dana, said, bob)
		w.ownedBy(id, bob)
		w.readsIn(bob, slack.AppDM(bob), "transfer/rotate", string(id), "<@"+carol+">")
		require.Len(t, w.request(id).Transfers, 2)

		w.Slack.Reactivate(carol)
		w.staleInDM(carol, before, "transfer/revoke")
		w.until("it is refused", func() bool { return w.whispersIn(carol, slack.AppDM(carol), "Nothing was changed") })
		assert.Equal(t, approval.StateActive, w.request(id).State)
		w.pressesOn(bob, "transfer/revoke", string(id))
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
	})
}

// What the former owner had asked for about the key comes to nothing: nobody who
// looks after it asked for that.
func TestAWishOfTheFormerOwner(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.active()
		ends := w.request(id).KeyExpiresAt
		more := w.asksForTime(id, "ready/extend")
		w.rests(id, more)
		w.Slack.Deactivate(alice)
		w.restartBot()
		said := w.readsIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		w.handsTo(bob, said, carol)
		w.ownedBy(id, carol)
		w.pressesOn(dana, "card/approve", string(more))
		assert.Equal(t, approval.CauseKeyNotActive, w.becomes(more, approval.StateFailed).Outcome.Cause)
		w.readsIn(dana, slack.Approvals, string(more), "was given up")
		assert.Equal(t, ends, w.request(id).KeyExpiresAt)
		assert.Equal(t, approval.StateActive, w.request(id).State)
	})
}

// Slack does not say who is there: nobody's key is touched or told of.
func TestAccountsThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	w.rests(id)
	w.Slack.Hide(alice, true) // which is not deactivated
	w.restartBot()
	w.until("she was looked up", func() bool { return w.called("users.info") })
	w.Slack.Hide(alice, false)
	w.restartBot()
	w.until("the keys were compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
	assert.Zero(t, w.entries(id, approval.EventOwnerDeactivated))
	assert.Zero(t, w.notices("owner_deactivated/transfer"))
}

// restsInChannel waits until the approvers see a request as it is; whoever asked
// may be out of reach.
func (w *town) restsInChannel(id policy.ID) {
	w.t.Helper()
	w.until("the approvers see "+string(id), func() bool {
		r := w.request(id)
		for _, name := range r.Messages {
			if at := r.MessageRefs[name]; name.ToApprovers() && (at.TS == "" || at.Shown < r.Version) {
				return false
			}
		}
		return true
	})
}

// Nobody decides what becomes of it: it ends like any other, and the approvers
// read that soon, although its owner cannot be told.
func TestTheKeyOfSomebodyWhoLeftEnds(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.activeFor("168h0m0s")
		w.rests(id)
		w.Slack.Deactivate(alice)
		w.restartBot()
		w.readsIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		w.restsInChannel(id)
		w.passes(6*24*time.Hour + time.Minute)
		w.onDisk(id, "is near its end", func(r approval.Request) bool { return r.ExpiryReminders == 1 })
		for range 8 { // while it is tried to remind her
			w.restsInChannel(id)
			w.passes(10 * time.Minute)
		}
		w.restsInChannel(id)
		w.passes(24 * time.Hour)
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		ended := w.Clock.Now()
		w.until("the approvers read it", func() bool {
			w.passes(2 * time.Second)
			return w.notices(":wastebasket:", string(id)) > 0 && w.notices("owner_deactivated/transfer") == 0 && w.notices("card/revoke_with_reason") == 0
		})
		assert.Less(t, w.Clock.Now().Sub(ended), time.Minute, "that nobody can remind her delays nobody else")
	})
}
