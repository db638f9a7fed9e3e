package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestRulesNudgeOnce(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		asked := w.pressesOn(alice, "requested/nudge", string(id))
		notice := w.hears(id, 1)
		assert.True(t, holds(notice, "@"+alice, "once more", string(id)))
		callsNobody(t, notice)
		w.sees(alice, "that it is done, and no button", func(s slack.Screen) bool {
			_, _, done := find(s, "You asked once more", string(id))
			_, _, again := find(s, "requested/nudge")
			return done && !again
		})
		w.staleInDM(alice, asked, "requested/nudge")
		w.isTold(alice, "asked once more already")
		w.hears(id, 1)
		assert.Equal(t, 1, w.entries(id, approval.EventNudge))
		assert.Equal(t, approval.StatePending, w.request(id).State)

		w.approves(bob, id)
		w.becomes(id, approval.StateApproved)
		w.staleInDM(alice, asked, "requested/nudge")
		w.isTold(alice, "press *Create my key*")
		w.hears(id, 2)
	})
}

func TestRulesNobodyElseNudges(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.rests(id)
		asked := w.reads(alice, "requested/nudge", string(id))
		before := w.request(id).Version
		for _, f := range []slack.Forgery{
			{User: bob}, {User: carol}, {User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: alice, TeamID: slack.OtherTeam},
		} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = w.appDM(alice), asked.TS, "nudge", blockOf("requested/nudge", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.until("the refusals are in the audit trail", func() bool { return w.refusals(id) >= 5 })
		assert.Equal(t, before, w.request(id).Version)
		assert.Empty(t, w.thread(id))
	})
}

func TestRulesNudgeFromElsewhere(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		first := w.asks()
		w.types(alice, "list")
		w.readsIn(alice, slack.General, string(first), "list/nudge")
		w.pressesOn(alice, "list/nudge", string(first))
		w.hears(first, 1)
		w.readsIn(alice, slack.General, string(first), "You asked once more")

		second := w.asks()
		w.rests(second)
		w.opensHome(alice, string(second), "home/nudge")
		w.pressesAtHome(alice, "home/nudge", string(second))
		w.hears(second, 1)
		w.home(alice, string(second), "You asked once more")
		w.hears(first, 1)
	})
}

// The notice is not posted at first; it comes later, once.
func TestRulesNudgeWhileSlackIsDown(t *testing.T) {
	underRules(t, impatient, func(t *testing.T, w *town) {
		id := w.asks()
		w.rests(id)
		w.spoils(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: 2})
		w.pressesOn(alice, "requested/nudge", string(id))
		w.until("it is under the card", func() bool {
			if len(w.thread(id)) > 0 {
				return true
			}
			w.passes(10 * time.Second)
			return false
		})
		w.hears(id, 1)
	})
}
