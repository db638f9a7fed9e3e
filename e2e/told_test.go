package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// notified lists, message by message, whom Slack notified in the approvers' channel.
func (w *Env) notified() [][]string {
	w.t.Helper()
	var all [][]string
	for _, m := range w.messages(bob, slack.Approvals) {
		if len(m.Notified) > 0 {
			all = append(all, m.Notified)
		}
	}
	return all
}

// both are the members of the group that approves.
var both = []string{bob, slack.Dana}

func TestCardNotifiesApproversOnce(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.WaitIdle(id)
		assert.Equal(t, [][]string{both}, w.notified(), "by the card, and by nothing else")
		card := w.WaitForMessageIn(bob, slack.Approvals, "card/revoke_with_reason", string(id))
		assert.Equal(t, both, card.Notified)
	})
}

func TestPolicyNotify(t *testing.T) {
	for notify, want := range map[policy.Notify]struct{ card, nudge []string }{
		policy.NotifyApprovers: {both, both},
		policy.NotifyHere:      {[]string{alice, bob, carol}, both}, // Dana is away
		policy.NotifyNobody:    {nil, nil},
	} {
		t.Run(string(notify), func(t *testing.T) {
			withPolicy(t, "required_approvals:\n  - from: [S0APPROVERS]\nnotify: "+string(notify), func(t *testing.T, w *Env) {
				w.Slack.Away(slack.Dana)
				id := w.Request()
				w.ClickIn(alice, "requested/nudge", string(id))
				nudge := w.waitForThreadReply(id, 1)
				assert.Equal(t, want.nudge, nudge.Notified)
				assert.Equal(t, want.card, w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(id)).Notified)
			})
		})
	}
}

// TestReminderNotifiesMissingApprovers: those who approved, and groups that need no more
// approvals, have nothing to do.
func TestReminderNotifiesMissingApprovers(t *testing.T) {
	withPolicy(t, `
required_approvals:
  - from: [S0APPROVERS]
  - from: [S0SECURITY]
pending:
  remind_approvers_after: [2h]
  expire_after: 24h
`, func(t *testing.T, w *Env) {
		id := w.Request()
		w.approve(bob, id)
		w.waitForThreadReply(id, 1)
		w.Advance(2*time.Hour + time.Minute)
		assert.Equal(t, []string{carol}, w.waitForThreadReply(id, 2).Notified)
	})
}

func TestChangedKeyNotifiesApprovers(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.WaitIdle(id)
		key := w.stored(id).Key.ID
		edit := func(e atlas.KeyEdit) {
			require.NoError(t, w.Atlas.EditKey(key, e))
			w.Advance(11 * time.Minute)
		}
		edit(atlas.KeyEdit{AccessList: []string{"0.0.0.0/0"}})
		first := w.WaitForMessageIn(bob, slack.Approvals, "was changed manually in Atlas", "from `0.0.0.0/0`", "drift/revoke")
		assert.Empty(t, first.ThreadTS, "it stands in the channel itself")
		assert.Equal(t, both, first.Notified)

		w.WaitIdle(id)
		edit(atlas.KeyEdit{Roles: []string{"ORG_OWNER"}})
		second := w.WaitForMessageIn(bob, slack.Approvals, "was changed manually in Atlas", "Organization Owner", "drift/revoke")
		assert.NotEqual(t, first.TS, second.TS, "an edit would notify no one")
		assert.Equal(t, both, second.Notified)
		w.WaitForMessageIn(bob, slack.Approvals, "has changed again since")
		assert.Equal(t, approval.StateActive, w.stored(id).State)
	})
}
