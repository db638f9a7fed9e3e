package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

type filled = map[string]map[string]slack.Value

const trouble = "We had some trouble connecting. Try again?"

// asked opens a modal for Alice.
func (d *desk) asked(a *app, view obj) (viewID string) {
	d.t.Helper()
	return d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": view}).obj["view"].(obj)["id"].(string)
}

// answering acknowledges submissions with payload and everything else plainly.
func answering(payload any) func(obj) (any, bool) {
	return func(envelope obj) (any, bool) {
		o, _ := envelope["payload"].(obj)
		if o["type"] == "view_submission" {
			return payload, true
		}
		return nil, true
	}
}

func TestSubmissionResults(t *testing.T) {
	t.Parallel()
	next := modal(section("working"))
	for name, c := range map[string]struct {
		answer any
		want   slack.Result
		stack  bool // a modal is still open
	}{
		"nothing":                {nil, slack.Result{Outcome: slack.Closed}, false},
		"an empty object":        {obj{}, slack.Result{Outcome: slack.Closed}, false},
		"errors":                 {obj{"response_action": "errors", "errors": obj{"reason": "Say more."}}, slack.Result{Outcome: slack.Refused, Errors: map[string]string{"reason": "Say more."}}, true},
		"clear":                  {obj{"response_action": "clear"}, slack.Result{Outcome: slack.Cleared}, false},
		"update":                 {obj{"response_action": "update", "view": next}, slack.Result{Outcome: slack.Updated}, true},
		"push":                   {obj{"response_action": "push", "view": next}, slack.Result{Outcome: slack.Pushed}, true},
		"errors of no input":     {obj{"response_action": "errors", "errors": obj{"info": "x"}}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"errors of nothing":      {obj{"response_action": "errors", "errors": obj{}}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"an error without words": {obj{"response_action": "errors", "errors": obj{"reason": ""}}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"an unknown action":      {obj{"response_action": "shout"}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"an unknown key":         {obj{"response_action": "clear", "text": "x"}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"an update too long":     {obj{"response_action": "update", "view": modal(section(x(3001)))}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"an update without view": {obj{"response_action": "update"}, slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
		"a text":                 {"done", slack.Result{Outcome: slack.Trouble, Trouble: trouble}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			a := d.connect(answering(c.answer))
			info := section("x")
			info["block_id"] = "info"
			d.asked(a, modal(info, input("reason", nil)))
			got, err := d.Submit(t.Context(), slack.Alice, filled{"reason": {"reason": slack.Text("why")}})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			screen := d.Screen(slack.Alice)
			require.Equal(t, c.stack, screen.Modal != nil)
			if c.stack && c.want.Outcome != slack.Updated && c.want.Outcome != slack.Pushed {
				require.Equal(t, c.want.Trouble, screen.Modal.Trouble)
				require.Equal(t, c.want.Errors, screen.Modal.Errors)
				require.Equal(t, slack.Text("why"), screen.Modal.Values["reason"]["reason"], "what was typed is still there")
			}
		})
	}
}

func TestSubmissionWithoutResponse(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	body := app.next().body
	i := strings.Index(body, "trigger_id=")
	d.ok("views.open", obj{"trigger_id": strings.Split(body[i+len("trigger_id="):], "&")[0], "view": modal(input("reason", nil))})
	for _, c := range []struct {
		status int
		body   string
	}{{500, ""}, {200, "ok"}} {
		app.answers(c.status, c.body)
		got, err := d.Submit(t.Context(), slack.Alice, filled{"reason": {"reason": slack.Text("why")}})
		require.NoError(t, err)
		require.Equal(t, slack.Trouble, got.Outcome)
	}
}

func TestClientSideValidation(t *testing.T) {
	t.Parallel()
	const missing = "Please complete this required field."
	optional := input("note", nil)
	optional["optional"] = true
	number := obj{"type": "input", "block_id": "n", "label": plain("n"), "element": obj{"type": "number_input", "action_id": "n", "is_decimal_allowed": false, "min_value": "1", "max_value": "9"}, "optional": true}
	boxes := obj{"type": "input", "block_id": "r", "label": plain("r"), "optional": true, "element": obj{
		"type": "multi_static_select", "action_id": "r", "options": []any{opt("a"), opt("b")}, "max_selected_items": 1,
	}}
	view := modal(input("reason", obj{"min_length": 2, "max_length": 5}), optional, number, boxes)
	for name, c := range map[string]struct {
		values filled
		want   map[string]string
	}{
		"nothing":      {nil, map[string]string{"reason": missing}},
		"an empty one": {filled{"reason": {"reason": slack.Text("")}}, map[string]string{"reason": missing}},
		"too short":    {filled{"reason": {"reason": slack.Text("é")}}, map[string]string{"reason": "This text is too short."}},
		"too long":     {filled{"reason": {"reason": slack.Text("éééééé")}}, map[string]string{"reason": "This text is too long."}},
		"no number":    {filled{"reason": {"reason": slack.Text("why")}, "n": {"n": slack.Text("1.5")}}, map[string]string{"n": "Please enter a number."}},
		"small number": {filled{"reason": {"reason": slack.Text("why")}, "n": {"n": slack.Text("0")}}, map[string]string{"n": "This number is too small."}},
		"large number": {filled{"reason": {"reason": slack.Text("why")}, "n": {"n": slack.Text("10")}}, map[string]string{"n": "This number is too large."}},
		"too many":     {filled{"reason": {"reason": slack.Text("why")}, "r": {"r": slack.Pick("a", "b")}}, map[string]string{"r": "Please choose fewer items."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			a := d.connect(plainly)
			d.asked(a, view)
			got, err := d.Submit(t.Context(), slack.Alice, c.values)
			require.NoError(t, err)
			require.Equal(t, slack.Result{Outcome: slack.Refused, Errors: c.want, Local: true}, got)
			require.Empty(t, a.envelopes, "the app is not asked")
		})
	}
}

func TestStateOfEveryElement(t *testing.T) {
	t.Parallel()
	field := func(id, kind string, more obj) obj {
		e := obj{"type": kind, "action_id": id}
		for name, v := range more {
			e[name] = v
		}
		return obj{"type": "input", "block_id": id, "label": plain(id), "optional": true, "element": e}
	}
	ab := obj{"options": []any{opt("a"), opt("b")}}
	full := func(v string) obj {
		return obj{"value": v, "text": obj{"type": "plain_text", "text": v, "emoji": true}}
	}
	view := modal(
		field("text", "plain_text_input", nil), field("number", "number_input", obj{"is_decimal_allowed": true}), field("date", "datepicker", nil),
		field("one", "static_select", ab), field("radio", "radio_buttons", ab), field("user", "users_select", nil),
		field("many", "multi_static_select", ab), field("boxes", "checkboxes", ab), field("users", "multi_users_select", nil),
		obj{"type": "section", "block_id": "side", "text": plain("x"), "accessory": staticSelect(obj{"action_id": "side", "initial_option": opt("b")})},
	)
	for name, c := range map[string]struct {
		values filled
		want   map[string]obj
	}{
		"empty": {nil, map[string]obj{
			"text": {"type": "plain_text_input", "value": nil}, "number": {"type": "number_input", "value": nil}, "date": {"type": "datepicker", "selected_date": nil},
			"one": {"type": "static_select", "selected_option": nil}, "radio": {"type": "radio_buttons", "selected_option": nil}, "user": {"type": "users_select", "selected_user": nil},
			"many": {"type": "multi_static_select", "selected_options": []any{}}, "boxes": {"type": "checkboxes", "selected_options": []any{}}, "users": {"type": "multi_users_select", "selected_users": []any{}},
			"side": {"type": "static_select", "selected_option": full("b")},
		}},
		"filled in": {filled{
			"text": {"text": slack.Text("a\nb")}, "number": {"number": slack.Text("1.5")}, "date": {"date": slack.Text("2026-05-01")},
			"one": {"one": slack.Pick("a")}, "radio": {"radio": slack.Pick("b")}, "user": {"user": slack.Pick(slack.Bob)},
			"many": {"many": slack.Pick("a", "b")}, "boxes": {"boxes": slack.Pick("b")}, "users": {"users": slack.Pick(slack.Bob, slack.Dana)},
		}, map[string]obj{
			"text": {"type": "plain_text_input", "value": "a\nb"}, "number": {"type": "number_input", "value": "1.5"}, "date": {"type": "datepicker", "selected_date": "2026-05-01"},
			"one": {"type": "static_select", "selected_option": full("a")}, "radio": {"type": "radio_buttons", "selected_option": full("b")}, "user": {"type": "users_select", "selected_user": slack.Bob},
			"many": {"type": "multi_static_select", "selected_options": []any{full("a"), full("b")}}, "boxes": {"type": "checkboxes", "selected_options": []any{full("b")}},
			"users": {"type": "multi_users_select", "selected_users": []any{slack.Bob, slack.Dana}}, "side": {"type": "static_select", "selected_option": full("b")},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			a := d.connect(plainly)
			d.asked(a, view)
			_, err := d.Submit(t.Context(), slack.Alice, c.values)
			require.NoError(t, err)
			want := obj{}
			for id, value := range c.want {
				want[id] = obj{id: value}
			}
			require.Equal(t, want, a.nextPayload()["view"].(obj)["state"].(obj)["values"])
		})
	}
}

func TestSubmitRefusesUnknownFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ctx := t.Context()
	_, err := d.Submit(ctx, slack.Alice, nil)
	require.ErrorIs(t, err, slack.ErrCannot, "no modal is open")
	_, err = d.SubmitAgain(ctx, slack.Alice)
	require.ErrorIs(t, err, slack.ErrCannot, "nothing was submitted")

	a := d.connect(plainly)
	d.asked(a, modal(ask(staticSelect(nil))))
	for name, values := range map[string]filled{
		"a field":  {"nothing": {"s": slack.Pick("a")}},
		"a choice": {"": {"s": slack.Pick("c")}},
	} {
		_, err := d.Submit(ctx, slack.Alice, values)
		require.ErrorIs(t, err, slack.ErrCannot, name)
	}
	plainModal := modal(section("x"))
	delete(plainModal, "submit")
	d.asked(a, plainModal)
	_, err = d.Submit(ctx, slack.Alice, nil)
	require.ErrorIs(t, err, slack.ErrCannot, "there is no submit button")
	require.ErrorIs(t, d.CloseModal(ctx, slack.Bob), slack.ErrCannot)
}

func TestSubmitAgainHasNewTrigger(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	d.asked(a, modal(input("reason", nil)))
	_, err := d.Submit(t.Context(), slack.Alice, filled{"reason": {"reason": slack.Text("why")}})
	require.NoError(t, err)
	first := a.nextPayload()
	got, err := d.SubmitAgain(t.Context(), slack.Alice)
	require.NoError(t, err)
	require.Equal(t, slack.Closed, got.Outcome)
	second := a.nextPayload()
	require.Equal(t, first["view"], second["view"])
	require.NotEqual(t, first["trigger_id"], second["trigger_id"])
}

func TestTypedValuesSurviveUpdate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(answering(obj{"response_action": "errors", "errors": obj{"reason": "no"}}))
	id := d.asked(a, modal(input("reason", nil), input("other", nil)))
	_, err := d.Submit(t.Context(), slack.Alice, filled{"reason": {"reason": slack.Text("why")}, "other": {"other": slack.Text("x")}})
	require.NoError(t, err)
	d.ok("views.update", obj{"view_id": id, "view": modal(input("reason", obj{"initial_value": "new"}), input("third", obj{"initial_value": "start"}))})
	require.Equal(t, filled{"reason": {"reason": slack.Text("why")}, "third": {"third": slack.Text("start")}}, d.Screen(slack.Alice).Modal.Values)
	require.Empty(t, d.Screen(slack.Alice).Modal.Errors)
}

func TestModalsStack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	root := d.asked(a, modal(section("one")))
	above := modal(section("two"))
	above["notify_on_close"] = true
	pushed := d.ok("views.push", obj{"trigger_id": d.trigger(a), "view": above}).obj["view"].(obj)
	require.Equal(t, root, pushed["root_view_id"])
	require.Equal(t, root, pushed["previous_view_id"])
	require.Equal(t, pushed["id"], d.Screen(slack.Alice).Modal.ViewID)

	require.NoError(t, d.CloseModal(t.Context(), slack.Alice))
	closed := a.nextPayload()
	require.Equal(t, false, closed["is_cleared"])
	require.Equal(t, pushed["id"], closed["view"].(obj)["id"])
	require.Equal(t, root, d.Screen(slack.Alice).Modal.ViewID)
	require.NoError(t, d.CloseModal(t.Context(), slack.Alice))
	require.Nil(t, d.Screen(slack.Alice).Modal)
	require.Empty(t, a.envelopes, "the root view did not ask to be told")

	d.asked(a, above)
	d.ok("views.push", obj{"trigger_id": d.trigger(a), "view": above})
	require.NoError(t, d.DismissModals(t.Context(), slack.Alice))
	require.Equal(t, true, a.nextPayload()["is_cleared"])
	require.Nil(t, d.Screen(slack.Alice).Modal)
}

func TestRefusedViewKeepsTrigger(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	id := d.trigger(d.connect(plainly))
	require.Equal(t, "invalid_arguments", d.form("views.open", obj{"trigger_id": id, "view": modal(section(""))}).error())
	d.clock.Advance(3 * time.Second)
	d.ok("views.open", obj{"trigger_id": id, "view": modal(section("x"))})
}

func TestHomeIsPublishedPerPerson(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	require.NoError(t, d.OpenHome(t.Context(), slack.Alice))
	require.NotContains(t, a.nextPayload()["event"], "view", "there is none yet")
	first := d.ok("views.publish", obj{"user_id": slack.Alice, "view": home(section("one"))}).obj["view"].(obj)
	second := d.ok("views.publish", obj{"user_id": slack.Alice, "hash": first["hash"], "view": home(section("two"))}).obj["view"].(obj)
	require.Equal(t, first["id"], second["id"])
	require.NotEqual(t, first["hash"], second["hash"])
	var shown obj
	require.NoError(t, json.Unmarshal(d.Screen(slack.Alice).Home, &shown))
	require.Equal(t, second["id"], shown["id"])
	require.Nil(t, d.Screen(slack.Bob).Home)
	require.NoError(t, d.OpenHome(t.Context(), slack.Alice))
	require.Contains(t, a.nextPayload()["event"], "view")
}

func TestModalSelectsKeepChoice(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	d.asked(a, modal(obj{"type": "section", "block_id": "side", "text": plain("x"), "accessory": staticSelect(nil)}))
	require.NoError(t, d.ClickInModal(t.Context(), slack.Alice, "s", "b"))
	click := a.nextPayload()
	require.Equal(t, "b", click["actions"].([]any)[0].(obj)["selected_option"].(obj)["value"])
	require.Equal(t, "view", click["container"].(obj)["type"])
	require.NotContains(t, click, "channel")
	require.NotContains(t, click, "response_url")
	require.Equal(t, slack.Pick("b"), d.Screen(slack.Alice).Modal.Values["side"]["s"])
	require.ErrorIs(t, d.ClickInModal(t.Context(), slack.Alice, "s", "c"), slack.ErrCannot)
}
