package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/sandbox/slack"
)

// What people in Slack read when whoever runs the bot revokes a key beside it.
func TestPeopleReadThatTheOperatorRevoked(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.rests(id)
		card := w.readsIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		_, err := w.revokes("--reason", "leaked <!channel> & found", string(id))
		require.NoError(t, err)
		assert.Equal(t, service.Operator, w.becomes(id, approval.StateEnded).Outcome.By)
		w.readsIn(alice, slack.AppDM(alice), "outcome/request_again", string(id), "because the operator revoked it", "leaked", "found")
		w.readsIn(bob, slack.Approvals, "Request", string(id), "because the operator revoked it", "leaked")
		thread := w.readsIn(dana, slack.Approvals, ":wastebasket:", string(id), "the operator")
		assert.Equal(t, card.TS, thread.ThreadTS)
		w.sees(bob, "a card without a button", func(s slack.Screen) bool { _, _, there := find(s, "card/revoke_with_reason"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "revoke_with_reason"))
		w.readsIn(bob, slack.Approvals, "was deleted", "the operator")
		w.types(alice, "list")
		w.readsIn(alice, slack.General, string(id), "the operator revoked it")
		for _, c := range w.Wire.Calls() {
			assert.NotContains(t, c.Request, "@operator", "nobody is called so in Slack")
		}
	})
}

// With a key that was handed over it is its owner of now who reads it.
func TestTheNewOwnerReadsThatTheOperatorRevoked(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id, _ := w.handedOver()
	_, err := w.revokes("--reason", "seen in a public repository", string(id))
	require.NoError(t, err)
	w.readsIn(carol, slack.AppDM(carol), string(id), "because the operator revoked it", "seen in a public repository")
	w.rests(id)
}
