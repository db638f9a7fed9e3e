package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// activeFor is a key of Alice's with one of the lifetimes.
func (w *town) activeFor(lifetime string) policy.ID {
	w.t.Helper()
	id := w.asks(field("lifetime", slack.Pick(lifetime)))
	w.presses(bob, "card/approve")
	w.presses(alice, "ready/issue")
	w.becomes(id, approval.StateDelivered)
	w.presses(alice, "key/confirm")
	w.becomes(id, approval.StateActive)
	return id
}

// rotates opens a successor of a key, collects and saves it.
func (w *town) rotates(id policy.ID) policy.ID {
	w.t.Helper()
	w.pressesOn(alice, "ready/rotate", string(id))
	next := w.follower(id, approval.Rotation)
	w.reads(alice, "The successor is request "+string(next))
	w.pressesOn(alice, "ready/issue", string(next))
	w.becomes(next, approval.StateDelivered)
	require.Len(w.t, w.botKeys(), 2, "both live")
	w.pressesOn(alice, "key/confirm", string(next))
	w.becomes(next, approval.StateActive)
	w.until("the earlier key knows", func() bool { return w.request(next).PredecessorScheduled })
	return next
}

func TestRotateAndTheOverlapEndsTheOldKey(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.activeFor("168h0m0s")
		ends := w.request(id).KeyExpiresAt
		next := w.rotates(id)
		card := w.readsIn(bob, slack.Approvals, "Rotation "+string(next), string(id))
		assert.False(t, holds(card, "card/approve"), "nobody is asked")
		assert.Equal(t, ends, w.request(next).KeyExpiresAt, "the same end")
		require.Len(t, w.botKeys(), 2)
		assert.NotEqual(t, w.request(id).Key.PublicKey, w.request(next).Key.PublicKey)
		assert.WithinDuration(t, w.Clock.Now().Add(24*time.Hour), w.request(id).KeyExpiresAt, time.Minute)

		w.rests(id, next)
		w.passes(24*time.Hour + time.Minute)
		w.becomes(id, approval.StateEnded)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.request(next).Key.PublicKey, keys[0].PublicKey)
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
		w.pressesOn(alice, "ready/retire_predecessor", string(next)) // late: there is nothing to delete any more
		w.reads(alice, w.request(id).Key.PublicKey, "was deleted", "Ask for a new one")
	})
}

func TestSwitchedOver(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		next := w.rotates(id)
		old := w.reads(alice, "ready/retire_predecessor", string(next))
		assert.True(t, holds(old, "The earlier key, of request "+string(id)))
		w.pressesOn(alice, "ready/retire_predecessor", string(next))
		assert.Equal(t, approval.CauseReplaced, w.becomes(id, approval.StateEnded).Outcome.Cause)
		w.reads(alice, "The earlier key", "is being deleted")
		w.reads(alice, string(id), "because its successor took over")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), alice, w.appDM(alice), old, "retire_predecessor"))
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.request(next).Key.PublicKey, keys[0].PublicKey)
		assert.Equal(t, approval.StateActive, w.request(next).State)
		assert.Equal(t, 1, w.entries(id, approval.EventRevoke))
	})
}

func TestAKeyHasOneSuccessor(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.pressesOn(alice, "ready/rotate", string(id))
		next := w.follower(id, approval.Rotation)
		w.reads(alice, "ready/issue", string(next))
		w.pressesOn(alice, "ready/rotate", string(id))
		w.reads(alice, "has a successor already, request "+string(next))
		assert.Equal(t, 1, w.followers(id))

		w.pressesOn(alice, "ready/withdraw", string(next))
		w.becomes(next, approval.StateWithdrawn)
		w.pressesOn(alice, "ready/rotate", string(id))
		w.until("there is another one", func() bool { return w.followers(id) == 2 })
		require.Len(t, w.botKeys(), 1)
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}
