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

// waitForReview waits until a user has signed for a key taken by break-glass.
func (w *Env) waitForReview(id policy.ID, by string) {
	w.t.Helper()
	r := w.WaitForRequest(id, "is signed", func(r approval.Request) bool { return r.Review.By != "" })
	assert.Equal(w.t, policy.UserID(by), r.Review.By)
	assert.Equal(w.t, 1, w.entries(id, approval.EventReview))
}

func TestBreakGlassReviewRequiresDifferentUser(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		w.Slack.SetGroup(slack.Approvers, alice, bob, dana) // that she approves others' does not help
		id := w.breakGlass()
		ticket := w.WaitForMessageIn(bob, slack.Approvals, "review/review", string(id))
		w.ClickIn(alice, "review/review", string(id))
		w.WaitForMessageIn(alice, slack.Approvals, "another person has to review")
		w.ClickIn(carol, "review/review", string(id))
		w.WaitForMessageIn(carol, slack.Approvals, "Only approvers can review")
		for _, f := range []slack.Forgery{{User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: bob, TeamID: slack.OtherTeam}} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = slack.Approvals, ticket.TS, "review", blockOf("review/review", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.WaitUntil("the refusals are in the audit trail", func() bool { return w.refusals(id) == 5 })
		assert.Empty(t, w.stored(id).Review.By)

		w.ClickIn(bob, "review/review", string(id))
		w.waitForReview(id, bob)
		w.WaitForScreen(bob, "a ticket without a button", func(s slack.Screen) bool { _, _, there := find(s, "review/review"); return !there })
		w.WaitForMessageIn(dana, slack.Approvals, "*Reviewed* by <@"+bob+">", string(id))
		w.WaitForMessageIn(alice, w.appDM(alice), "<@"+bob+"> reviewed", string(id))
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, ticket, "review"))
		w.WaitForMessageIn(dana, slack.Approvals, "<@"+bob+"> already reviewed this")
		w.waitForReview(id, bob)
	})
}

func TestConcurrentBreakGlassReviews(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		w.WaitIdle(id)
		ticket := w.WaitForMessageIn(dana, slack.Approvals, "review/review", string(id))
		w.atOnce(
			func() error { return w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, ticket, "review") },
			func() error { return w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, ticket, "review") },
		)
		first := w.WaitForRequest(id, "is signed", func(r approval.Request) bool { return r.Review.By != "" }).Review.By
		second := map[policy.UserID]string{bob: dana, dana: bob}[first]
		w.WaitForMessageIn(second, slack.Approvals, "<@"+string(first)+"> already reviewed this")
	})
}

// The key is gone long before a user looks: that it was taken still has to be
// signed.
func TestReviewRemainsOpenAfterKeyEnds(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.ClickIn(alice, "ready/revoke")
		w.WaitForState(id, approval.StateEnded)
		w.WaitIdle(id)
		w.Advance(30 * 24 * time.Hour)
		w.RestartBot()
		w.Command(bob, "pending")
		w.WaitForMessageIn(bob, slack.General, "1 key to review", string(id))
		w.ClickIn(dana, "review/review", string(id))
		w.waitForReview(id, dana)
		w.WaitForMessageIn(bob, slack.Approvals, "*Reviewed* by <@"+dana+">", string(id))
		w.Command(bob, "pending")
		w.WaitForMessageIn(bob, slack.General, "No requests are waiting for your decision")
		assert.Empty(t, w.botKeys())
	})
}

func TestBreakGlassReviewInHome(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		w.WaitIdle(id)
		w.OpenHome(bob, "To review", "home/review", string(id), "production is down, INC-7")
		w.OpenHome(dana, "home/review")
		assert.NotContains(t, w.OpenHome(carol, "home/request"), string(id))
		assert.NotContains(t, w.OpenHome(alice, "home/request"), `"action_id":"review"`)
		for _, who := range []string{alice, carol} {
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{User: who, Payload: atHome(who, slack.TeamID, "home/review", string(id))}))
			w.WaitForHome(who, "Only approvers can review")
		}
		assert.Empty(t, w.stored(id).Review.By)
		w.ClickInHome(bob, "home/review", string(id))
		w.waitForReview(id, bob)
		w.WaitForScreen(bob, "nothing to be reviewed", func(s slack.Screen) bool { return !homeHolds(s, "home/review") })
		w.ClickInHome(dana, "home/review", string(id))
		w.WaitForHome(dana, "already reviewed this", bob)
		w.waitForReview(id, bob)
		w.WaitForScreen(dana, "a ticket without a button", func(s slack.Screen) bool { _, _, there := find(s, "review/review"); return !there })
	})
}

// An approver ends what was taken without them, and signs for it all the same.
func TestApproverRevokesBreakGlassKey(t *testing.T) {
	withPolicy(t, glass, func(t *testing.T, w *Env) {
		id := w.breakGlass()
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		w.ClickOpensModal(bob, "card/revoke_with_reason", string(id))
		w.SubmitText(bob, "reason", "that was no emergency")
		w.WaitForState(id, approval.StateEnded)
		w.WaitForMessage(alice, "<@"+bob+"> revoked it", "that was no emergency")
		assert.Empty(t, w.botKeys())
		w.ClickIn(bob, "review/review", string(id))
		w.waitForReview(id, bob)
	})
}
