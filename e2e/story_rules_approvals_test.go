package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestRulesOneOfEachGroup(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.card(id)
		assert.True(t, holds(card, ofApprovers, ofSecurity, "card/approve"), "the card says whose approval it takes")
		assert.Equal(t, []string{slack.Approvers, security}, card.Mentions.Groups, "and calls them")
		assert.True(t, holds(w.reads(alice, "requested/withdraw"), ofApprovers, ofSecurity), "so does the asker's message")

		w.approves(bob, id)
		w.endorsed(id, 1)
		assert.True(t, holds(w.card(id), "@"+bob, "1 of 2", "card/approve", "card/deny"))
		w.under(id, "@"+bob, "1 of 2", string(id))
		w.reads(alice, "requested/withdraw", "@"+bob, "1 of 2")
		assert.Len(t, w.thread(id), 1)

		w.approves(dana, id)
		w.isTold(dana, ofSecurity, "Nothing was changed")
		w.approves(bob, id)
		w.isTold(bob, "approved this already", ofSecurity)
		require.Len(t, w.request(id).Approvals, 1)
		assert.Empty(t, w.botKeys())

		w.approves(carol, id)
		r := w.becomes(id, approval.StateApproved)
		assert.Equal(t, policy.UserID(carol), r.Decision.By)
		w.reads(alice, "ready/issue", "@"+bob, "@"+carol)
		w.under(id, "@"+carol, "the last of 2 approvals")
		assert.False(t, holds(w.card(id), "card/approve"))
		assert.Len(t, w.thread(id), 2)
		assert.Equal(t, 1, w.entries(id, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))

		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.hasKey([]string{"ORG_BILLING_READ_ONLY"}, "203.0.113.7", "198.51.100.0/24")
	})
}

func TestRulesBothGroupsAtOnce(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		card := w.card(id)
		var all sync.WaitGroup
		for _, who := range []string{carol, bob, dana, bob} {
			all.Go(func() {
				assert.NoError(t, w.Slack.ClickStale(w.ctx(), who, slack.Approvals, card, "approve"))
			})
		}
		all.Wait()
		assert.Len(t, w.becomes(id, approval.StateApproved).Approvals, 2)
		assert.Equal(t, 1, w.entries(id, approval.EventApprovalAdded))
		assert.Equal(t, 1, w.entries(id, approval.EventApprove))
		w.rests(id)
		assert.Len(t, w.thread(id), 2)
	})
}

func TestRulesOneDenialIsEnough(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		w.approves(bob, id)
		w.endorsed(id, 1)
		card := w.card(id)
		w.opens(carol, "card/deny", string(id))
		w.submits(carol, "reason", "not before the audit")
		w.becomes(id, approval.StateDenied)
		w.reads(alice, "outcome/request_again", "@"+carol, "not before the audit")
		w.under(id, "@"+carol, "denied", "not before the audit")
		require.NoError(t, w.Slack.ClickStale(w.ctx(), dana, slack.Approvals, card, "approve"))
		w.isTold(dana, "@"+carol, "denied")
		assert.Equal(t, approval.StateDenied, w.request(id).State)
		assert.Empty(t, w.botKeys())
	})
}

func TestRulesWhoNeverApproves(t *testing.T) {
	underRules(t, twoGroups+"excluded_approvers: [U0DANA]\n", func(t *testing.T, w *town) {
		id := w.asks()
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.pressesOn(dana, action, string(id))
		}
		w.isToldTimes(3, dana, "Only approvers", "Nothing was changed")
		assert.Nil(t, w.Slack.Screen(dana).Modal)
		assert.Equal(t, 3, w.refusals(id), "the decision and both forms that were not opened")
		assert.Empty(t, w.request(id).Approvals)
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.approves(carol, id)
		w.becomes(id, approval.StateApproved)
	})
}

func TestRulesTheAskerIsInTheGroup(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asksAs(bob)
		for _, action := range []string{"card/approve", "card/deny", "card/approve_partial"} {
			w.pressesOn(bob, action, string(id))
		}
		w.isToldTimes(3, bob, "your own request")
		assert.Nil(t, w.Slack.Screen(bob).Modal)
		assert.Empty(t, w.request(id).Approvals)
		w.approves(dana, id)
		w.endorsed(id, 1)
		w.approves(carol, id)
		w.becomes(id, approval.StateApproved)
		w.reads(bob, "ready/issue", "@"+dana, "@"+carol)
	})
}

func TestRulesTheAskerIsTheWholeGroup(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		w.opensForm(carol)
		w.chooses(carol, map[string]slack.Value{"roles": slack.Pick("ORG_BILLING_READ_ONLY")})
		w.modalShows(carol, "too few people beside you", ofSecurity)
		require.NoError(t, w.Slack.CloseModal(w.ctx(), carol))
		id := w.asksAs(carol)
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.approves(dana, id)
		w.isTold(dana, ofSecurity)
		w.approves(carol, id)
		w.isTold(carol, "your own request")
		assert.Equal(t, approval.StatePending, w.request(id).State)
	})
}

func TestRulesTwoOfOneGroup(t *testing.T) {
	underRules(t, "required_approvals: [{from: [S0APPROVERS], count: 2}]", func(t *testing.T, w *town) {
		id := w.asks()
		card := w.card(id)
		assert.True(t, holds(card, "2 approvers"))
		callsNobody(t, card)
		w.approves(dana, id)
		w.endorsed(id, 1)
		w.reads(alice, "requested/withdraw", "@"+dana, "1 more of <!"+ofApprovers)
		w.approves(dana, id)
		w.isTold(dana, "approved this already", "1 more of <!"+ofApprovers)
		w.approves(carol, id)
		w.isTold(carol, "Only approvers")
		w.approves(bob, id)
		w.becomes(id, approval.StateApproved)
		w.reads(alice, "ready/issue", "@"+dana, "@"+bob)
	})
}

// Somebody in two groups counts once, for whichever leaves room for the others.
func TestRulesOnePersonInBothGroups(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		w.Slack.SetGroup(security, bob)
		id := w.asks()
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.approves(bob, id)
		w.isTold(bob, "approved this already")
		w.approves(dana, id)
		assert.Len(t, w.becomes(id, approval.StateApproved).Approvals, 2)
	})
}

func TestRulesRolesHaveTheirOwnApprovers(t *testing.T) {
	const current = `
roles:
  ORG_READ_ONLY: {}
  ORG_BILLING_READ_ONLY:
    required_approvals: [{from: [S0SECURITY]}]
`
	underRules(t, current, func(t *testing.T, w *town) {
		plain, billing := w.asks(withRoles("ORG_READ_ONLY")), w.asks()
		w.approves(carol, plain)
		w.isTold(carol, "Only approvers")
		w.approves(bob, billing)
		w.isTold(bob, "Only approvers")
		w.approves(bob, plain)
		w.becomes(plain, approval.StateApproved)
		w.approves(carol, billing)
		w.becomes(billing, approval.StateApproved)
		assert.False(t, holds(w.card(billing), ofApprovers))
	})
}

func TestRulesAnApprovalSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newRuledTown(t, false, twoGroups, nil)
	id := w.asks()
	w.approves(bob, id)
	w.endorsed(id, 1)
	before := len(w.thread(id))
	w.restartBot()
	w.approves(bob, id)
	w.isTold(bob, "approved this already")
	w.approves(carol, id)
	w.becomes(id, approval.StateApproved)
	w.rests(id)
	assert.Len(t, w.thread(id), before+1)
}

// Who cannot be told from a stranger just now changes nothing, and reads that
// it is not their doing.
func TestRulesSlackDoesNotListAGroup(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asks()
		w.rests(id)
		w.passes(20 * time.Minute) // what is known of the groups is too old now
		w.spoils(wire.Fault{Side: wire.Slack, Operation: "usergroups.users.list", Mode: wire.HTML503, Count: -1})
		w.approves(bob, id)
		w.isTold(bob, "Try again")
		assert.Empty(t, w.request(id).Approvals)
		w.Wire.Clear()
		w.approves(bob, id)
		w.endorsed(id, 1)
		w.approves(carol, id)
		w.becomes(id, approval.StateApproved)
	})
}
