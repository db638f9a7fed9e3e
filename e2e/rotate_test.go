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
func (w *Env) activeFor(lifetime string) policy.ID {
	w.t.Helper()
	id := w.Request(field("lifetime", slack.Pick(lifetime)))
	w.Click(bob, "card/approve")
	w.Click(alice, "ready/issue")
	w.WaitForState(id, approval.StateDelivered)
	w.Click(alice, "key/confirm")
	w.WaitForState(id, approval.StateActive)
	return id
}

// rotate opens a successor of a key, collects and saves it.
func (w *Env) rotate(id policy.ID) policy.ID {
	w.t.Helper()
	w.ClickIn(alice, "ready/rotate", string(id))
	next := w.successor(id, approval.Rotation)
	w.WaitForMessage(alice, "The successor is request "+string(next))
	w.ClickIn(alice, "ready/issue", string(next))
	w.WaitForState(next, approval.StateDelivered)
	require.Len(w.t, w.botKeys(), 2, "both live")
	w.ClickIn(alice, "key/confirm", string(next))
	w.WaitForState(next, approval.StateActive)
	w.WaitUntil("the earlier key knows", func() bool { return w.stored(next).PredecessorScheduled })
	return next
}

func TestRotationOverlapEndsOldKey(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.activeFor("168h0m0s")
		ends := w.stored(id).KeyExpiresAt
		next := w.rotate(id)
		card := w.WaitForMessageIn(bob, slack.Approvals, "Rotation "+string(next), string(id))
		assert.False(t, contains(card, "card/approve"), "no approver is asked")
		assert.Equal(t, ends, w.stored(next).KeyExpiresAt, "the same end")
		require.Len(t, w.botKeys(), 2)
		assert.NotEqual(t, w.stored(id).Key.PublicKey, w.stored(next).Key.PublicKey)
		assert.WithinDuration(t, w.Clock.Now().Add(24*time.Hour), w.stored(id).KeyExpiresAt, time.Minute)

		w.WaitIdle(id, next)
		w.Advance(24*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateEnded)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.stored(next).Key.PublicKey, keys[0].PublicKey)
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
		w.ClickIn(alice, "ready/retire_predecessor", string(next)) // late: there is nothing to delete any more
		w.WaitForMessage(alice, w.stored(id).Key.PublicKey, "was deleted", "Ask for a new one")
	})
}

func TestRotationRetiresPredecessor(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		next := w.rotate(id)
		old := w.WaitForMessage(alice, "ready/retire_predecessor", string(next))
		assert.True(t, contains(old, "Your previous key, of request "+string(id)))
		w.ClickIn(alice, "ready/retire_predecessor", string(next))
		assert.Equal(t, approval.CauseReplaced, w.WaitForState(id, approval.StateEnded).Outcome.Cause)
		w.WaitForMessage(alice, "The earlier key", "is being deleted")
		w.WaitForMessage(alice, string(id), "you replaced it with")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), alice, w.appDM(alice), old, "retire_predecessor"))
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.Equal(t, w.stored(next).Key.PublicKey, keys[0].PublicKey)
		assert.Equal(t, approval.StateActive, w.stored(next).State)
		assert.Equal(t, 1, w.entries(id, approval.EventRevoke))
	})
}

func TestKeyHasOneSuccessor(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.ClickIn(alice, "ready/rotate", string(id))
		next := w.successor(id, approval.Rotation)
		w.WaitForMessage(alice, "ready/issue", string(next))
		w.ClickIn(alice, "ready/rotate", string(id))
		w.WaitForMessage(alice, "is already being replaced by "+string(next))
		assert.Equal(t, 1, w.countSuccessors(id))

		w.ClickIn(alice, "ready/withdraw", string(next))
		w.WaitForState(next, approval.StateWithdrawn)
		w.ClickIn(alice, "ready/rotate", string(id))
		w.WaitUntil("there is another one", func() bool { return w.countSuccessors(id) == 2 })
		require.Len(t, w.botKeys(), 1)
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}
