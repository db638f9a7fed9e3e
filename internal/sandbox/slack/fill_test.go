package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// asks is an input block with dispatch_action.
func asks(id string, element obj) obj {
	element["action_id"] = id
	return obj{"type": "input", "block_id": id, "label": plain(id), "dispatch_action": true, "element": element}
}

func choose(more obj) obj {
	element := obj{"type": "static_select", "options": []any{opt("a"), opt("b")}}
	for name, value := range more {
		element[name] = value
	}
	return element
}

// heard are the action ids the app heard of, in order.
func (a *app) heard() []string {
	var ids []string
	for len(a.envelopes) > 0 {
		for _, it := range a.nextPayload()["actions"].([]any) {
			ids = append(ids, it.(obj)["action_id"].(string))
		}
	}
	return ids
}

func TestDispatchRules(t *testing.T) {
	t.Parallel()
	on := func(what ...any) obj {
		return obj{"type": "plain_text_input", "dispatch_action_config": obj{"trigger_actions_on": what}}
	}
	quiet := asks("f", choose(nil))
	quiet["dispatch_action"] = false
	choice, typed := slack.Pick("b"), slack.Text("7")
	for name, c := range map[string]struct {
		block  obj
		value  slack.Value
		change bool // the app hears of a change
		enter  bool // the app hears of Enter; choices know no Enter
	}{
		"a choice":                        {asks("f", choose(nil)), choice, true, false},
		"a choice of many":                {asks("f", obj{"type": "multi_static_select", "options": []any{opt("a"), opt("b")}}), choice, true, false},
		"boxes":                           {asks("f", obj{"type": "checkboxes", "options": []any{opt("a"), opt("b")}}), choice, true, false},
		"radio buttons":                   {asks("f", obj{"type": "radio_buttons", "options": []any{opt("a"), opt("b")}}), choice, true, false},
		"a person":                        {asks("f", obj{"type": "users_select"}), slack.Pick(slack.Bob), true, false},
		"people":                          {asks("f", obj{"type": "multi_users_select"}), slack.Pick(slack.Bob, slack.Gil), true, false},
		"a date":                          {asks("f", obj{"type": "datepicker"}), slack.Text("2026-05-01"), true, false},
		"a choice that is not dispatched": {quiet, choice, false, false},
		"a text that is not dispatched":   {input("f", nil), typed, false, false},
		"a text":                          {asks("f", obj{"type": "plain_text_input"}), typed, false, true},
		"a number":                        {asks("f", obj{"type": "number_input", "is_decimal_allowed": false}), typed, false, true},
		"a text, on Enter":                {asks("f", on("on_enter_pressed")), typed, false, true},
		"a text, on every character":      {asks("f", on("on_character_entered")), typed, true, false},
		"a text, on both":                 {asks("f", on("on_enter_pressed", "on_character_entered")), typed, true, true},
		"a menu beside a text":            {obj{"type": "section", "block_id": "f", "text": plain("x"), "accessory": choose(obj{"action_id": "f"})}, choice, true, false},
		"a menu among buttons":            {obj{"type": "actions", "block_id": "f", "elements": []any{choose(obj{"action_id": "f"})}}, choice, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			a := d.connect(plainly)
			d.asked(a, modal(c.block))
			ctx := t.Context()
			heard := func(it bool) []string {
				if it {
					return []string{"f"}
				}
				return nil
			}
			require.NoError(t, d.Fill(ctx, slack.Alice, filled{"f": {"f": c.value}}))
			require.Equal(t, heard(c.change), a.heard())
			require.Equal(t, c.value, d.Screen(slack.Alice).Modal.Values["f"]["f"])
			require.NoError(t, d.Fill(ctx, slack.Alice, filled{"f": {"f": c.value}}))
			require.Empty(t, a.heard(), "nothing changed")

			err := d.ClickEnter(ctx, slack.Alice, "f", "f")
			require.Equal(t, heard(c.enter), a.heard())
			if !c.enter && c.value[0] != typed[0] {
				require.ErrorIs(t, err, slack.ErrCannot)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestDispatchedActions(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(suggesting(obj{"options": []any{opt("prod"), opt("test")}}))
	projects := search("projects", "multi_external_select", nil)
	projects["dispatch_action"] = true
	id := d.asked(a, modal(projects, input("why", nil)))
	ctx := t.Context()
	_, err := d.LoadOptions(ctx, slack.Alice, "projects", "projects", "pro")
	require.NoError(t, err)
	a.next()
	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"why": {"why": slack.Text("a backfill")}}))
	require.Empty(t, a.envelopes, "a text without dispatch_action")

	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"projects": {"projects": slack.Pick("test", "prod")}}))
	envelope := a.next()
	require.Equal(t, false, envelope["accepts_response_payload"])
	click := envelope["payload"].(obj)
	require.Equal(t, "block_actions", click["type"])
	require.Equal(t, obj{"type": "view", "view_id": id}, click["container"])
	require.NotEmpty(t, click["trigger_id"])
	for _, none := range []string{"channel", "message", "response_url", "response_urls"} {
		require.NotContains(t, click, none)
	}
	action := click["actions"].([]any)[0].(obj)
	require.Equal(t, []any{"multi_external_select", "projects", "projects"}, []any{action["type"], action["block_id"], action["action_id"]})
	var chosen []string
	for _, o := range action["selected_options"].([]any) {
		chosen = append(chosen, o.(obj)["value"].(string))
	}
	require.Equal(t, []string{"test", "prod"}, chosen)
	values := click["view"].(obj)["state"].(obj)["values"].(obj)
	require.Equal(t, action["selected_options"], values["projects"].(obj)["projects"].(obj)["selected_options"])
	require.Equal(t, "a backfill", values["why"].(obj)["why"].(obj)["value"], "the rest is there as it is now")
	requireShape(t, click, sample(t, "block_actions.view.confirm.json"), []string{"view.blocks", "view.state", "actions"}, sample(t, "shape.block_actions.all_fields.json"))

	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"projects": {"projects": slack.Pick("prod", "test")}}))
	require.Empty(t, a.envelopes, "a choice of many has no order")
	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"projects": {"projects": slack.Pick()}}))
	require.Equal(t, []any{}, a.nextPayload()["actions"].([]any)[0].(obj)["selected_options"])
}

func TestModalUpdatesWhileFilled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	role := func(id string) obj { return asks(id, choose(obj{"initial_option": opt("a")})) }
	id := d.asked(a, modal(role("role"), input("why", obj{"initial_value": "first"}), input("gone", nil), input("untouched", obj{"initial_value": "old"})))
	ctx := t.Context()
	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"why": {"why": slack.Text("typed")}, "gone": {"gone": slack.Text("typed")}, "role": {"role": slack.Pick("b")}}))
	view := a.nextPayload()["view"].(obj)

	changed := modal(role("role"), section("a hint"), input("why", obj{"initial_value": "second"}), input("new", obj{"initial_value": "new"}), input("untouched", obj{"initial_value": "new"}))
	d.ok("views.update", obj{"view_id": id, "hash": view["hash"], "view": changed})
	require.Equal(t, filled{
		"role": {"role": slack.Pick("b")}, "why": {"why": slack.Text("typed")}, "new": {"new": slack.Text("new")}, "untouched": {"untouched": slack.Text("old")},
	}, d.Screen(slack.Alice).Modal.Values)
	require.Equal(t, "hash_conflict", d.form("views.update", obj{"view_id": id, "hash": view["hash"], "view": changed}).error(), "a second answer, to the modal as it was")

	again := d.ok("views.update", obj{"view_id": id, "view": modal(role("role"), input("gone", nil))}).obj["view"].(obj)
	require.Nil(t, again["state"].(obj)["values"].(obj)["gone"].(obj)["gone"].(obj)["value"], "what was away was forgotten")
}

func TestUpdateDropsInvalidValues(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(suggesting(obj{"options": []any{opt("prod")}}))
	many := func(options ...any) obj {
		return asks("many", obj{"type": "multi_static_select", "options": options})
	}
	id := d.asked(a, modal(many(opt("a"), opt("b")), asks("kind", choose(nil)), search("p", "multi_external_select", obj{"initial_options": []any{opt("old")}})))
	ctx := t.Context()
	_, err := d.LoadOptions(ctx, slack.Alice, "p", "p", "pro")
	require.NoError(t, err)
	require.NoError(t, d.Fill(ctx, slack.Alice, filled{
		"many": {"many": slack.Pick("a", "b")}, "kind": {"kind": slack.Pick("a")}, "p": {"p": slack.Pick("old", "prod")},
	}))

	kind := input("kind", nil)
	updated := d.ok("views.update", obj{"view_id": id, "view": modal(many(opt("b"), opt("c")), kind, search("p", "multi_external_select", nil))}).obj["view"].(obj)
	require.Equal(t, filled{"many": {"many": slack.Pick("b")}, "kind": {"kind": nil}, "p": {"p": slack.Pick("old", "prod")}}, d.Screen(slack.Alice).Modal.Values)
	known := updated["state"].(obj)["values"].(obj)["p"].(obj)["p"].(obj)["selected_options"].([]any)
	require.Equal(t, "old", known[0].(obj)["value"], "the client knows it, though the app no longer says it")
	require.Equal(t, "prod", known[1].(obj)["value"])
}

func TestUserMenus(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	d.asked(a, modal(asks("owner", obj{"type": "users_select", "initial_user": slack.Dee}), asks("team", obj{"type": "multi_users_select", "max_selected_items": 2})))
	ctx := t.Context()
	pick := func(users ...string) error {
		return d.Fill(ctx, slack.Alice, filled{"team": {"team": slack.Pick(users...)}})
	}
	for _, unknown := range []string{slack.Dee, slack.Eve, "U0NOBODY", "bob"} {
		require.ErrorIs(t, pick(unknown), slack.ErrCannot, unknown)
	}
	require.ErrorIs(t, pick(slack.Bob, slack.Dana, slack.Carol), slack.ErrCannot, "two at most")
	listed := func() (ids []string) {
		for _, p := range d.Directory() {
			ids = append(ids, p.ID)
		}
		return ids
	}
	require.Equal(t, []string{slack.Alice, slack.Bob, slack.Dana, slack.Carol, slack.Gil, slack.BotUser}, listed())
	require.NoError(t, pick(slack.Gil, slack.BotUser), "guests and bots are listed")
	require.Equal(t, []any{slack.Gil, slack.BotUser}, a.nextPayload()["actions"].([]any)[0].(obj)["selected_users"])
	d.ShareChannel(slack.Approvals, true)
	require.Contains(t, listed(), slack.Eve)
	require.NoError(t, pick(slack.Eve), "strangers too, while a channel is shared")
	a.next()

	require.NoError(t, d.Fill(ctx, slack.Alice, filled{"owner": {"owner": slack.Pick(slack.Dee)}}), "who was there at first may stay")
	require.Empty(t, a.envelopes)
	require.NoError(t, d.ClickInModal(ctx, slack.Alice, "owner", slack.Carol))
	require.Equal(t, slack.Carol, a.nextPayload()["actions"].([]any)[0].(obj)["selected_user"])
	d.Deactivate(slack.Carol)
	require.ErrorIs(t, pick(slack.Carol), slack.ErrCannot)
}

func TestMessageChoiceStaysOnScreen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	card := []any{
		obj{"type": "section", "block_id": "who", "text": plain("x"), "accessory": obj{"type": "users_select", "action_id": "who"}},
		asks("quiet", choose(nil)), buttons("go"),
	}
	card[1].(obj)["dispatch_action"] = false
	ts := d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "x", "blocks": card}).obj["ts"].(string)
	ctx := t.Context()
	state := func(user string) (who, quiet any) {
		require.NoError(t, d.Click(ctx, user, slack.Approvals, ts, "go"))
		values := a.nextPayload()["state"].(obj)["values"].(obj)
		return values["who"].(obj)["who"].(obj)["selected_user"], values["quiet"].(obj)["quiet"].(obj)["selected_option"]
	}
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, ts, "who", slack.Carol))
	click := a.nextPayload()
	require.Equal(t, slack.Carol, click["actions"].([]any)[0].(obj)["selected_user"])
	require.Equal(t, slack.Carol, click["state"].(obj)["values"].(obj)["who"].(obj)["who"].(obj)["selected_user"])
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, ts, "quiet", "b"))
	require.Empty(t, a.envelopes, "an input block says nothing by itself, in a message too")

	who, quiet := state(slack.Bob)
	require.Equal(t, slack.Carol, who)
	require.Equal(t, "b", quiet.(obj)["value"])
	who, quiet = state(slack.Dana)
	require.Nil(t, who, "Dana chose nothing")
	require.Nil(t, quiet)

	d.ok("chat.update", obj{"channel": slack.Approvals, "ts": ts, "text": "x", "blocks": card[1:]})
	require.NoError(t, d.Click(ctx, slack.Bob, slack.Approvals, ts, "go"))
	require.NotContains(t, a.nextPayload()["state"].(obj)["values"], "who")
}
