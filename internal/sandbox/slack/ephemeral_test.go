package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// note posts an ephemeral message to Alice and returns its timestamp.
func (d *desk) note(channel string) string {
	d.t.Helper()
	return d.ok("chat.postEphemeral", obj{"channel": channel, "user": slack.Alice, "text": "psst", "blocks": []any{buttons("hide")}}).obj["message_ts"].(string)
}

func TestEphemeralMayBeLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.Away(slack.Alice)
	ts := d.note(slack.Approvals)
	d.Active(slack.Alice)
	require.Empty(t, d.seen(slack.Alice, slack.Approvals).Messages, "it does not come later")
	lost := d.Lost()
	require.Len(t, lost, 1)
	require.Equal(t, slack.Ephemeral{TS: ts, User: slack.Alice, Conversation: slack.Approvals, At: d.clock.Now(), Why: "away"}, lost[0])

	d.note(slack.Approvals)
	require.Len(t, d.seen(slack.Alice, slack.Approvals).Messages, 1)
	require.Empty(t, d.seen(slack.Bob, slack.Approvals).Messages)
	require.Len(t, d.Lost(), 1)
}

func TestReloadMayDropEphemerals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts := d.note(slack.Approvals)
	d.Reload(slack.Alice, false)
	require.Equal(t, ts, d.seen(slack.Alice, slack.Approvals).Messages[0].TS)
	require.Empty(t, d.Lost())
	d.Reload(slack.Alice, true)
	require.Empty(t, d.seen(slack.Alice, slack.Approvals).Messages)
	require.Equal(t, "reload", d.Lost()[0].Why)
}

func TestStrictEphemeralsNeedView(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{EphemeralNeedsLook: true})
	d.note(slack.Approvals)
	require.Equal(t, "not looking at the conversation", d.Lost()[0].Why)
	require.NoError(t, d.View(slack.Alice, slack.Approvals))
	d.note(slack.Approvals)
	require.Len(t, d.seen(slack.Alice, slack.Approvals).Messages, 1)
	require.Len(t, d.Lost(), 1)
}

func TestClickReplacesItsEphemeral(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	first, second := d.note(slack.Approvals), d.note(slack.Approvals)
	require.NoError(t, d.Click(t.Context(), slack.Alice, slack.Approvals, first, "hide"))
	url := a.nextPayload()["response_url"].(string)
	d.post(url, obj{"text": "hidden", "replace_original": true})
	got := d.seen(slack.Alice, slack.Approvals).Messages
	require.Equal(t, []string{"hidden", "psst"}, []string{got[0].Text, got[1].Text})
	require.Equal(t, []string{first, second}, []string{got[0].TS, got[1].TS})
	d.post(url, obj{"delete_original": true})
	require.Equal(t, second, d.seen(slack.Alice, slack.Approvals).Messages[0].TS)
	require.ErrorIs(t, d.Click(t.Context(), slack.Bob, slack.Approvals, second, "hide"), slack.ErrCannot, "Bob does not see it")
}

func TestWebAPIDoesNotKnowEphemerals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts := d.note(slack.Approvals)
	require.Equal(t, "message_not_found", d.form("chat.delete", obj{"channel": slack.Approvals, "ts": ts}).error())
	require.Equal(t, obj{"ok": true, "message_ts": "x"}, func() obj {
		o := d.ok("chat.postEphemeral", obj{"channel": slack.Approvals, "user": slack.Bob, "text": "x"}).obj
		o["message_ts"] = "x"
		return o
	}())
}
