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

// requireTicketOnEveryLine asserts what the audit trail says of a request.
func (w *Env) requireTicketOnEveryLine(id policy.ID, want string) {
	w.t.Helper()
	lines := w.count(func(e approval.AuditEntry) bool { return e.Request == id })
	require.NotZero(w.t, lines)
	assert.Equal(w.t, lines, w.count(func(e approval.AuditEntry) bool { return e.Request == id && e.Details.Map()["ticket"] == want }))
}

func TestTicketIsCheckedShownAndCarried(t *testing.T) {
	withPolicy(t, ticketRules, func(t *testing.T, w *Env) {
		w.OpenForm(alice)
		w.choose(alice, map[string]slack.Value{"ticket": slack.Text("OPS-"), "roles": slack.Pick("ORG_BILLING_READ_ONLY")})
		assert.NotContains(t, string(w.modalShows(alice, "This needs").View), "has to look like", "it may be half typed")
		require.NoError(t, w.Slack.CloseModal(w.ctx(), alice))
		result := w.submitForm(alice, ticket("12 <!channel>"))
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Len(t, result.Errors, 1)
		assert.Contains(t, result.Errors["ticket"], "Change ticket")
		assert.Contains(t, result.Errors["ticket"], "OPS-123")
		modal := *w.Slack.Screen(alice).Modal
		assert.Equal(t, slack.Text("12 <!channel>"), modal.Values["ticket"]["ticket"], "nothing that was typed is lost")

		result, err := w.Slack.Submit(w.ctx(), alice, requestInput(ticket(" OPS-7\u200b")))
		require.NoError(t, err)
		require.Equal(t, slack.Closed, result.Outcome, "%+v", result)
		id := w.newestRequest()
		w.WaitForMessage(bob, "card/approve", string(id))
		assert.True(t, contains(w.card(id), "Change ticket: ", "OPS-7"), "%s", w.card(id).Text)
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", "list"))
		w.WaitForMessage(alice, "Your requests", "Change ticket: `OPS-7`")

		w.approve(bob, id)
		w.Click(alice, "ready/issue")
		w.WaitForState(id, approval.StateDelivered)
		w.Click(alice, "key/confirm")
		w.WaitForState(id, approval.StateActive)
		next := w.rotate(id)
		assert.Equal(t, policy.Details{"ticket": "OPS-7"}, w.stored(next).Details)
		w.requireTicketOnEveryLine(id, "OPS-7")
		w.requireTicketOnEveryLine(next, "OPS-7")
	})
}

func TestTicketIsFilledInAgain(t *testing.T) {
	withPolicy(t, ticketRules, func(t *testing.T, w *Env) {
		id := w.Request(ticket("OPS-9"))
		w.ClickOpensModal(bob, "card/deny", string(id))
		w.SubmitFields(bob, map[string]string{"reason": "not now"})
		w.WaitForState(id, approval.StateDenied)
		modal := w.ClickOpensModal(alice, "outcome/request_again")
		assert.Equal(t, slack.Text("OPS-9"), modal.Values["ticket"]["ticket"])
	})
}

func TestTicketIsInTheBreakGlassForm(t *testing.T) {
	withPolicy(t, ticketRules, func(t *testing.T, w *Env) {
		w.openBreakGlassForm(alice)
		result, err := w.Slack.Submit(w.ctx(), alice, breakGlassInput(ticket("INC")))
		require.NoError(t, err)
		require.Equal(t, slack.Refused, result.Outcome)
		assert.Contains(t, result.Errors["ticket"], "OPS-123")
		id := w.submitBreakGlass(ticket("OPS-1"))
		w.ClickIn(alice, "ready/issue", string(id))
		w.WaitForState(id, approval.StateDelivered)
		w.requireTicketOnEveryLine(id, "OPS-1")
		assert.True(t, contains(w.card(id), "OPS-1"))
	})
}
