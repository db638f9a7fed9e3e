package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// The way of a request, from the command to the ephemeral message.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ctx := t.Context()

	opened := d.json("views.open", obj{"trigger_id": d.trigger(a), "view": modal(input("reason", nil))})
	require.Equal(t, true, opened.obj["ok"], opened.obj)
	screen := d.Screen(slack.Alice)
	require.NotNil(t, screen.Modal)
	require.Nil(t, d.Screen(slack.Bob).Modal)

	result, err := d.Submit(ctx, slack.Alice, map[string]map[string]slack.Value{"reason": {"reason": slack.Text("a backfill")}})
	require.NoError(t, err)
	require.Equal(t, slack.Result{Outcome: slack.Closed}, result)
	require.Nil(t, d.Screen(slack.Alice).Modal)
	view := a.nextPayload()["view"].(obj)
	require.Equal(t, screen.Modal.ViewID, view["id"])
	require.Equal(t, obj{"values": obj{"reason": obj{"reason": obj{"type": "plain_text_input", "value": "a backfill"}}}}, view["state"])

	ts := d.card("approve", "deny")
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, ts, "approve"))
	click := a.nextPayload()
	require.Equal(t, ts, click["message"].(obj)["ts"])
	require.Equal(t, "req-1", click["actions"].([]any)[0].(obj)["value"])
	d.ok("chat.update", obj{"channel": slack.Approvals, "ts": ts, "text": "approved", "blocks": []any{section("approved")}})
	require.ErrorIs(t, d.Click(ctx, slack.Dana, slack.Approvals, ts, "approve"), slack.ErrCannot)
	require.True(t, d.seen(slack.Dana, slack.Approvals).Messages[0].Edited)

	dm := d.ok("chat.postMessage", obj{"channel": slack.Alice, "text": "collect", "blocks": []any{buttons("collect")}})
	require.Equal(t, slack.AppDM(slack.Alice), dm.obj["channel"])
	require.NoError(t, d.Click(ctx, slack.Alice, slack.AppDM(slack.Alice), dm.obj["ts"].(string), "collect"))
	a.next()
	shown := d.ok("chat.postEphemeral", obj{
		"channel": slack.AppDM(slack.Alice), "user": slack.Alice, "text": "your key", "blocks": []any{section("the key"), buttons("saved")},
	})
	note := d.seen(slack.Alice, slack.AppDM(slack.Alice)).Messages[1]
	require.True(t, note.Ephemeral)

	require.NoError(t, d.Click(ctx, slack.Alice, slack.AppDM(slack.Alice), shown.obj["message_ts"].(string), "saved"))
	saved := a.nextPayload()
	require.NotContains(t, saved, "message")
	require.Equal(t, true, saved["container"].(obj)["is_ephemeral"])
	status, _ := d.post(saved["response_url"].(string), obj{"replace_original": false, "delete_original": true})
	require.Equal(t, 200, status)
	require.Len(t, d.seen(slack.Alice, slack.AppDM(slack.Alice)).Messages, 1)
}
