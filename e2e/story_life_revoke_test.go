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

func (w *town) types(who, text string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Command(w.ctx(), who, slack.General, "/atlas-key", text))
}

func TestAnApproverRevokesWithAReason(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		card := w.readsIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		w.opens(bob, "card/revoke_with_reason", string(id))
		assert.Equal(t, approval.StateActive, w.request(id).State, "nothing is revoked before the reason is sent")
		w.submits(bob, "reason", "seen in a public repository <!channel>")
		r := w.becomes(id, approval.StateEnded)
		assert.Equal(t, policy.UserID(bob), r.Outcome.By)
		w.reads(alice, "because <@"+bob+"> revoked it", "seen in a public repository")
		w.readsIn(dana, slack.Approvals, string(id), "because <@"+bob+"> revoked it", "seen in a public repository")
		assert.Empty(t, w.botKeys())

		again, err := w.Slack.SubmitAgain(w.ctx(), bob)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome)
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, card, "revoke_with_reason"))
		assert.True(t, holds(w.whispered(dana), "was deleted"))
		assert.Equal(t, 1, w.entries(id, approval.EventRevoke))
	})
}

func TestWhoIsNoApproverRevokesNobodysKey(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id := w.active()
		w.pressesOn(carol, "card/revoke_with_reason", string(id))
		assert.True(t, holds(w.whispered(carol), "Only approvers and whoever asked for a key can revoke it"))
		assert.Nil(t, w.Slack.Screen(carol).Modal)

		// Bob is no approver any more when he sends what he opened.
		w.opens(bob, "card/revoke_with_reason", string(id))
		w.Slack.SetGroup(slack.Approvers, dana)
		w.passes(20 * time.Minute)
		result := w.fills(bob, map[string]string{"reason": "too late"})
		assert.Equal(t, slack.Updated, result.Outcome)
		assert.Equal(t, approval.StateActive, w.request(id).State)
		require.Len(t, w.botKeys(), 1)
	})
}

func TestTheCommandRevokes(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		for typed, says := range map[string]string{
			"revoke":           "Say which key",
			"revoke my key":    "Say which key",
			"revoke AKR-ZZZZZ": "I know no such request",
		} {
			w.types(alice, typed)
			w.readsIn(alice, slack.General, says)
		}
		w.types(carol, "revoke "+string(id))
		w.readsIn(carol, slack.General, "Only approvers and whoever asked for a key can revoke it")

		w.types(bob, "revoke “"+strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(string(id), "0", "O")), "-", "–")+"”.") // as a phone types it
		w.readsIn(bob, slack.General, string(id), "is deleted in Atlas", "confirm_revoke/revoke_with_reason")
		w.opens(bob, "confirm_revoke/revoke_with_reason")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), bob))
		assert.Equal(t, approval.StateActive, w.request(id).State)

		w.types(alice, "REVOKE "+string(id))
		w.readsIn(alice, slack.General, string(id), "confirm_revoke/revoke")
		w.pressesOn(alice, "confirm_revoke/revoke")
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.types(alice, "revoke "+string(id))
		w.readsIn(alice, slack.General, "was deleted, because")
	})
}

func TestTheCommandShowsApproversWhatWaits(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.types(bob, "pending")
		w.readsIn(bob, slack.General, "Nothing waits for your decision")
		id := w.asks()
		w.passes(3 * time.Hour)
		w.types(bob, "pending")
		w.readsIn(bob, slack.General, string(id), "3 hours ago", "<#"+slack.Approvals+">")
		w.types(alice, "pending")
		w.readsIn(alice, slack.General, "This is for approvers")
		w.types(gil, "pending")
		w.readsIn(gil, slack.General, "Guests")
	})
}

func TestTheListHasTheButtonsOfAKey(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.types(alice, "list")
		w.readsIn(alice, slack.General, "list/extend", "list/rotate", "list/replace_access_list", "list/revoke")
		w.opens(alice, "list/extend")
		require.Equal(t, slack.Closed, w.fills(alice, map[string]string{"lifetime": "8h0m0s", "reason": "more"}).Outcome)
		w.opens(alice, "list/replace_access_list")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		w.pressesOn(alice, "list/rotate")
		next := w.follower(id, approval.Rotation)
		w.readsIn(alice, slack.General, "The successor is request "+string(next), "list/withdraw")
		assert.Equal(t, 2, w.followers(id))
	})
}
