package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

const ticketRules = glass + `
ticket:
  label: Change ticket
  pattern: OPS-[0-9]+
  example: OPS-123
  required: true
`

func ticket(text string) func(map[string]map[string]slack.Value) {
	return field("ticket", slack.Text(text))
}

// hasTicketOnEveryLine asserts what the audit trail says of a request.
func (w *town) hasTicketOnEveryLine(id policy.ID, want string) {
	w.t.Helper()
	lines := w.count(func(e approval.AuditEntry) bool { return e.Request == id })
	require.NotZero(w.t, lines)
	assert.Equal(w.t, lines, w.count(func(e approval.AuditEntry) bool { return e.Request == id && e.Details.Map()["ticket"] == want }))
}

func TestTicketIsCheckedShownAndCarried(t *testing.T) {
	underRules(t, ticketRules, func(t *testing.T, w *town) {
		result := w.sendsForm(alice, ticket("12 <!channel>"))
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Len(t, result.Errors, 1)
		assert.Contains(t, result.Errors["ticket"], "Change ticket")
		assert.Contains(t, result.Errors["ticket"], "OPS-123")
		modal := *w.Slack.Screen(alice).Modal
		assert.Equal(t, slack.Text("12 <!channel>"), modal.Values["ticket"]["ticket"], "nothing that was typed is lost")

		result, err := w.Slack.Submit(w.ctx(), alice, wish(ticket(" OPS-7\u200b")))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome, "%+v", result)
		id := w.newest()
		w.reads(bob, "card/approve", string(id))
		assert.True(t, holds(w.card(id), "Change ticket: ", "OPS-7"), "%s", w.card(id).Text)
		w.types(alice, "list")
		w.reads(alice, "Your requests", "Change ticket: `OPS-7`")

		w.approves(bob, id)
		w.presses(alice, "ready/issue")
		w.becomes(id, approval.StateDelivered)
		w.presses(alice, "ready/confirm")
		w.becomes(id, approval.StateActive)
		next := w.rotates(id)
		assert.Equal(t, policy.Details{"ticket": "OPS-7"}, w.request(next).Details)
		w.hasTicketOnEveryLine(id, "OPS-7")
		w.hasTicketOnEveryLine(next, "OPS-7")
	})
}

func TestTicketIsFilledInAgain(t *testing.T) {
	underRules(t, ticketRules, func(t *testing.T, w *town) {
		id := w.asks(ticket("OPS-9"))
		w.opens(bob, "card/deny", string(id))
		w.fills(bob, map[string]string{"reason": "not now"})
		w.becomes(id, approval.StateDenied)
		modal := w.opens(alice, "outcome/request_again")
		assert.Equal(t, slack.Text("OPS-9"), modal.Values["ticket"]["ticket"])
	})
}

func TestTicketIsInTheBreakGlassForm(t *testing.T) {
	underRules(t, ticketRules, func(t *testing.T, w *town) {
		w.reachesForGlass(alice)
		result, err := w.Slack.Submit(w.ctx(), alice, outage(ticket("INC")))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["ticket"], "OPS-123")
		id := w.sendsOutage(ticket("OPS-1"))
		w.becomes(id, approval.StateDelivered)
		w.hasTicketOnEveryLine(id, "OPS-1")
		assert.True(t, holds(w.card(id), "OPS-1"))
	})
}
