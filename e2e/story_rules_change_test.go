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
func (w *town) activeUnder() policy.ID {
	w.t.Helper()
	id := w.asks()
	w.approves(bob, id)
	w.endorsed(id, 1)
	w.approves(carol, id)
	w.becomes(id, approval.StateApproved)
	w.presses(alice, "ready/issue")
	w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
	w.becomes(id, approval.StateDelivered)
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	w.rests(id)
	return id
}

// A change of a live key takes the same approvals as the key did, as it is or
// not at all.
func TestRulesAChangeTakesBothGroups(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.activeUnder()
		more := w.asksForTime(id, "ready/extend")
		w.rests(more)
		card := w.card(more)
		assert.True(t, holds(card, ofApprovers, ofSecurity))
		assert.False(t, holds(card, "card/approve_partial"))
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: bob, TS: card.TS, ActionID: "approve_partial", BlockID: blockOf("card/approve_partial", more), Value: string(more)}))
		w.isTold(bob, "as it is or not at all")
		assert.Nil(t, w.Slack.Screen(bob).Modal)

		ends := w.request(id).KeyExpiresAt
		w.approves(carol, more)
		w.endorsed(more, 1)
		assert.Equal(t, ends, w.request(id).KeyExpiresAt)
		w.approves(dana, more)
		w.becomes(more, approval.StateApplied)
		assert.Equal(t, ends.Add(24*time.Hour), w.request(id).KeyExpiresAt)
		assert.Equal(t, 1, w.entries(more, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(more, approval.EventApproveChange))
		w.rests(more)
		assert.Len(t, w.thread(more), 3, "one approval, the other, and that it was done")

		change := w.asksForAddresses(id, "203.0.113.7 192.0.2.9")
		w.rests(change)
		w.approves(bob, change)
		w.endorsed(change, 1)
		w.hasList(id, "203.0.113.7", "198.51.100.0/24")
		w.approves(carol, change)
		w.becomes(change, approval.StateApplied)
		w.hasList(id, "203.0.113.7", "192.0.2.9")
	})
}

// A key that a rule allows for eight hours is not stretched by more time.
func TestRulesMoreTimeIsOutsideOfTheCase(t *testing.T) {
	underRules(t, readingFromCI, func(t *testing.T, w *town) {
		require.Equal(t, slack.Closed, w.sendsForm(alice, reading()...).Outcome)
		id := w.newest()
		w.presses(alice, "ready/issue")
		w.reads(alice, "MONGODB_ATLAS_PRIVATE_API_KEY")
		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.opens(alice, "ready/extend", string(id))
		require.Equal(t, slack.Closed, w.fills(alice, map[string]string{"lifetime": "8h0m0s", "reason": "more"}).Outcome)
		more := w.follower(id, approval.Extension)
		assert.Equal(t, approval.StatePending, w.request(more).State)
		w.approves(bob, more)
		w.becomes(more, approval.StateApplied)
	})
}

func TestRulesApprovalsAtHome(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		w.opensHome(bob, string(id), "home/approve", ofSecurity)
		w.pressesAtHome(bob, "home/approve", string(id))
		w.endorsed(id, 1)
		w.home(bob, "Nothing waits for your decision")
		w.opensHome(dana, string(id), "1 of 2", "home/approve")
		w.pressesAtHome(dana, "home/approve", string(id))
		w.home(dana, "waits for other people", ofSecurity)
		require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
			User: bob, Payload: json.RawMessage(atHome(bob, slack.TeamID, "home/approve", string(id))), // of a tab that is old
		}))
		w.home(bob, "approved this already")
		w.opensHome(carol, string(id), "1 of 2", "home/approve")
		w.pressesAtHome(carol, "home/approve", string(id))
		w.becomes(id, approval.StateApproved)
		w.home(carol, "Nothing waits for your decision")
	})
}

// Bob approved already; a form for less is then his second approval.
func TestRulesLessAfterOnesOwnApproval(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		card := w.card(id)
		w.opens(bob, "card/approve_partial", string(id))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		before := w.endorsed(id, 1)
		assert.Equal(t, slack.Updated, w.fills(bob, aPart).Outcome)
		w.modalShows(bob, "approved this already")
		assert.Equal(t, before.Version, w.request(id).Version)
		assert.Len(t, w.request(id).Access.Roles, 2)
	})
}

func TestRulesEverythingIsDeliveredTwice(t *testing.T) {
	underRules(t, twoGroups+impatient, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.pressesOn(alice, "requested/nudge", string(id))
		w.hears(id, 1)
		w.leavesAPart(id)
		w.endorsed(id, 1)
		w.approves(carol, id)
		w.becomes(id, approval.StateApproved)
		w.hears(id, 3)
		for _, on := range []approval.Event{approval.EventSubmit, approval.EventNudge, approval.EventApprovalAdded, approval.EventApprove} {
			assert.Equal(t, 1, w.entries(id, on), on)
		}
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}
