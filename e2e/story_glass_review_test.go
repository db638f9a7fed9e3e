package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// signed waits until somebody has signed for a key taken by break-glass.
func (w *town) signed(id policy.ID, by string) {
	w.t.Helper()
	r := w.onDisk(id, "is signed", func(r approval.Request) bool { return r.Review.By != "" })
	assert.Equal(w.t, policy.UserID(by), r.Review.By)
	assert.Equal(w.t, 1, w.entries(id, approval.EventReview))
}

func TestSomebodyElseSigns(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		w.Slack.SetGroup(slack.Approvers, alice, bob, dana) // that she approves others' does not help
		id := w.breaksGlass()
		ticket := w.readsIn(bob, slack.Approvals, "review/review", string(id))
		w.pressesOn(alice, "review/review", string(id))
		w.readsIn(alice, slack.Approvals, "somebody else has to review")
		w.pressesOn(carol, "review/review", string(id))
		w.readsIn(carol, slack.Approvals, "Only approvers can review")
		for _, f := range []slack.Forgery{{User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: bob, TeamID: slack.OtherTeam}} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = slack.Approvals, ticket.TS, "review", blockOf("review/review", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.until("the refusals are in the audit trail", func() bool { return w.refusals(id) == 5 })
		assert.Empty(t, w.request(id).Review.By)

		w.pressesOn(bob, "review/review", string(id))
		w.signed(id, bob)
		w.sees(bob, "a ticket without a button", func(s slack.Screen) bool { _, _, there := find(s, "review/review"); return !there })
		w.readsIn(dana, slack.Approvals, "*Reviewed* by <@"+bob+">", string(id))
		w.readsIn(alice, w.appDM(alice), "<@"+bob+"> reviewed", string(id))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, ticket, "review"))
		w.readsIn(dana, slack.Approvals, "<@"+bob+"> reviewed this already")
		w.signed(id, bob)
	})
}

func TestTwoSignAtOnce(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		w.rests(id)
		ticket := w.readsIn(dana, slack.Approvals, "review/review", string(id))
		w.atOnce(
			func() error { return w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, ticket, "review") },
			func() error { return w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, ticket, "review") },
		)
		first := w.onDisk(id, "is signed", func(r approval.Request) bool { return r.Review.By != "" }).Review.By
		second := map[policy.UserID]string{bob: dana, dana: bob}[first]
		w.readsIn(second, slack.Approvals, "<@"+string(first)+"> reviewed this already")
	})
}

// The key is gone long before somebody looks: that it was taken still has to be
// signed.
func TestAReviewOutlivesTheKey(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.pressesOn(alice, "ready/revoke")
		w.becomes(id, approval.StateEnded)
		w.rests(id)
		w.passes(30 * 24 * time.Hour)
		w.restartBot()
		w.types(bob, "pending")
		w.readsIn(bob, slack.General, "1 key to be reviewed", string(id))
		w.pressesOn(dana, "review/review", string(id))
		w.signed(id, dana)
		w.readsIn(bob, slack.Approvals, "*Reviewed* by <@"+dana+">", string(id))
		w.types(bob, "pending")
		w.readsIn(bob, slack.General, "Nothing waits for your decision")
		assert.Empty(t, w.botKeys())
	})
}

func TestSigningInTheHomeTab(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		w.rests(id)
		w.opensHome(bob, "To be reviewed", "home/review", string(id), "production is down, INC-7")
		w.opensHome(dana, "home/review")
		assert.NotContains(t, w.opensHome(carol, "home/request"), string(id))
		assert.NotContains(t, w.opensHome(alice, "home/request"), `"action_id":"review"`)
		for _, who := range []string{alice, carol} {
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: who, Payload: atHome(who, slack.TeamID, "home/review", string(id))}))
			w.home(who, "Only approvers can review")
		}
		assert.Empty(t, w.request(id).Review.By)
		w.pressesAtHome(bob, "home/review", string(id))
		w.signed(id, bob)
		w.sees(bob, "nothing to be reviewed", func(s slack.Screen) bool { return !homeHolds(s, "home/review") })
		w.pressesAtHome(dana, "home/review", string(id))
		w.home(dana, "reviewed this already", bob)
		w.signed(id, bob)
		w.sees(dana, "a ticket without a button", func(s slack.Screen) bool { _, _, there := find(s, "review/review"); return !there })
	})
}

// An approver ends what was taken without them, and signs for it all the same.
func TestAKeyOfAnEmergencyIsRevokedByAnApprover(t *testing.T) {
	underRules(t, glass, func(t *testing.T, w *town) {
		id := w.breaksGlass()
		w.presses(alice, "key/confirm")
		w.becomes(id, approval.StateActive)
		w.opens(bob, "card/revoke_with_reason", string(id))
		w.submits(bob, "reason", "that was no emergency")
		w.becomes(id, approval.StateEnded)
		w.reads(alice, "because <@"+bob+"> revoked it", "that was no emergency")
		assert.Empty(t, w.botKeys())
		w.pressesOn(bob, "review/review", string(id))
		w.signed(id, bob)
	})
}
