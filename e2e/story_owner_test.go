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
func (w *town) orphaned() (policy.ID, slack.Message) {
	w.t.Helper()
	id := w.active()
	w.rests(id)
	w.Slack.Deactivate(alice)
	w.restartBot() // looks at the accounts at once
	said := w.readsIn(bob, slack.Approvals, "owner_deactivated/transfer", "owner_deactivated/revoke_with_reason", string(id))
	w.restsInChannel(id)
	return id, said
}

// handsTo chooses somebody in the menu under a notice.
func (w *town) handsTo(who string, said slack.Message, to string) {
	w.t.Helper()
	require.NoError(w.t, w.Slack.Click(w.ctx(), who, slack.Approvals, said.TS, "transfer", to))
}

// handsToForged does that with anybody, shown in the menu or not.
func (w *town) handsToForged(who string, id policy.ID, said slack.Message, to string) {
	w.t.Helper()
	payload := click(who, slack.Approvals, said.TS, "owner_deactivated/transfer", "", put("actions", []any{map[string]any{
		"type": "users_select", "action_id": "transfer", "block_id": blockOf("owner_deactivated/transfer", id), "selected_user": to,
	}}))
	require.NoError(w.t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: who, Payload: json.RawMessage(payload)}))
}

// transferred is such a key after Bob gave it to Carol.
func (w *town) handedOver() (policy.ID, slack.Message) {
	w.t.Helper()
	w.Slack.Join(carol, slack.Approvals)
	id, said := w.orphaned()
	w.handsTo(bob, said, carol)
	w.ownedBy(id, carol)
	w.readsIn(carol, slack.AppDM(carol), "transfer/rotate", string(id))
	w.rests(id)
	return id, said
}

func (w *town) ownedBy(id policy.ID, who string) {
	w.t.Helper()
	w.onDisk(id, "belongs to "+who, func(r approval.Request) bool { return r.Requester == policy.UserID(who) })
}

func TestTheKeyOfSomebodyWhoLeft(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, said := w.orphaned()
		key := w.request(id).Key.PublicKey
		for _, word := range []string{"<@" + alice + ">", "deactivated", key, "Hand over to", "Revoke", "billing export"} {
			assert.True(t, holds(said, word), word)
		}
		assert.Empty(t, said.ThreadTS, "it is said to everybody in the channel")
		assert.Equal(t, approval.StateActive, w.request(id).State)
		w.holdsTheKeyOnly()

		w.passes(3 * time.Hour)
		w.restartBot() // and looks again
		w.passes(time.Minute)
		w.restartBot()
		w.until("it was compared", func() bool { return w.called("GET /orgs/{orgId}/apiKeys/{id}") })
		assert.Equal(t, 1, w.notices("deactivated", "owner_deactivated/transfer"))
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerDeactivated))
		w.opensHome(bob, string(id), "is deactivated")
	})
}

// A bot that runs on notices it within the hour, whoever it is.
func TestSomebodyLeavesWhileTheBotRuns(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		w.rests(id)
		w.Slack.Deactivate(alice)
		w.passes(time.Hour + time.Minute) // at which it looks within seconds
		w.readsIn(bob, slack.Approvals, "owner_deactivated/transfer", string(id))
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerDeactivated))
	})
}

func TestHandedToSomebodyElse(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, said := w.handedOver()
		r := w.request(id)
		require.Len(t, r.Transfers, 1)
		assert.Equal(t, policy.UserID(alice), r.Transfers[0].From)
		assert.Equal(t, policy.UserID(bob), r.Transfers[0].By)
		note := w.readsIn(carol, slack.AppDM(carol), "transfer/extend", "transfer/replace_access_list", "transfer/revoke", r.Key.PublicKey, "<@"+alice+">", "<@"+bob+">")
		assert.False(t, holds(note, "transfer/retire_predecessor"), "it has no predecessor")
		w.sees(bob, "a notice without a menu", func(s slack.Screen) bool { _, _, there := find(s, "owner_deactivated/transfer"); return !there })
		assert.Equal(t, 1, w.notices("has an owner again", "<@"+carol+">"))
		card := w.readsIn(dana, slack.Approvals, "card/revoke_with_reason", string(id))
		assert.True(t, holds(card, "<@"+carol+">"))
		assert.Len(t, w.issued(), 1, "no key was made")
		w.opensHome(carol, string(id), "home/rotate")
		w.types(carol, "list")
		w.readsIn(carol, slack.General, string(id), "list/rotate")

		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", dana))
		w.readsIn(dana, slack.Approvals, "<@"+bob+"> handed it from <@"+alice+"> to <@"+carol+">")
		w.ownedBy(id, carol)
		assert.Equal(t, 1, w.entries(id, approval.EventTransfer))
	})
}

// What the former owner was shown is dead, if they come back.
func TestTheFormerOwnerComesBack(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id, _ := w.handedOver()
		w.Slack.Reactivate(alice)
		w.Slack.Join(alice, slack.General)
		w.restartBot() // looks at the accounts
		before := w.request(id).Version
		refused := w.refusals(id)
		ready := w.readsIn(alice, slack.AppDM(alice), "ready/revoke", string(id))
		actions := []string{"ready/extend", "ready/rotate", "ready/replace_access_list", "ready/revoke"}
		for _, action := range actions {
			require.NoError(t, w.Slack.Click(w.ctx(), alice, slack.AppDM(alice), ready.TS, verbOf(action)))
			assert.Nil(t, w.Slack.Screen(alice).Modal)
		}
		w.readsIn(alice, slack.AppDM(alice), "Nothing was changed")
		w.until("the refusals are in the audit trail", func() bool { return w.refusals(id) == refused+len(actions) })
		assert.Equal(t, before, w.request(id).Version)
		assert.NotContains(t, w.opensHome(alice, "home/request"), string(id))
		w.types(alice, "list")
		assert.False(t, holds(w.readsIn(alice, slack.General, "You have asked for no key yet"), string(id)))
		w.types(alice, "revoke "+string(id))
		w.readsIn(alice, slack.General, "Only approvers and whoever asked for a key can revoke it")
		w.ownedBy(id, carol)
		w.holdsTheKeyOnly()
	})
}

// A key goes to nobody who could not look after it, and by nobody's hand but an
// approver's.
func TestHandingOverThatIsRefused(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		before := w.request(id).Version
		for _, to := range []string{gil, slack.BotUser} { // whom the menu shows, too
			w.handsTo(bob, said, to)
			w.readsIn(bob, slack.Approvals, "<@"+to+"> cannot hold a key")
		}
		for i, to := range []string{alice, eve, slack.Dee, "U0NOBODY", ""} { // whom it does not
			w.handsToForged(bob, id, said, to)
			w.until("it is refused", func() bool { return w.refusals(id) == i+3 })
		}
		for i, who := range []string{carol, gil, eve, alice, slack.Dee} {
			w.handsToForged(who, id, said, carol)
			w.until("it is refused", func() bool { return w.refusals(id) == i+8 })
		}
		w.handsTo(carol, said, carol)
		w.readsIn(carol, slack.Approvals, "Only approvers can hand a key over")
		assert.Equal(t, before, w.request(id).Version)
		assert.Zero(t, w.entries(id, approval.EventTransfer))

		w.handsTo(bob, said, dana) // another approver may have it
		w.ownedBy(id, dana)
	})
}

func TestTheOwnerIsBackBeforeItIsHandedOver(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		w.Slack.Reactivate(alice)
		w.handsTo(bob, said, carol) // before the bot has noticed
		w.readsIn(bob, slack.Approvals, "The account of <@"+alice+"> is active")
		w.ownedBy(id, alice)

		w.restartBot() // and notices
		w.readsIn(bob, slack.Approvals, "is active again", string(id))
		w.rests(id)
		assert.Equal(t, 1, w.entries(id, approval.EventOwnerReactivated))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", carol))
		w.readsIn(dana, slack.Approvals, "The account of <@"+alice+"> is active")
		w.ownedBy(id, alice)
		w.pressesOn(alice, "ready/revoke", string(id)) // all is hers as before
		w.becomes(id, approval.StateEnded)
	})
}

func TestRevokedInsteadOfHandedOver(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.Slack.Join(carol, slack.Approvals)
		id, said := w.orphaned()
		w.pressesOn(carol, "owner_deactivated/revoke_with_reason", string(id))
		w.readsIn(carol, slack.Approvals, "Only approvers and whoever asked for a key can revoke it")
		w.opens(bob, "owner_deactivated/revoke_with_reason", string(id))
		w.submits(bob, "reason", "nothing needs it")
		w.becomes(id, approval.StateEnded)
		assert.Empty(t, w.botKeys())
		w.readsIn(dana, slack.Approvals, string(id), "because <@"+bob+"> revoked it", "nothing needs it")
		w.sees(bob, "a notice without a menu", func(s slack.Screen) bool { _, _, there := find(s, "owner_deactivated/transfer"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, said, "transfer", carol))
		w.until("it is refused", func() bool { return w.whispersIn(dana, slack.Approvals, "was deleted") })
		w.ownedBy(id, alice)
	})
}
