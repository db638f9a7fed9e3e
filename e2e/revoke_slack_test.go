package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

func (w *Env) Command(who, text string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), who, slack.General, "/atlas-key", text))
}

func TestApproverRevokesWithReason(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		card := w.WaitForMessageIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		w.ClickOpensModal(bob, "card/revoke_with_reason", string(id))
		assert.Equal(t, approval.StateActive, w.stored(id).State, "nothing is revoked before the reason is sent")
		w.SubmitText(bob, "reason", "seen in a public repository <!channel>")
		r := w.WaitForState(id, approval.StateEnded)
		assert.Equal(t, policy.UserID(bob), r.Outcome.By)
		w.WaitForMessage(alice, "<@"+bob+"> revoked it", "seen in a public repository")
		w.WaitForMessageIn(dana, slack.Approvals, string(id), "<@"+bob+"> revoked it", "seen in a public repository")
		assert.Empty(t, w.botKeys())

		again, err := w.Slack.SubmitAgain(w.ctx(), bob)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, card, "revoke_with_reason"))
		assert.True(t, contains(w.WaitForEphemeral(dana), "was deleted"))
		assert.Equal(t, 1, w.entries(id, approval.EventRevoke))
	})
}

func TestNonApproverCannotRevoke(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.active()
		w.ClickIn(carol, "card/revoke_with_reason", string(id))
		assert.True(t, contains(w.WaitForEphemeral(carol), "Only approvers and the owner of a key can revoke it"))
		assert.Nil(t, w.Slack.Screen(carol).Modal)

		// Bob is no approver any more when he sends what he opened.
		w.ClickOpensModal(bob, "card/revoke_with_reason", string(id))
		w.Slack.SetGroup(slack.Approvers, dana)
		w.Advance(20 * time.Minute)
		result := w.SubmitFields(bob, map[string]string{"reason": "too late"})
		assert.Equal(t, slack.Updated, result.Outcome)
		assert.Equal(t, approval.StateActive, w.stored(id).State)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestRevokeSlashCommand(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		for typed, says := range map[string]string{
			"revoke":           "Name the key by its request or its public key",
			"revoke my key":    "Name the key by its request or its public key",
			"revoke AKR-ZZZZZ": "I can't find that request",
			"revoke zzzzzzzz":  "I can't find an active key `zzzzzzzz`",
		} {
			w.Command(alice, typed)
			w.WaitForMessageIn(alice, slack.General, says)
		}
		w.Command(carol, "revoke "+string(id))
		w.WaitForMessageIn(carol, slack.General, "Only approvers and the owner of a key can revoke it")

		w.Command(bob, "revoke “"+strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(string(id), "0", "O")), "-", "–")+"”.") // as a phone types it
		w.WaitForMessageIn(bob, slack.General, string(id), "is deleted in Atlas", "confirm_revoke/revoke_with_reason")
		w.ClickOpensModal(bob, "confirm_revoke/revoke_with_reason")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
		assert.Equal(t, approval.StateActive, w.stored(id).State)

		publicKey := w.botKeys()[0].PublicKey
		w.Command(carol, "revoke "+publicKey)
		w.WaitUntil("carol's second refusal is recorded", func() bool { return w.refusals(id) == 2 })
		w.Command(bob, "revoke “"+strings.ToUpper(publicKey)+"”.")
		w.WaitForScreen(bob, "the question a second time", func(s slack.Screen) bool {
			asked := 0
			for _, c := range s.Conversations {
				for _, m := range c.Messages {
					if contains(m, string(id), "confirm_revoke/revoke_with_reason") {
						asked++
					}
				}
			}
			return asked == 2
		})

		w.Command(alice, "REVOKE "+string(id))
		w.WaitForMessageIn(alice, slack.General, string(id), "confirm_revoke/revoke")
		w.ClickIn(alice, "confirm_revoke/revoke")
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.Command(alice, "revoke "+string(id))
		w.WaitForMessageIn(alice, slack.General, "was deleted:")
	})
}

func TestCommandListsPendingRequests(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Command(bob, "pending")
		w.WaitForMessageIn(bob, slack.General, "No requests are waiting for your decision")
		id := w.Request()
		w.Advance(3 * time.Hour)
		w.Command(bob, "pending")
		w.WaitForMessageIn(bob, slack.General, string(id), "3 hours ago", "<#"+slack.Approvals+">")
		w.Command(alice, "pending")
		w.WaitForMessageIn(alice, slack.General, "This is for approvers")
		w.Command(gil, "pending")
		w.WaitForMessageIn(gil, slack.General, "Guests")
	})
}

func TestListShowsKeyButtons(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.Command(alice, "list")
		w.WaitForMessageIn(alice, slack.General, "list/extend", "list/rotate", "list/replace_access_list", "list/revoke")
		w.ClickOpensModal(alice, "list/extend")
		require.Equal(t, slack.Closed, w.SubmitFields(alice, map[string]string{"lifetime": "8h0m0s", "reason": "more"}).Outcome)
		w.ClickOpensModal(alice, "list/replace_access_list")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.ClickIn(alice, "list/rotate")
		next := w.successor(id, approval.Rotation)
		w.WaitForMessageIn(alice, slack.General, "The successor is request "+string(next), "list/withdraw")
		assert.Equal(t, 2, w.countSuccessors(id))
	})
}
