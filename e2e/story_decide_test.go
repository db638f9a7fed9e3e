package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestDenyWithAReason(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		w.presses(bob, "card/deny")
		w.sees(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		assert.Equal(t, approval.StatePending, w.request(id).State, "nothing is denied before the reason is sent")
		w.submits(bob, "reason", "use the billing dashboard instead")
		w.becomes(id, approval.StateDenied)
		w.reads(alice, "use the billing dashboard instead", "outcome/request_again")
		card := w.reads(bob, "use the billing dashboard instead")
		assert.False(t, holds(card, "card/approve"))
		assert.Empty(t, w.botKeys())
	})
}

func TestDenyWithoutAReason(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		w.presses(dana, "card/deny")
		w.sees(dana, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.submits(dana, "reason", "")
		w.becomes(id, approval.StateDenied)
		w.reads(alice, "outcome/request_again")
	})
}

func TestWithdraw(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		w.presses(alice, "requested/withdraw")
		w.becomes(id, approval.StateWithdrawn)
		w.sees(bob, "a card without buttons", func(s slack.Screen) bool { _, _, there := find(s, "card/approve"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.whispered(bob)
		assert.Equal(t, approval.StateWithdrawn, w.request(id).State)
	})
}

func TestWithdrawAfterTheApproval(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.approved()
		w.presses(alice, "ready/withdraw")
		w.becomes(id, approval.StateWithdrawn)
		assert.Empty(t, w.botKeys())
	})
}

func TestNobodyDecides(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		w.passes(24*time.Hour + time.Minute)
		w.becomes(id, approval.StateExpired)
		w.reads(alice, "outcome/request_again")
		w.sees(bob, "a card without buttons", func(s slack.Screen) bool { _, _, there := find(s, "card/approve"); return !there })
	})
}

func TestNobodyCollects(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.approved()
		old := w.reads(alice, "ready/issue")
		w.passes(24*time.Hour + time.Minute)
		w.becomes(id, approval.StateExpired)
		w.reads(alice, "outcome/request_again")
		w.staleInDM(alice, old, "ready/issue")
		assert.Equal(t, approval.StateExpired, w.request(id).State)
		assert.Empty(t, w.botKeys())
	})
}

func TestTwoApproversAtOnce(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		w.reads(dana, "card/approve")
		var both sync.WaitGroup
		for _, who := range []string{bob, dana} {
			both.Go(func() { assert.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve")) })
		}
		both.Wait()
		r := w.becomes(id, approval.StateApproved)
		winner, loser := bob, dana
		if r.Decision.By == policy.UserID(dana) {
			winner, loser = dana, bob
		}
		said := w.whispered(loser)
		assert.True(t, holds(said, winner), "the slower one reads who was faster: %s", said.Text)
	})
}

// Clicks that must change nothing and are answered with a sentence that only
// who clicked can read.
func TestClicksThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		who   string
		given func(*town)
	}{
		"their own request": {alice, func(*town) {}},
		"no approver":       {carol, func(w *town) { w.Slack.Join(carol, slack.Approvals) }},
		"a guest":           {gil, func(w *town) { w.Slack.Join(gil, slack.Approvals); w.Slack.SetGroup(slack.Approvers, bob, gil) }},
		"was deactivated":   {dana, func(w *town) { w.Slack.Deactivate(dana) }},
	} {
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, w *town) {
				tt.given(w)
				id := w.asks()
				before := w.request(id)
				for _, action := range []string{"card/approve", "card/deny"} {
					card := w.reads(bob, "card/approve")
					require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
						User: tt.who, Conversation: slack.Approvals, TS: card.TS, ActionID: verbOf(action), BlockID: blockOf(action, id), Value: string(id),
					}))
				}
				if tt.who != dana {
					w.whispered(tt.who)
				}
				w.until("the refusal is in the audit trail", func() bool { return w.refusals(id) >= 1 })
				assert.Equal(t, before.Version, w.request(id).Version)
			})
		})
	}
}

func TestAStrangerFromAnotherWorkspaceDecidesNothing(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		for _, f := range []slack.Forgery{
			{User: eve, TeamID: slack.OtherTeam},
			{User: bob, TeamID: slack.OtherTeam}, // an id that happens to be an approver's
			{User: eve, TeamID: slack.OtherTeam, OrgWide: true},
			{User: "U0NOBODY", TeamID: slack.TeamID},
		} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = slack.Approvals, card.TS, "approve", blockOf("card/approve", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.until("the refusals are in the audit trail", func() bool { return w.refusals(id) >= 4 })
		assert.Equal(t, approval.StatePending, w.request(id).State)
	})
}

func TestForgedButtonsChangeNothing(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		asked := w.reads(alice, "requested/withdraw")
		before := w.request(id)
		for name, f := range map[string]slack.Forgery{
			"an unknown button":               {User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "grant", Value: string(id)},
			"a request that does not exist":   {User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: "AKR-00000"},
			"a value that is no id":           {User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: "' OR 1=1 --"},
			"a card in another channel":       {User: bob, Conversation: slack.General, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)},
			"a card that was never posted":    {User: bob, Conversation: slack.Approvals, TS: "1.000001", ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)},
			"a button of another message":     {User: bob, Conversation: slack.Approvals, TS: asked.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id)},
			"an ephemeral that claims a card": {User: bob, Conversation: slack.Approvals, TS: card.TS, ActionID: "approve", BlockID: blockOf("card/approve", id), Value: string(id), Ephemeral: true},
		} {
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f), name)
			assert.Equal(t, before.Version, w.request(id).Version, name)
		}
	})
}

func TestADoubleClickApprovesOnce(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.reads(bob, "card/approve")
		w.presses(bob, "card/approve")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.whispered(bob)
		w.becomes(id, approval.StateApproved)
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	})
}

func TestEverythingIsDeliveredTwice(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		id := w.active()
		assert.Len(t, w.botKeys(), 1)
		for _, e := range []approval.Event{approval.EventSubmit, approval.EventApprove, approval.EventIssue, approval.EventConfirm} {
			assert.Equal(t, 1, w.entries(id, e), e)
		}
	}, func(o *sandbox.Options) { o.Redeliver = 1 })
}

// A proxy repeats each request with its signature, and Slack gets the second
// answer. The first time, Slack did not tell the bot who sent the form.
func TestRequestsRepeatedByProxyGetTheFirstAnswer(t *testing.T) {
	t.Parallel()
	w := newTown(t, true, nil, func(o *sandbox.Options) { o.ProxyRepeats = 1 })
	w.opensForm(alice)
	w.spoils(goesWrong(wire.Slack, "users.info", wire.Error500Before))
	result, err := w.Slack.Submit(w.ctx(), alice, wish())
	require.NoError(t, err)
	require.Equal(t, slack.Refused, result.Outcome, "the form closed, and nothing was recorded")
	result, err = w.Slack.Submit(w.ctx(), alice, wish())
	require.NoError(t, err)
	require.Equal(t, slack.Closed, result.Outcome)
	w.reads(bob, "card/approve")
	assert.Equal(t, 1, w.entries(w.newest(), approval.EventSubmit))
}

func TestSelfApprovalWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, map[string]string{"POLICY_FILE": policyOf(t, "allow_self_approval: true\n"), "SLACK_APPROVERS": alice})
	id := w.asksAlone()
	w.presses(alice, "card/approve")
	w.becomes(id, approval.StateApproved)
}
