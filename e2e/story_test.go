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
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		for _, said := range []string{slack.Alice, "billing export", "Organization Billing Viewer", "203.0.113.7", "198.51.100.0/24", "8 hours", "invoices of October, TICKET-12", string(id)} {
			assert.True(t, holds(card, said), "the card does not say %q", said)
		}
		w.presses(bob, "card/approve")
		w.reads(alice, "ready/issue")
		card = w.reads(bob, "pproved", string(id))
		assert.False(t, holds(card, "card/approve"), "a decided card has no buttons")
		assert.Empty(t, w.botKeys(), "approval makes no key")

		w.presses(alice, "ready/issue")
		note := w.reads(alice, "MONGODB_ATLAS_PUBLIC_API_KEY=", "MONGODB_ATLAS_PRIVATE_API_KEY=")
		assert.True(t, note.Ephemeral)
		keys := w.botKeys()
		require.Len(t, keys, 1)
		assert.True(t, holds(note, keys[0].PublicKey))
		assert.True(t, holds(note, w.Atlas.Secrets()[len(w.Atlas.Secrets())-1]))
		assert.NotContains(t, note.Text, keys[0].PublicKey, "notifications do not show it")
		assert.Contains(t, keys[0].Desc, "billing export")
		assert.ElementsMatch(t, []string{"203.0.113.7", "198.51.100.0/24"}, networksOf(keys[0]))
		assert.Len(t, keys[0].Roles, 1)

		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.sees(alice, "no key any more", func(s slack.Screen) bool { _, _, there := find(s, "PRIVATE_API_KEY"); return !there })
		w.reads(alice, "ready/revoke", keys[0].PublicKey)

		w.passes(8*time.Hour + time.Minute)
		w.becomes(id, approval.StateEnded)
		w.reads(alice, "outcome/request_again")
		w.reads(bob, string(id), "deleted")
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
