package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

func TestAskApproveCreateSave(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		for _, said := range []string{slack.Alice, "billing export", "Organization Billing Viewer", "203.0.113.7", "198.51.100.0/24", "8 hours", "invoices of October, TICKET-12", string(id)} {
			assert.True(t, contains(card, said), "the card does not say %q", said)
		}
		w.Click(bob, "card/approve")
		w.WaitForMessage(alice, "ready/issue")
		card = w.WaitForMessage(bob, "pproved", string(id))
		assert.False(t, contains(card, "card/approve"), "a decided card has no buttons")
		assert.Empty(t, w.botKeys(), "approval makes no key")

		w.Click(alice, "ready/issue")
		note := w.WaitForMessage(alice, "MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY")
		assert.True(t, note.Ephemeral)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.True(t, contains(note, keys[0].PublicKey))
		assert.True(t, contains(note, w.Atlas.Secrets()[len(w.Atlas.Secrets())-1]))
		assert.NotContains(t, note.Text, keys[0].PublicKey, "notifications do not show it")
		assert.Contains(t, keys[0].Desc, "billing export")
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
		assert.Len(t, keys[0].Roles, 1)

		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.WaitForScreen(alice, "no key any more", func(s slack.Screen) bool { _, _, there := find(s, "PRIVATE_API_KEY"); return !there })
		w.WaitForMessage(alice, "ready/revoke", keys[0].PublicKey)

		w.Advance(8*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateEnded)
		w.WaitForMessage(alice, "outcome/request_again")
		w.WaitForMessage(bob, string(id), "deleted")
		assert.Empty(t, w.botKeys())
	})
}

func networksOf(k atlas.Key) []string {
	var all []string
	for _, a := range k.AccessList {
		all = append(all, a.Network)
	}
	return all
}
