package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// orphaned is a key of Alice's whose approvers know that her account was
// deactivated. It returns what they read.
func (w *Env) orphaned() (policy.ID, slack.Message) {
	w.t.Helper()
	id := w.active()
	w.WaitIdle(id)
	w.Slack.Deactivate(alice)
	w.RestartBot() // looks at the accounts at once
	said := w.WaitForMessageIn(bob, slack.Approvals, "owner_deactivated/transfer", "owner_deactivated/revoke_with_reason", string(id))
	w.WaitIdleInChannel(id)
	return id, said
}

// transferTo chooses a user in the menu under a notice.
func (w *Env) transferTo(who string, said slack.Message, to string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, slack.Approvals, said.TS, "transfer", to))
}

// forgeTransfer does that with any user, shown in the menu or not.
func (w *Env) forgeTransfer(who string, id policy.ID, said slack.Message, to string) {
	w.t.Helper()
	payload := click(who, slack.Approvals, said.TS, "owner_deactivated/transfer", "", put("actions", []any{map[string]any{
		"type": "users_select", "action_id": "transfer", "block_id": blockOf("owner_deactivated/transfer", id), "selected_user": to,
	}}))
	require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: who, Payload: json.RawMessage(payload)}))
}

// transferred is such a key after Bob gave it to Carol.
func (w *Env) transferred() (policy.ID, slack.Message) {
	w.t.Helper()
	w.Slack.Join(carol, slack.Approvals)
	id, said := w.orphaned()
	w.transferTo(bob, said, carol)
	w.ownedBy(id, carol)
	w.WaitForMessageIn(carol, slack.AppDM(carol), "transfer/rotate", string(id))
	w.WaitIdle(id)
	return id, said
}

func (w *Env) ownedBy(id policy.ID, who string) {
	w.t.Helper()
	w.WaitForRequest(id, "belongs to "+who, func(r approval.Request) bool { return r.Requester == policy.UserID(who) })
}

func TestKeyOfDeactivatedOwnerIsReported(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, said := w.orphaned()
		key := w.stored(id).Key.PublicKey
		for _, word := range []string{"<@" + alice + ">", "deactivated", key, "Transfer to", "Revoke", "billing export"} {
			assert.True(t, contains(said, word), word)
		}
		assert.Empty(t, said.ThreadTS, "it is said to everybody in the channel")
		assert.Equal(t, approval.StateActive, w.stored(id).State)
		w.requireOneKey()

		w.Advance(3 * time.Hour)
		w.RestartBot() // and looks again
		w.Advance(time.Minute)
		w.RestartBot()
		w.WaitUntil("it was compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
		assert.Equal(t, 1, w.notices("deactivated", "owner_deactivated/transfer"))
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerDeactivated))
		w.OpenHome(bob, string(id), "is deactivated")
	})
}

// A bot that runs on notices it within the hour, whatever account it is.
func TestOwnerDeactivatedWhileBotRuns(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.WaitIdle(id)
		w.Slack.Deactivate(alice)
		w.Advance(time.Hour + time.Minute) // at which it looks within seconds
		w.WaitForMessageIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerDeactivated))
	})
}

func TestKeyIsTransferred(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, said := w.transferred()
		r := w.stored(id)
		require.Len(t, r.Transfers, 1)
		assert.Equal(t, policy.UserID(alice), r.Transfers[0].From)
		assert.Equal(t, policy.UserID(bob), r.Transfers[0].By)
		note := w.WaitForMessageIn(carol, slack.AppDM(carol), "transfer/extend", "transfer/replace_access_list", "transfer/revoke", r.Key.PublicKey, "<@"+alice+">", "<@"+bob+">")
		assert.False(t, contains(note, "transfer/retire_predecessor"), "it has no predecessor")
		w.WaitForScreen(bob, "a notice without a menu", func(s slack.Screen) bool { _, _, there := find(s, "owner_deactivated/transfer"); return !there })
		assert.Equal(t, 1, w.notices("has an owner again", "<@"+carol+">"))
		card := w.WaitForMessageIn(dana, slack.Approvals, "card/revoke_with_reason", string(id))
		assert.True(t, contains(card, "<@"+carol+">"))
		assert.Len(t, w.issued(), 1, "no key was made")
		w.OpenHome(carol, string(id), "home/rotate")
		w.Command(carol, "list")
		w.WaitForMessageIn(carol, slack.General, string(id), "list/rotate")

		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", dana))
		w.WaitForMessageIn(dana, slack.Approvals, "<@"+bob+"> transferred it from <@"+alice+"> to <@"+carol+">")
		w.ownedBy(id, carol)
		assert.Equal(t, 1, w.entries(id, approval.EventTransfer))
	})
}

// What the former owner was shown is dead, if they come back.
func TestFormerOwnerReactivated(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id, _ := w.transferred()
		w.Slack.Reactivate(alice)
		w.Slack.Join(alice, slack.General)
		w.RestartBot() // looks at the accounts
		before := w.stored(id).Version
		refused := w.refusals(id)
		ready := w.WaitForMessageIn(alice, slack.AppDM(alice), "ready/revoke", string(id))
		actions := []string{"ready/extend", "ready/rotate", "ready/replace_access_list", "ready/revoke"}
		for _, action := range actions {
			require.NoError(t, w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), ready.TS, verbOf(action)))
			assert.Nil(t, w.Slack.Screen(alice).Modal)
		}
		w.WaitForMessageIn(alice, slack.AppDM(alice), "Nothing was changed")
		w.WaitUntil("the refusals are in the audit trail", func() bool { return w.refusals(id) == refused+len(actions) })
		assert.Equal(t, before, w.stored(id).Version)
		assert.NotContains(t, w.OpenHome(alice, "home/request"), string(id))
		w.Command(alice, "list")
		assert.False(t, contains(w.WaitForMessageIn(alice, slack.General, "You haven't requested a key yet"), string(id)))
		w.Command(alice, "revoke "+string(id))
		w.WaitForMessageIn(alice, slack.General, "Only approvers and the owner of a key can revoke it")
		w.ownedBy(id, carol)
		w.requireOneKey()
	})
}

// A key goes to no one who could not look after it, and only by an
// approver's.
func TestUnauthorizedTransferIsRefused(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		before := w.stored(id).Version
		for _, to := range []string{gil, slack.BotUser} { // whom the menu shows, too
			w.transferTo(bob, said, to)
			w.WaitForMessageIn(bob, slack.Approvals, "<@"+to+"> can't own a key")
		}
		for i, to := range []string{alice, eve, slack.Dee, "U0UNKNOWN", ""} { // whom it does not
			w.forgeTransfer(bob, id, said, to)
			w.WaitUntil("it is refused", func() bool { return w.refusals(id) == i+3 })
		}
		for i, who := range []string{carol, gil, eve, alice, slack.Dee} {
			w.forgeTransfer(who, id, said, carol)
			w.WaitUntil("it is refused", func() bool { return w.refusals(id) == i+8 })
		}
		w.transferTo(carol, said, carol)
		w.WaitForMessageIn(carol, slack.Approvals, "Only approvers can transfer a key")
		assert.Equal(t, before, w.stored(id).Version)
		assert.Zero(t, w.entries(id, approval.EventTransfer))

		w.transferTo(bob, said, dana) // another approver may have it
		w.ownedBy(id, dana)
	})
}

func TestOwnerReactivatedBeforeTransfer(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		w.Slack.Reactivate(alice)
		w.transferTo(bob, said, carol) // before the bot has noticed
		w.WaitForMessageIn(bob, slack.Approvals, "The account of <@"+alice+"> is active")
		w.ownedBy(id, alice)

		w.RestartBot() // and notices
		w.WaitForMessageIn(bob, slack.Approvals, "is active again", string(id))
		w.WaitIdle(id)
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerReactivated))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", carol))
		w.WaitForMessageIn(dana, slack.Approvals, "The account of <@"+alice+"> is active")
		w.ownedBy(id, alice)
		w.ClickIn(alice, "ready/revoke", string(id)) // all is hers as before
		w.WaitForState(id, approval.StateEnded)
	})
}

func TestKeyOfDeactivatedOwnerIsRevoked(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		w.ClickIn(carol, "owner_deactivated/revoke_with_reason", string(id))
		w.WaitForMessageIn(carol, slack.Approvals, "Only approvers and the owner of a key can revoke it")
		w.ClickOpensModal(bob, "owner_deactivated/revoke_with_reason", string(id))
		w.SubmitText(bob, "reason", "nothing needs it")
		w.WaitForState(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.WaitForMessageIn(dana, slack.Approvals, string(id), "<@"+bob+"> revoked it", "nothing needs it")
		w.WaitForScreen(bob, "a notice without a menu", func(s slack.Screen) bool { _, _, there := find(s, "owner_deactivated/transfer"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", carol))
		w.WaitUntil("it is refused", func() bool { return w.hasEphemeralIn(dana, slack.Approvals, "was deleted") })
		w.ownedBy(id, alice)
	})
}
