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
	onBothTransports(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.Click(bob, "card/deny")
		w.WaitForScreen(bob, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		assert.Equal(t, approval.StatePending, w.stored(id).State, "nothing is denied before the reason is sent")
		w.SubmitText(bob, "reason", "use the billing dashboard instead")
		w.WaitForState(id, approval.StateDenied)
		w.WaitForMessage(alice, "use the billing dashboard instead", "outcome/request_again")
		card := w.WaitForMessage(bob, "use the billing dashboard instead")
		assert.False(t, contains(card, "card/approve"))
		assert.Empty(t, w.botKeys())
	})
}

func TestDenyWithoutAReason(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.Click(dana, "card/deny")
		w.WaitForScreen(dana, "the form for a reason", func(s slack.Screen) bool { return s.Modal != nil })
		w.SubmitText(dana, "reason", "")
		w.WaitForState(id, approval.StateDenied)
		w.WaitForMessage(alice, "outcome/request_again")
	})
}

func TestWithdraw(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		w.Click(alice, "requested/withdraw")
		w.WaitForState(id, approval.StateWithdrawn)
		w.WaitForScreen(bob, "a card without buttons", func(s slack.Screen) bool { _, _, there := find(s, "card/approve"); return !there })
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.WaitForEphemeral(bob)
		assert.Equal(t, approval.StateWithdrawn, w.stored(id).State)
	})
}

func TestWithdrawAfterApproval(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.approved()
		w.Click(alice, "ready/withdraw")
		w.WaitForState(id, approval.StateWithdrawn)
		assert.Empty(t, w.botKeys())
	})
}

func TestUndecidedRequestExpires(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		w.Advance(24*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateExpired)
		w.WaitForMessage(alice, "outcome/request_again")
		w.WaitForScreen(bob, "a card without buttons", func(s slack.Screen) bool { _, _, there := find(s, "card/approve"); return !there })
	})
}

func TestApprovedRequestExpiresUnlessIssued(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.approved()
		old := w.WaitForMessage(alice, "ready/issue")
		w.Advance(24*time.Hour + time.Minute)
		w.WaitForState(id, approval.StateExpired)
		w.WaitForMessage(alice, "outcome/request_again")
		w.clickStaleInDM(alice, old, "ready/issue")
		assert.Equal(t, approval.StateExpired, w.stored(id).State)
		assert.Empty(t, w.botKeys())
	})
}

func TestConcurrentApprovals(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		w.WaitForMessage(dana, "card/approve")
		var both sync.WaitGroup
		for _, who := range []string{bob, dana} {
			both.Go(func() { assert.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve")) })
		}
		both.Wait()
		r := w.WaitForState(id, approval.StateApproved)
		winner, loser := bob, dana
		if r.Decision.By == policy.UserID(dana) {
			winner, loser = dana, bob
		}
		said := w.WaitForEphemeral(loser)
		assert.True(t, contains(said, winner), "the slower one reads who was faster: %s", said.Text)
	})
}

// Clicks that must change nothing and are answered with a sentence that only
// who clicked can read.
func TestClicksThatAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		who   string
		given func(*Env)
	}{
		"their own request": {alice, func(*Env) {}},
		"no approver":       {carol, func(w *Env) { w.Slack.Join(carol, slack.Approvals) }},
		"a guest":           {gil, func(w *Env) { w.Slack.Join(gil, slack.Approvals); w.Slack.SetGroup(slack.Approvers, bob, gil) }},
		"was deactivated":   {dana, func(w *Env) { w.Slack.Deactivate(dana) }},
	} {
		t.Run(name, func(t *testing.T) {
			onTransport(t, func(t *testing.T, w *Env) {
				tt.given(w)
				id := w.Request()
				before := w.stored(id)
				for _, action := range []string{"card/approve", "card/deny"} {
					card := w.WaitForMessage(bob, "card/approve")
					require.NoError(t, w.Slack.ForgeClick(w.ctx(), slack.Forgery{
						User: tt.who, Conversation: slack.Approvals, TS: card.TS, ActionID: verbOf(action), BlockID: blockOf(action, id), Value: string(id),
					}))
				}
				if tt.who != dana {
					w.WaitForEphemeral(tt.who)
				}
				w.WaitUntil("the refusal is in the audit trail", func() bool { return w.refusals(id) >= 1 })
				assert.Equal(t, before.Version, w.stored(id).Version)
			})
		})
	}
}

func TestUserOfAnotherWorkspaceIsRefused(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		for _, f := range []slack.Forgery{
			{User: eve, TeamID: slack.OtherTeam},
			{User: bob, TeamID: slack.OtherTeam}, // an id that happens to be an approver's
			{User: eve, TeamID: slack.OtherTeam, OrgWide: true},
			{User: "U0UNKNOWN", TeamID: slack.TeamID},
		} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = slack.Approvals, card.TS, "approve", blockOf("card/approve", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.WaitUntil("the refusals are in the audit trail", func() bool { return w.refusals(id) >= 4 })
		assert.Equal(t, approval.StatePending, w.stored(id).State)
	})
}

func TestForgedButtonsChangeNothing(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		asked := w.WaitForMessage(alice, "requested/withdraw")
		before := w.stored(id)
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
			assert.Equal(t, before.Version, w.stored(id).Version, name)
		}
	})
}

func TestDoubleClickApprovesOnce(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		id := w.Request()
		card := w.WaitForMessage(bob, "card/approve")
		w.Click(bob, "card/approve")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), bob, slack.Approvals, card, "approve"))
		w.WaitForEphemeral(bob)
		w.WaitForState(id, approval.StateApproved)
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
	})
}

func TestDuplicateDeliveriesCountOnce(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
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
	w := newEnv(t, true, nil, func(o *sandbox.Options) { o.ProxyRepeats = 1 })
	w.OpenForm(alice)
	w.inject(faultOn(wire.Slack, "users.info", wire.Error500Before))
	result, err := w.Slack.Submit(w.ctx(), alice, requestInput())
	require.NoError(t, err)
	require.Equal(t, slack.Refused, result.Outcome, "the form closed, and nothing was recorded")
	result, err = w.Slack.Submit(w.ctx(), alice, requestInput())
	require.NoError(t, err)
	require.Equal(t, slack.Closed, result.Outcome)
	w.WaitForMessage(bob, "card/approve")
	assert.Equal(t, 1, w.entries(w.newestRequest(), approval.EventSubmit))
}

func TestSelfApprovalIfAllowed(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, map[string]string{"POLICY_FILE": policyOf(t, "allow_self_approval: true\n"), "SLACK_APPROVERS": alice})
	id := w.requestWithoutApprovers()
	w.Click(alice, "card/approve")
	w.WaitForState(id, approval.StateApproved)
}
