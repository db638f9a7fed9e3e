package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

func atDocumentedRates(o *sandbox.Options) { o.Slack.RateLimits = true }

// TestAKeyIsMadeAndRevokedAtSlacksDocumentedRates while two people do all they
// can to use them up.
func TestAKeyIsMadeAndRevokedAtSlacksDocumentedRates(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		noise := func() {
			for range 60 {
				require.NoError(t, w.Slack.OpenHome(w.ctx(), gil))
				require.NoError(t, w.Slack.Command(w.ctx(), carol, slack.General, "/atlas-key", "list"))
			}
		}
		noise()
		id := w.asks()
		noise()
		w.presses(bob, "card/approve")
		w.becomes(id, approval.StateApproved)
		noise()
		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		noise()
		w.opensHome(bob, string(id), "home/revoke_with_reason")
		w.pressesAtHome(bob, "home/revoke_with_reason")
		w.sees(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.submits(bob, "reason", "not needed")
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.sees(carol, "that she is too fast", func(s slack.Screen) bool {
			for _, c := range s.Conversations {
				for _, m := range c.Messages {
					if holds(m, "You're faster than I can follow") {
						return true
					}
				}
			}
			return false
		})
	}, atDocumentedRates)
}
