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

func TestPolicyNudgeOnce(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		asked := w.ClickIn(alice, "requested/nudge", string(id))
		notice := w.waitForThreadReply(id, 1)
		assert.True(t, contains(notice, "@"+alice, "still needs a decision", string(id)))
		assert.Equal(t, both, notice.Notified)
		w.WaitForScreen(alice, "that it is done, and no button", func(s slack.Screen) bool {
			_, _, done := find(s, "You reminded them", string(id))
			_, _, again := find(s, "requested/nudge")
			return done && !again
		})
		w.clickStaleInDM(alice, asked, "requested/nudge")
		w.waitForNotification(alice, "You already reminded the approvers")
		w.waitForThreadReply(id, 1)
		assert.Equal(t, 1, w.entries(id, approval.EventNudge))
		assert.Equal(t, approval.StatePending, w.stored(id).State)

		w.approve(bob, id)
		w.WaitForState(id, approval.StateApproved)
		w.clickStaleInDM(alice, asked, "requested/nudge")
		w.waitForNotification(alice, "ress *Create my key*")
		w.waitForThreadReply(id, 1)
	})
}

func TestPolicyOnlyRequesterNudges(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.WaitIdle(id)
		asked := w.WaitForMessage(alice, "requested/nudge", string(id))
		before := w.stored(id).Version
		for _, f := range []slack.Forgery{
			{User: bob}, {User: carol}, {User: gil}, {User: eve, TeamID: slack.OtherTeam}, {User: alice, TeamID: slack.OtherTeam},
		} {
			f.Conversation, f.TS, f.ActionID, f.BlockID, f.Value = w.appDM(alice), asked.TS, "nudge", blockOf("requested/nudge", id), string(id)
			require.NoError(t, w.Slack.ForgeClick(w.ctx(), f))
		}
		w.WaitUntil("the refusals are in the audit trail", func() bool { return w.refusals(id) >= 5 })
		assert.Equal(t, before, w.stored(id).Version)
		assert.Empty(t, w.thread(id))
	})
}

func TestPolicyNudgeFromList(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		first := w.Request()
		w.Command(alice, "list")
		w.WaitForMessageIn(alice, slack.General, string(first), "list/nudge")
		w.ClickIn(alice, "list/nudge", string(first))
		w.waitForThreadReply(first, 1)
		w.WaitForMessageIn(alice, slack.General, string(first), "You reminded them")

		second := w.Request()
		w.WaitIdle(second)
		w.OpenHome(alice, string(second), "home/nudge")
		w.ClickInHome(alice, "home/nudge", string(second))
		w.waitForThreadReply(second, 1)
		w.WaitForHome(alice, string(second), "You reminded them")
		w.waitForThreadReply(first, 1)
	})
}

// The notice is not posted at first; it comes later, once.
func TestPolicyNudgeWhileSlackIsDown(t *testing.T) {
	withPolicy(t, impatient, func(t *testing.T, w *Env) {
		id := w.Request()
		w.WaitIdle(id)
		w.inject(wire.Fault{Side: wire.Slack, Operation: "chat.postMessage", Mode: wire.HTML503, Count: 2})
		w.ClickIn(alice, "requested/nudge", string(id))
		w.WaitUntil("it is under the card", func() bool {
			if len(w.thread(id)) > 0 {
				return true
			}
			w.Advance(10 * time.Second)
			return false
		})
		w.waitForThreadReply(id, 1)
	})
}
