package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
)

// Who left out what stays with who did it, also when somebody else leaves out
// more.
func TestRulesEachApproverIsNamedForTheirOwnChange(t *testing.T) {
	underRules(t, twoGroups, func(t *testing.T, w *town) {
		id := w.asksForMuch()
		w.leavesAPart(id)
		w.endorsed(id, 1)
		w.under(id, "@"+bob, "1 of 2", "without Organization Read Only")
		w.opens(carol, "card/approve_partial", string(id))
		require.Equal(t, slack.Closed, w.fills(carol, map[string]string{"networks": "203.0.113.7"}).Outcome)
		w.becomes(id, approval.StateApproved)
		w.rests(id)
		require.Contains(t, w.thread(id)[0].Text, "without Organization Read Only", "what was said under the card stays true")
		require.NotContains(t, w.thread(id)[1].Text, "without Organization Read Only", "it was Bob who left that out")
	})
}

// Under the card it is said when a key was made and when it ended.
func TestRulesBeingToldWhenAKeyWasMadeAndEnded(t *testing.T) {
	for _, name := range []string{"made", "at its end"} {
		tt := tellings[name]
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, w *town) { w.isDated(t, tt) })
		})
	}
}

// Where the usual approvals are those of two groups the card says so, too.
func TestRulesTheCardTellsTwoUsualGroupsApart(t *testing.T) {
	underRules(t, "required_approvals: [{from: [S0APPROVERS]}, {from: [S0SECURITY]}]", func(t *testing.T, w *town) {
		require.NotContains(t, w.card(w.asks()).Text, "an approver and an approver")
	})
}
