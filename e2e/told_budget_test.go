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

// A tally counts the messages that people have of what happened: edits are none.
type tally struct {
	cards, replies int // in the approvers' channel
	dms, keys      int // in the owner's conversation: what stays there, and ephemeral keys
}

func (w *Env) tally() tally {
	w.t.Helper()
	var all tally
	for _, m := range w.messages(bob, slack.Approvals) {
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			all.replies++
		} else {
			all.cards++
		}
	}
	for _, m := range w.messages(alice, w.appDM(alice)) {
		switch {
		case !m.Ephemeral:
			all.dms++
		case contains(m, "MONGODB_ATLAS_PRIVATE_API_KEY"):
			all.keys++
		}
	}
	return all
}

// What people are told of a key that is requested, approved, created, saved and expires.
func TestMessagesOfPlainKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(bob, id)
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForState(id, approval.StateDelivered)
		shown := w.tally()
		w.ClickIn(alice, "key/confirm", string(id))
		w.WaitForState(id, approval.StateActive)
		w.expires(id)
		told := w.tally()
		told.keys = shown.keys // it was dismissed when it was saved
		assert.Equal(t, tally{cards: 1, replies: 2, dms: 3, keys: 1}, told)

		last := w.WaitForMessageIn(alice, w.appDM(alice), "expiry_reminder/request_again", string(id))
		assert.True(t, last.Edited, "the reminder says that what it foretold came")
		outcomes := 0
		for _, m := range w.messages(alice, w.appDM(alice)) {
			if contains(m, "was deleted") {
				outcomes++
			}
		}
		assert.Equal(t, 1, outcomes, "it is said once")
	})
}

// expires lets the time pass until the key is reminded of and deleted.
func (w *Env) expires(id policy.ID) {
	w.t.Helper()
	w.WaitIdle(id)
	for w.stored(id).State == approval.StateActive {
		next := w.stored(id).KeyExpiresAt
		if at := w.stored(id).RemindAt; !at.IsZero() {
			next = at
		}
		version := w.stored(id).Version
		w.Advance(next.Sub(w.Clock.Now()) + time.Second)
		w.WaitUntil("what is due is done", func() bool { return w.stored(id).Version > version })
		w.WaitIdle(id)
	}
	w.WaitForState(id, approval.StateEnded)
	w.WaitIdle(id)
}

// The same of a key that is also extended, rotated and gets another access list.
func TestMessagesOfChangedKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		extension := w.requestExtension(id, "ready/extend")
		w.approve(bob, extension)
		w.WaitForState(extension, approval.StateApplied)
		list := w.requestAccessList(id, "203.0.113.7\n203.0.113.9")
		w.approve(bob, list)
		w.WaitForState(list, approval.StateApplied)
		w.WaitIdle(id, extension, list)
		w.ClickIn(alice, "ready/rotate", string(id))
		next := w.successor(id, approval.Rotation)
		w.ClickIn(alice, "ready/issue", string(next))
		w.WaitForState(next, approval.StateDelivered)
		w.ClickIn(alice, "key/confirm", string(next))
		w.WaitForState(next, approval.StateActive)
		w.ClickIn(alice, "ready/retire_predecessor", string(next))
		w.WaitForState(id, approval.StateEnded)
		w.expires(next)
		told := w.tally()
		assert.LessOrEqual(t, told.cards, 4)
		assert.LessOrEqual(t, told.replies, 6)
	})
}

// What needs no approval is announced by one card, and by one message to its requester.
func TestMessagesWithoutApproval(t *testing.T) {
	withPolicy(t, `
required_approvals:
  - from: [S0APPROVERS]
auto_approvals:
  - {name: reading, allowed_requesters: everyone, roles: [ORG_READ_ONLY], max_lifetime: 24h}
`, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(modest(withRoles("ORG_READ_ONLY"))...))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome)
		id := w.newestRequest()
		w.WaitForMessage(alice, "ready/issue", string(id))
		w.WaitIdle(id)
		assert.Equal(t, tally{cards: 1, dms: 1}, w.tally())

		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForState(id, approval.StateDelivered)
		w.ClickIn(alice, "key/confirm", string(id))
		w.WaitForState(id, approval.StateActive)
		w.WaitIdle(id)
		before := w.tally()
		w.ClickOpensModal(alice, "ready/replace_access_list", string(id))
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"networks": "203.0.113.7", "reason": "one runner is gone"}).Outcome)
		list := w.successor(id, approval.AccessListChange)
		w.WaitForState(list, approval.StateApplied)
		w.WaitIdle(id, list)
		before.cards++
		before.dms++
		assert.Equal(t, before, w.tally())
	})
}
