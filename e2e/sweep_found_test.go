package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// What the sweep found, each in a few lines.

func TestAFormThatIsOpenIsNotSaidToBeClosed(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		w.spoils(goesWrong(wire.Slack, "views.open", wire.LostAfter))
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", ""))
		said := w.readsIn(alice, slack.General, "did not say whether the form is open")
		assert.False(t, holds(said, "could not be opened"))
		assert.NotNil(t, w.Slack.Screen(alice).Modal)
	})
}

// A press is delivered again if the bot died before Slack knew that it has it,
// and its trigger may have opened the form by then.
func TestAFormThatOneTriggerOpenedTwiceIsNotSaidToBeClosed(t *testing.T) {
	bothDoors(t, func(t *testing.T, w *town) {
		twice := goesWrong(wire.Slack, "views.open", wire.SlackErrorAfter)
		twice.Error = "exchanged_trigger_id"
		w.spoils(twice)
		require.NoError(t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", ""))
		said := w.readsIn(alice, slack.General, "opened the form once already")
		assert.False(t, holds(said, "could not be opened"))
		assert.NotNil(t, w.Slack.Screen(alice).Modal)
	})
}
