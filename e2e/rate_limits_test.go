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

// TestKeyLifecycleWithinSlackRateLimits while two people do all they
// can to use them up.
func TestKeyLifecycleWithinSlackRateLimits(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		noise := func() {
			for range 60 {
				require.NoError(t, w.Slack.OpenHome(w.ctx(), gil))
				require.NoError(t, w.Slack.Command(w.ctx(), carol, slack.General, "/atlas-key", "list"))
			}
		}
		noise()
		id := w.Request()
		noise()
		w.Click(bob, "card/approve")
		w.WaitForState(id, approval.StateApproved)
		noise()
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		noise()
		w.OpenHome(bob, string(id), "home/revoke_with_reason")
		w.ClickInHome(bob, "home/revoke_with_reason")
		w.WaitForScreen(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.SubmitText(bob, "reason", "not needed")
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.WaitForScreen(carol, "that she is too fast", func(s slack.Screen) bool {
			for _, c := range s.Conversations {
				for _, m := range c.Messages {
					if contains(m, "You're faster than I can follow") {
						return true
					}
				}
			}
			return false
		})
	}, atDocumentedRates)
}
