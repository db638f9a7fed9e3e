package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// Regressions that crash injection found.

func TestOpenFormIsNotReportedAsFailed(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		w.inject(faultOn(wire.Slack, "views.open", wire.LostAfter))
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", ""))
		said := w.WaitForMessageIn(alice, slack.General, "didn't say whether the form is open")
		assert.False(t, contains(said, "didn't open in time"))
		assert.NotNil(t, w.Slack.Screen(alice).Modal)
	})
}

// A click is delivered again if the bot died before Slack knew that it has it,
// and its trigger may have opened the form by then.
func TestFormOpenedByReusedTriggerIsNotReportedAsFailed(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		twice := faultOn(wire.Slack, "views.open", wire.SlackErrorAfter)
		twice.Error = "exchanged_trigger_id"
		w.inject(twice)
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", ""))
		said := w.WaitForMessageIn(alice, slack.General, "form is already open")
		assert.False(t, contains(said, "didn't open in time"))
		assert.NotNil(t, w.Slack.Screen(alice).Modal)
	})
}
