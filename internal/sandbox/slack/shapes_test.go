package slack_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func sample(t *testing.T, name string) obj {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return parse(t, string(b))
}

// requireShape wants got to have every key of the sample, all the way down, and
// none that is neither there nor in one of the wider shapes. What is in except
// is not compared, by its path: "user.profile".
func requireShape(t *testing.T, got, sample obj, except []string, wider ...obj) {
	t.Helper()
	compare(t, "", got, sample, except, wider)
}

func compare(t *testing.T, at string, got, sample obj, except []string, wider []obj) {
	t.Helper()
	for name, want := range sample {
		path := trail(at, name)
		if contains(except, path) {
			continue
		}
		require.Contains(t, got, name, "missing: %s", path)
		compareValue(t, path, got[name], want, except, inside(wider, name))
	}
	for name := range got {
		if contains(except, trail(at, name)) || has(sample, name) {
			continue
		}
		known := false
		for _, w := range wider {
			known = known || has(w, name)
		}
		require.True(t, known || len(wider) == 0, "Slack has never been seen to send %s", trail(at, name))
	}
}

func compareValue(t *testing.T, path string, got, want any, except []string, wider []obj) {
	t.Helper()
	switch want := want.(type) {
	case obj:
		if got == nil {
			return // nullable
		}
		require.IsType(t, want, got, path)
		compare(t, path, got.(obj), want, except, wider)
	case []any:
		require.IsType(t, want, got, path)
		if items := got.([]any); len(want) > 0 && len(items) > 0 {
			compareValue(t, path+"[]", items[0], want[0], except, wider)
		}
	case nil:
	default:
		if got != nil {
			require.IsType(t, want, got, path)
		}
	}
}

func inside(wider []obj, name string) []obj {
	var list []obj
	for _, w := range wider {
		switch v := w[name].(type) {
		case obj:
			list = append(list, v)
		case []any:
			if len(v) > 0 {
				if o, ok := v[0].(obj); ok {
					list = append(list, o)
				}
			}
		}
	}
	return list
}

func trail(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func has(o obj, name string) bool { _, ok := o[name]; return ok }

func contains(list []string, s string) bool {
	for _, it := range list {
		if it == s {
			return true
		}
	}
	return false
}

func TestPayloadShapes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ctx := t.Context()
	clicks := sample(t, "shape.block_actions.all_fields.json")

	require.NoError(t, d.Command(ctx, slack.Alice, slack.General, "/atlas-key", "help me"))
	envelope := a.next()
	requireShape(t, envelope, sample(t, "socket.slash_commands.json"), nil, obj{"payload": sample(t, "shape.slash_command.all_fields.json")})
	require.Equal(t, "help me", envelope["payload"].(obj)["text"])
	require.Equal(t, "general", envelope["payload"].(obj)["channel_name"])

	ts := d.card("approve")
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, ts, "approve"))
	envelope = a.next()
	requireShape(t, envelope, sample(t, "socket.interactive.block_actions.message.json"), []string{"payload.message.blocks"}, obj{"payload": clicks})
	requireShape(t, envelope["payload"].(obj), sample(t, "block_actions.message.json"), []string{"message.blocks"}, clicks)
	require.Equal(t, "b", envelope["payload"].(obj)["actions"].([]any)[0].(obj)["block_id"])

	note := d.ok("chat.postEphemeral", obj{"channel": slack.Approvals, "user": slack.Bob, "text": "x", "thread_ts": ts, "blocks": []any{buttons("hide")}})
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, note.obj["message_ts"].(string), "hide"))
	click := a.nextPayload()
	requireShape(t, click, sample(t, "block_actions.ephemeral.thread.json"), []string{"state.values"}, clicks)
	require.NotContains(t, click, "message")

	require.NoError(t, d.ForgeClick(ctx, slack.Forgery{ActionID: "approve", OrgWide: true, Ephemeral: true}))
	click = a.nextPayload()
	requireShape(t, click, sample(t, "block_actions.org_wide_install.ephemeral.json"), nil, clicks)
	require.Nil(t, click["team"])
	require.Equal(t, slack.OtherTeam, click["user"].(obj)["team_id"])
}

func TestViewPayloadShapes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ctx := t.Context()
	blocks := []string{"view.blocks", "view.state.values", "state.values"}

	view := modal(input("reason", nil))
	view["notify_on_close"], view["close"] = true, plain("Cancel")
	d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": view})
	_, err := d.Submit(ctx, slack.Alice, map[string]map[string]slack.Value{"reason": {"reason": slack.Text("x")}})
	require.NoError(t, err)
	got := a.nextPayload()
	wide := sample(t, "shape.view_submission.all_fields.json")
	requireShape(t, got, sample(t, "view_submission.json"), append(blocks, "team.enterprise_id", "team.enterprise_name"), wide)
	require.NotContains(t, got, "channel")
	require.NotContains(t, got, "response_url")

	d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": view})
	require.NoError(t, d.CloseModal(ctx, slack.Alice))
	requireShape(t, a.nextPayload(), sample(t, "view_closed.json"), append(blocks, "team.enterprise_id", "team.enterprise_name"), sample(t, "shape.view_closed.all_fields.json"))

	sure := buttons("clear")
	sure["elements"].([]any)[0].(obj)["confirm"] = obj{"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
	d.ok("views.publish", obj{"user_id": slack.Alice, "view": home(sure)})
	require.NoError(t, d.ClickInHome(ctx, slack.Alice, "clear"))
	requireShape(t, a.nextPayload(), sample(t, "block_actions.view.confirm.json"), append(blocks, "actions[].style"), sample(t, "shape.block_actions.all_fields.json"))

	require.NoError(t, d.OpenHome(ctx, slack.Alice))
	event := a.next()
	requireShape(t, event, sample(t, "socket.events_api.json"), []string{"payload.event", "payload"})
	requireShape(t, event["payload"].(obj), sample(t, "event.app_home_opened.json"), []string{"event.view.blocks", "event.view.state.values"})
}

func TestCommandFormShape(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	b, err := os.ReadFile("testdata/slash_command.http.form.txt")
	require.NoError(t, err)
	want, err := url.ParseQuery(string(b))
	require.NoError(t, err)
	got, err := url.ParseQuery(app.next().body)
	require.NoError(t, err)
	for name := range want {
		if name != "enterprise_id" && name != "enterprise_name" {
			require.Contains(t, got, name)
		}
	}
	require.Equal(t, []string{""}, got["text"], "present and empty")
	require.Equal(t, []string{"false"}, got["is_enterprise_install"])
}

func TestResponseShapes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{Scopes: append(slack.DefaultScopes(), "im:write", "team:read", "im:read")})
	a := d.connect(plainly)
	blocks := []any{section("x")}
	at := func() obj {
		return obj{"channel": slack.Approvals, "user": slack.Bob, "text": "x", "blocks": blocks, "ts": d.card("a")}
	}
	dm := d.ok("conversations.open", obj{"users": slack.Bob})
	requireShape(t, dm.obj, sample(t, "api.conversations.open.success.json"), nil)

	for name, got := range map[string]answer{
		"auth.test.success_with_bot_token":          d.ok("auth.test", nil),
		"apps.connections.open.success":             d.jsonAs(d.AppToken(), "apps.connections.open", obj{}),
		"chat.postEphemeral.success":                d.ok("chat.postEphemeral", at()),
		"chat.update.success":                       d.ok("chat.update", at()),
		"chat.delete.success":                       d.ok("chat.delete", at()),
		"conversations.open.success_with_return_im": d.ok("conversations.open", obj{"users": slack.Bob, "return_im": true}),
		"conversations.members.success":             d.ok("conversations.members", obj{"channel": slack.Approvals, "limit": "2"}),
		"usergroups.users.list.success":             d.ok("usergroups.users.list", obj{"usergroup": slack.Approvers}),
		"usergroups.list.success":                   d.ok("usergroups.list", obj{"include_count": true}),
		"bots.info.success":                         d.ok("bots.info", obj{"bot": slack.BotID}),
	} {
		requireShape(t, got.obj, sample(t, "api."+name+".json"), []string{"bot.icons"})
	}
	posted := d.ok("chat.postMessage", at())
	requireShape(t, posted.obj, sample(t, "api.chat.postMessage.success.json"), []string{"message.username", "message.subtype", "message.attachments"})
	user := d.ok("users.info", obj{"user": slack.Bob})
	images := []string{"user.has_2fa"}
	for _, size := range []string{"original", "24", "32", "48", "72", "192", "512"} {
		images = append(images, "user.profile.image_"+size)
	}
	requireShape(t, user.obj, sample(t, "api.users.info.success.json"), append(images, "user.profile.email"), sample(t, "shape.api.users.info.all_fields.json"))
	channel := d.ok("conversations.info", obj{"channel": slack.Approvals})
	requireShape(t, channel.obj, sample(t, "api.conversations.info.success.json"), []string{"channel.properties"})
	im := d.ok("conversations.info", obj{"channel": dm.obj["channel"].(obj)["id"]})
	requireShape(t, im.obj, sample(t, "api.conversations.info.success_im.json"), []string{"channel.locale", "channel.latest"})
	team := d.ok("team.info", nil)
	requireShape(t, team.obj, sample(t, "api.team.info.success.json"), []string{"team.enterprise_id", "team.enterprise_name", "team.icon"})

	view := []string{"view.blocks", "view.state.values"}
	opened := d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": modal(input("r", nil))})
	requireShape(t, opened.obj, sample(t, "api.views.open.success.json"), view)
	pushed := d.ok("views.push", obj{"trigger_id": d.trigger(a), "view": modal(input("r", nil))})
	requireShape(t, pushed.obj, sample(t, "api.views.push.success.json"), view)
	updated := d.ok("views.update", obj{"view_id": pushed.obj["view"].(obj)["id"], "view": modal(input("r", nil))})
	requireShape(t, updated.obj, sample(t, "api.views.update.success.json"), view)
	published := d.ok("views.publish", obj{"user_id": slack.Bob, "view": home(section("x"))})
	requireShape(t, published.obj, sample(t, "api.views.publish.success.json"), view)
}
