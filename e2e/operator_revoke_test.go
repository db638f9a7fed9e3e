package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/sandbox/slack"
)

// What people in Slack read when the user who runs the bot revokes a key beside it.
func TestOperatorRevocationIsShownInSlack(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.WaitIdle(id)
		card := w.WaitForMessageIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		_, err := w.runRevoke("--reason", "leaked <!channel> & found", string(id))
		require.NoError(t, err)
		assert.Equal(t, service.Operator, w.WaitForState(id, approval.StateEnded).Outcome.By)
		w.WaitForMessageIn(alice, slack.AppDM(alice), "outcome/request_again", string(id), "the operator revoked it", "leaked", "found")
		w.WaitForMessageIn(bob, slack.Approvals, "Request", string(id), "the operator revoked it", "leaked")
		thread := w.WaitForMessageIn(dana, slack.Approvals, ":wastebasket:", string(id), "the operator")
		assert.Equal(t, card.TS, thread.ThreadTS)
		w.WaitForScreen(bob, "a card without a button", func(s slack.Screen) bool { _, _, there := find(s, "card/revoke_with_reason"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "revoke_with_reason"))
		w.WaitForMessageIn(bob, slack.Approvals, "was deleted", "the operator")
		w.Command(alice, "list")
		w.WaitForMessageIn(alice, slack.General, string(id), "the operator revoked it")
		for _, c := range w.Wire.Calls() {
			assert.NotContains(t, c.Request, "@operator", "that is no Slack user")
		}
	})
}

// With a key that was handed over it is its owner of now who reads it.
func TestNewOwnerIsToldOfOperatorRevocation(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id, _ := w.transferred()
	_, err := w.runRevoke("--reason", "seen in a public repository", string(id))
	require.NoError(t, err)
	w.WaitForMessageIn(carol, slack.AppDM(carol), string(id), "the operator revoked it", "seen in a public repository")
	w.WaitIdle(id)
}
