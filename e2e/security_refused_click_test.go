package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// TestRefusedClickIsExplained: the user who clicked reads that nothing was
// changed, and no other user reads anything.
func TestRefusedClickIsExplained(t *testing.T) {
	onBothTransports(t, func(t *testing.T, w *Env) {
		first := w.Request()
		one := w.WaitForMessage(bob, "card/approve", string(first))
		second := w.Request()
		two := w.WaitForMessage(bob, "card/approve", string(second))
		w.WaitIdle(first)
		w.WaitIdle(second)
		before := w.requestVersions()
		for name, f := range map[string]slack.Forgery{
			"an unknown button":             {TS: one.TS, ActionID: canary, Value: string(first)},
			"a button of an older bot":      {TS: one.TS, ActionID: "grant", BlockID: blockOf("card/grant", first), Value: string(first)},
			"a value that is no id":         {TS: one.TS, ActionID: "approve", BlockID: blockOf("card/approve", first), Value: canary},
			"a request that does not exist": {TS: one.TS, ActionID: "approve", BlockID: blockOf("card/approve", first), Value: "AKR-22222"},
			"of another request":            {TS: one.TS, ActionID: "approve", BlockID: blockOf("card/approve", second), Value: string(second)},
			"of the other request":          {TS: two.TS, ActionID: "deny", BlockID: blockOf("card/deny", first), Value: string(first)},
			"in a channel without the bot":  {Conversation: slack.General, TS: one.TS, ActionID: "approve", BlockID: blockOf("card/approve", first), Value: string(first)},
			"in a card that never was":      {TS: "1700000000.000001", ActionID: "approve", BlockID: blockOf("card/approve", first), Value: string(first)},
			"in an ephemeral message":       {TS: one.TS, ActionID: "approve", BlockID: blockOf("card/approve", first), Value: string(first), Ephemeral: true},
			"of a note, in no note":         {TS: one.TS, ActionID: "confirm", BlockID: blockOf("key/confirm", first), Value: string(first)},
			"of the list, in a message":     {TS: one.TS, ActionID: "revoke", BlockID: blockOf("list/revoke", first), Value: string(first)},
			"that opens nothing":            {TS: one.TS, ActionID: "request_again", BlockID: blockOf("outcome/request_again", first), Value: string(first)},
		} {
			f.User = bob
			told, mine, theirs := w.countResponses(), w.countEphemerals(bob), w.countEphemerals(dana)
			require.NoError(t, w.Slack.ForgeClick(t.Context(), f), name)
			w.WaitUntil(name+" is answered", func() bool { return w.countResponses() > told })
			assert.Equal(t, mine+1, w.countEphemerals(bob), name)
			assert.Equal(t, theirs, w.countEphemerals(dana), name)
			assert.Equal(t, before, w.requestVersions(), name)
		}
		assert.Empty(t, w.Slack.Screen(bob).Notices)

		// Both cards are as they were, and their buttons work.
		for ts, id := range map[string]policy.ID{one.TS: first, two.TS: second} {
			card := w.WaitForMessage(bob, "card/approve", string(id))
			assert.Equal(t, ts, card.TS)
			require.NoError(t, w.Slack.Click(t.Context(), bob, slack.Approvals, ts, "approve"))
			w.WaitForState(id, approval.StateApproved)
		}
		w.requireUnharmed()
	})
}

// countEphemerals counts the messages that only who sees.
func (w *Env) countEphemerals(who string) int {
	n := 0
	for _, c := range w.Slack.Screen(who).Conversations {
		for _, m := range c.Messages {
			if m.Ephemeral {
				n++
			}
		}
	}
	return n
}
