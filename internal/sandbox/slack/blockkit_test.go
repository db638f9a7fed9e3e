package slack_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// x is a text of n characters.
func x(n int) string { return strings.Repeat("é", n) }

func repeat(n int, it any) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = it
	}
	return all
}

func opt(value string) obj { return obj{"text": plain(value), "value": value} }

func actions(elements ...any) obj { return obj{"type": "actions", "elements": elements} }

func ask(element obj) obj { return obj{"type": "input", "label": plain("l"), "element": element} }

func staticSelect(more obj) obj {
	e := obj{"type": "static_select", "action_id": "s", "options": []any{opt("a"), opt("b")}}
	for name, v := range more {
		e[name] = v
	}
	return e
}

func button(more obj) obj {
	e := obj{"type": "button", "action_id": "b", "text": plain("Press")}
	for name, v := range more {
		e[name] = v
	}
	return e
}

// Message blocks and the first thing Slack has to say about them.
func TestBadBlocks(t *testing.T) {
	t.Parallel()
	one := func(block any) []any { return []any{block} }
	cases := map[string]struct {
		blocks []any
		want   string
	}{
		"51 blocks":                  {repeat(51, obj{"type": "divider"}), "no more than 50 items allowed [json-pointer:/blocks]"},
		"an empty text":              {[]any{section("x"), section("")}, "must be more than 0 characters [json-pointer:/blocks/1/text/text]"},
		"a section too long":         {one(section(x(3001))), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"a text of no kind":          {one(obj{"type": "section", "text": obj{"type": "html", "text": "x"}}), "failed to match all allowed schemas [json-pointer:/blocks/0/text]"},
		"a text that is not one":     {one(obj{"type": "section", "text": "x"}), "must provide an object [json-pointer:/blocks/0/text]"},
		"a divider with text":        {[]any{section("x"), obj{"type": "divider", "text": plain("x")}}, "invalid additional property: text [json-pointer:/blocks/1]"},
		"an empty section":           {one(obj{"type": "section"}), "missing required field: text [json-pointer:/blocks/0]"},
		"a block of no kind":         {one(obj{"type": "card"}), "unsupported type: card [json-pointer:/blocks/0/type]"},
		"an alert, for modals only":  {one(obj{"type": "alert"}), "unsupported type: alert [json-pointer:/blocks/0/type]"},
		"a block without type":       {one(obj{}), "missing required field: type [json-pointer:/blocks/0]"},
		"a block that is null":       {one(nil), "must provide an object [json-pointer:/blocks/0]"},
		"11 fields":                  {one(obj{"type": "section", "fields": repeat(11, plain("x"))}), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		"a field too long":           {one(obj{"type": "section", "fields": one(plain(x(2001)))}), "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		"a header in mrkdwn":         {one(obj{"type": "header", "text": obj{"type": "mrkdwn", "text": "x"}}), "failed to match all allowed schemas [json-pointer:/blocks/0/text]"},
		"a header too long":          {one(obj{"type": "header", "text": plain(x(151))}), "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		"a block_id too long":        {one(obj{"type": "divider", "block_id": x(256)}), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		"one block_id twice":         {repeat(2, obj{"type": "divider", "block_id": "d"}), "duplicate block_id: d [json-pointer:/blocks/1/block_id]"},
		"one action_id twice":        {one(actions(button(nil), button(nil))), "duplicate action_id: b [json-pointer:/blocks/0/elements/1/action_id]"},
		"11 context elements":        {one(obj{"type": "context", "elements": repeat(11, plain("x"))}), "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		"a button in a context":      {one(obj{"type": "context", "elements": one(button(nil))}), "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"},
		"26 buttons":                 {one(actions(repeat(26, button(obj{"action_id": nil}))...)), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		"no buttons":                 {one(obj{"type": "actions", "elements": []any{}}), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		"an image among buttons":     {one(actions(obj{"type": "image"})), "unsupported type: image [json-pointer:/blocks/0/elements/0/type]"},
		"a text input among buttons": {one(actions(obj{"type": "plain_text_input"})), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"},
		"a button text too long":     {one(actions(button(obj{"text": plain(x(76))}))), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		"a button value too long":    {one(actions(button(obj{"value": x(2001)}))), "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		"a button of no style":       {one(actions(button(obj{"style": "default"}))), "failed to match schema [json-pointer:/blocks/0/elements/0/style]"},
		"a button without text":      {one(actions(obj{"type": "button"})), "missing required field: text [json-pointer:/blocks/0/elements/0]"},
		"a confirm without deny":     {one(actions(button(obj{"confirm": obj{"title": plain("x"), "text": plain("x"), "confirm": plain("x")}}))), "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]"},
		"a confirm title too long":   {one(actions(button(obj{"confirm": obj{"title": plain(x(101)), "text": plain("x"), "confirm": plain("x"), "deny": plain("x")}}))), "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]"},
		"an image without alt_text":  {one(obj{"type": "image", "image_url": "https://x"}), "missing required field: alt_text [json-pointer:/blocks/0]"},
		"six overflow options":       {one(actions(obj{"type": "overflow", "options": repeat(6, opt("a"))})), "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"an emoji flag on mrkdwn":    {one(obj{"type": "section", "text": obj{"type": "mrkdwn", "text": "x", "emoji": true}}), "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		"a list of text":             {one(obj{"type": "rich_text", "elements": one(obj{"type": "rich_text_list", "style": "bullet", "elements": one(obj{"type": "text", "text": "x"})})}), "unsupported type: text [json-pointer:/blocks/0/elements/0/elements/0/type]"},
		"rich text of no kind":       {one(obj{"type": "rich_text", "elements": one(obj{"type": "rich_text_section", "elements": one(obj{"type": "shout"})})}), "unsupported type: shout [json-pointer:/blocks/0/elements/0/elements/0/type]"},
		"an unknown broadcast":       {one(obj{"type": "rich_text", "elements": one(obj{"type": "rich_text_section", "elements": one(obj{"type": "broadcast", "range": "all"})})}), "failed to match schema [json-pointer:/blocks/0/elements/0/elements/0/range]"},
	}
	d := newDesk(t, slack.Options{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := d.form("chat.postMessage", obj{"channel": slack.Approvals, "text": "x", "blocks": c.blocks})
			require.Equal(t, "invalid_blocks", a.error(), a.obj)
			require.Equal(t, c.want, a.obj["errors"].([]any)[0])
			require.Equal(t, "[ERROR] "+c.want, a.messages()[0])
		})
	}
}

// Fields of a modal and what Slack has to say about them.
func TestBadViews(t *testing.T) {
	t.Parallel()
	with := func(name string, value any) obj {
		v := modal(section("x"))
		v[name] = value
		return v
	}
	without := func(v obj, name string) obj { delete(v, name); return v }
	field := func(element obj) obj { return modal(ask(element)) }
	cases := map[string]struct {
		view obj
		want string
	}{
		"a title of 25":                 {with("title", plain(x(25))), "must be less than 25 characters [json-pointer:/view/title/text]"},
		"no title":                      {without(modal(section("x")), "title"), "missing required field: title [json-pointer:/view]"},
		"a submit of 25":                {with("submit", plain(x(25))), "must be less than 25 characters [json-pointer:/view/submit/text]"},
		"private_metadata of 3001":      {with("private_metadata", x(3001)), "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		"a callback_id of 256":          {with("callback_id", x(256)), "must be less than 256 characters [json-pointer:/view/callback_id]"},
		"an external_id of 256":         {with("external_id", x(256)), "must be less than 256 characters [json-pointer:/view/external_id]"},
		"a key Slack does not know":     {with("hash", "x"), "invalid additional property: hash [json-pointer:/view]"},
		"101 blocks":                    {modal(repeat(101, section("x"))...), "no more than 100 items allowed [json-pointer:/view/blocks]"},
		"blocks of null":                {modal(), "must provide an array [json-pointer:/view/blocks]"},
		"an input and no submit":        {without(modal(section("x"), input("r", nil)), "submit"), "Atlas Key Bot must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/1/input]"},
		"a Home view":                   {home(section("x")), "unsupported type: home [json-pointer:/view/type]"},
		"a button in an input":          {field(button(nil)), "unsupported type: button [json-pointer:/view/blocks/0/element/type]"},
		"a label in mrkdwn":             {modal(obj{"type": "input", "label": obj{"type": "mrkdwn", "text": "x"}, "element": obj{"type": "plain_text_input"}}), "failed to match all allowed schemas [json-pointer:/view/blocks/0/label]"},
		"a text that starts too long":   {field(obj{"type": "plain_text_input", "initial_value": x(3001)}), "must be less than 3001 characters [json-pointer:/view/blocks/0/element/initial_value]"},
		"a text that starts as number":  {field(obj{"type": "plain_text_input", "initial_value": 7}), "must provide a string [json-pointer:/view/blocks/0/element/initial_value]"},
		"a text longer than Slack's":    {field(obj{"type": "plain_text_input", "max_length": 3001}), "failed to match schema [json-pointer:/view/blocks/0/element/max_length]"},
		"a placeholder of 151":          {field(obj{"type": "plain_text_input", "placeholder": plain(x(151))}), "must be less than 151 characters [json-pointer:/view/blocks/0/element/placeholder/text]"},
		"101 options":                   {field(staticSelect(obj{"options": repeat(101, opt("a"))})), "no more than 100 items allowed [json-pointer:/view/blocks/0/element/options]"},
		"an option text of 76":          {field(staticSelect(obj{"options": []any{obj{"text": plain(x(76)), "value": "a"}}})), "must be less than 76 characters [json-pointer:/view/blocks/0/element/options/0/text/text]"},
		"an option value of 76":         {field(staticSelect(obj{"options": []any{obj{"text": plain("a"), "value": x(76)}}})), "must be less than 76 characters [json-pointer:/view/blocks/0/element/options/0/value]"},
		"an option with a url":          {field(staticSelect(obj{"options": []any{obj{"text": plain("a"), "value": "a", "url": "https://x"}}})), "invalid additional property: url [json-pointer:/view/blocks/0/element/options/0]"},
		"neither options nor groups":    {field(obj{"type": "static_select"}), "missing required field: options [json-pointer:/view/blocks/0/element]"},
		"both options and groups":       {field(staticSelect(obj{"option_groups": []any{obj{"label": plain("g"), "options": []any{opt("a")}}}})), "invalid additional property: option_groups [json-pointer:/view/blocks/0/element]"},
		"an initial_option of null":     {field(staticSelect(obj{"initial_option": nil})), "must provide an object [json-pointer:/view/blocks/0/element/initial_option]"},
		"an initial_option not there":   {field(staticSelect(obj{"initial_option": opt("c")})), "failed to match schema [json-pointer:/view/blocks/0/element/initial_option]"},
		"initial_options not there":     {field(obj{"type": "checkboxes", "options": []any{opt("a")}, "initial_options": []any{opt("b")}}), "failed to match schema [json-pointer:/view/blocks/0/element/initial_options]"},
		"11 checkboxes":                 {field(obj{"type": "checkboxes", "options": repeat(11, opt("a"))}), "no more than 10 items allowed [json-pointer:/view/blocks/0/element/options]"},
		"11 radio buttons":              {field(obj{"type": "radio_buttons", "options": repeat(11, opt("a"))}), "no more than 10 items allowed [json-pointer:/view/blocks/0/element/options]"},
		"at most no choice":             {field(obj{"type": "multi_static_select", "options": []any{opt("a")}, "max_selected_items": 0}), "failed to match schema [json-pointer:/view/blocks/0/element/max_selected_items]"},
		"a date that is none":           {field(obj{"type": "datepicker", "initial_date": "1 May"}), "failed to match schema [json-pointer:/view/blocks/0/element/initial_date]"},
		"a number without decimals":     {field(obj{"type": "number_input"}), "missing required field: is_decimal_allowed [json-pointer:/view/blocks/0/element]"},
		"a number that is a number":     {field(obj{"type": "number_input", "is_decimal_allowed": false, "min_value": 1}), "failed to match schema [json-pointer:/view/blocks/0/element/min_value]"},
		"a user that is a name":         {field(obj{"type": "users_select", "initial_user": "alice"}), "failed to match schema [json-pointer:/view/blocks/0/element/initial_user]"},
		"users that are names":          {field(obj{"type": "multi_users_select", "initial_users": []any{"alice"}}), "failed to match schema [json-pointer:/view/blocks/0/element/initial_users/0]"},
		"an external select's options":  {field(obj{"type": "external_select", "options": []any{opt("a")}}), "invalid additional property: options [json-pointer:/view/blocks/0/element]"},
		"many external with options":    {field(obj{"type": "multi_external_select", "options": []any{opt("a")}}), "invalid additional property: options [json-pointer:/view/blocks/0/element]"},
		"two fields that want to focus": {modal(input("a", obj{"focus_on_load": true}), input("b", obj{"focus_on_load": true})), "focus_on_load may be set on one element only [json-pointer:/view/blocks]"},
	}
	d := newDesk(t, slack.Options{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := d.json("views.open", obj{"trigger_id": "1.2.3", "view": c.view})
			require.Equal(t, "invalid_arguments", a.error(), a.obj)
			require.Equal(t, "[ERROR] failed to match all allowed schemas [json-pointer:/view]", a.messages()[0])
			require.Equal(t, "[ERROR] "+c.want, a.messages()[1])
			require.NotContains(t, a.obj, "errors")
		})
	}
}

// Everything at its limit, and every kind of block and element.
func TestGoodBlocks(t *testing.T) {
	t.Parallel()
	sure := obj{"title": plain(x(100)), "text": obj{"type": "mrkdwn", "text": x(300)}, "confirm": plain(x(30)), "deny": plain(x(30)), "style": "danger"}
	manyFields := obj{"type": "section", "fields": repeat(10, plain(x(2000))), "accessory": button(obj{"confirm": sure, "value": x(2000), "style": "primary", "text": plain(x(75))})}
	everywhere := []any{
		obj{"type": "header", "text": plain(x(150)), "block_id": x(255)},
		obj{"type": "divider"},
		section(x(3000)),
		obj{"type": "section", "fields": repeat(10, plain(x(200))), "accessory": button(obj{"confirm": sure, "value": x(2000), "style": "primary", "text": plain(x(75))})},
		obj{"type": "section", "text": obj{"type": "mrkdwn", "text": "x", "verbatim": true}, "accessory": obj{"type": "image", "image_url": "https://x", "alt_text": "x"}},
		obj{"type": "context", "elements": []any{plain("x"), obj{"type": "image", "image_url": "https://x", "alt_text": "x"}}},
		actions(button(nil), staticSelect(nil), obj{"type": "overflow", "options": []any{obj{"text": plain("a"), "value": "a", "url": "https://x"}}}),
		obj{"type": "image", "image_url": "https://x", "alt_text": "x", "title": plain("x")},
		obj{"type": "rich_text", "elements": []any{
			obj{"type": "rich_text_section", "elements": []any{obj{"type": "text", "text": "x", "style": obj{"bold": true}}, obj{"type": "user", "user_id": "U1"}, obj{"type": "link", "url": "https://x"}}},
			obj{"type": "rich_text_preformatted", "elements": []any{obj{"type": "text", "text": "x"}}, "border": 0},
			obj{"type": "rich_text_quote", "elements": []any{obj{"type": "emoji", "name": "wave"}}},
			obj{"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": []any{obj{"type": "rich_text_section", "elements": []any{obj{"type": "date", "timestamp": 1, "format": "{date}"}}}}},
		}},
	}
	fields := []any{
		ask(obj{"type": "plain_text_input", "multiline": true, "min_length": 0, "max_length": 3000, "initial_value": x(3000), "focus_on_load": true, "dispatch_action_config": obj{"trigger_actions_on": []any{"on_enter_pressed"}}}),
		ask(staticSelect(obj{"initial_option": opt("a"), "placeholder": plain(x(150))})),
		ask(obj{"type": "static_select", "option_groups": []any{obj{"label": plain(x(75)), "options": []any{opt("a")}}}, "initial_option": opt("a")}),
		ask(obj{"type": "multi_static_select", "options": repeat(100, opt("a")), "initial_options": []any{opt("a")}, "max_selected_items": 3}),
		ask(obj{"type": "external_select", "min_query_length": 0, "initial_option": opt("z")}),
		ask(obj{"type": "multi_external_select", "initial_options": []any{opt("z")}}),
		ask(obj{"type": "checkboxes", "options": []any{obj{"text": obj{"type": "mrkdwn", "text": "*a*"}, "value": "a", "description": plain("d")}}}),
		ask(obj{"type": "radio_buttons", "options": []any{opt("a")}, "initial_option": opt("a")}),
		ask(obj{"type": "datepicker", "initial_date": "2026-05-01"}),
		ask(obj{"type": "number_input", "is_decimal_allowed": false, "min_value": "1", "max_value": "9", "initial_value": "5"}),
		ask(obj{"type": "users_select", "initial_user": slack.Alice}),
		ask(obj{"type": "multi_users_select", "initial_users": []any{slack.Alice}}),
		obj{"type": "input", "label": plain("l"), "hint": plain("h"), "optional": true, "dispatch_action": true, "element": obj{"type": "plain_text_input"}},
	}
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "x", "blocks": append(everywhere, fields...)})
	d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": modal(append(append(everywhere, manyFields), fields...)...)})
	d.ok("views.publish", obj{"user_id": slack.Alice, "view": home(append(append(everywhere, manyFields), fields...)...)})
}

// Slack's own words, as people quoted them, are what the validator says.
func TestKnownErrorTexts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/block-kit-error-messages.json")
	require.NoError(t, err)
	var quoted []map[string]string
	require.NoError(t, json.Unmarshal(b, &quoted))
	var all strings.Builder
	for _, q := range quoted {
		all.WriteString(q["response_metadata.messages[]"] + "\n")
	}
	for _, words := range []string{
		"no more than 50 items allowed", "must be more than 0 characters", "must be less than 3001 characters", "invalid additional property: text",
		"failed to match all allowed schemas", "must provide an object", "unsupported type: card", "missing required field: name",
		"must define `submit` to use an `input` block in modals", "invalid `trigger_id`",
	} {
		require.Contains(t, all.String(), words)
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	got := d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "x", "blocks": []any{
		section("x"), actions(obj{"type": "button", "text": plain("Press")}), ask(obj{"type": "plain_text_input"}),
	}}).obj["message"].(obj)["blocks"].([]any)

	require.Equal(t, obj{"type": "mrkdwn", "text": "x", "verbatim": false}, got[0].(obj)["text"])
	require.Regexp(t, `^\w{5}$`, got[0].(obj)["block_id"])
	press := got[1].(obj)["elements"].([]any)[0].(obj)
	require.Equal(t, obj{"type": "plain_text", "text": "Press", "emoji": true}, press["text"])
	require.Regexp(t, `^\w{5}$`, press["action_id"])
	require.Equal(t, false, got[2].(obj)["optional"])
}
