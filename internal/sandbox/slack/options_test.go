package slack_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// search is an input block with an external select.
func search(id, kind string, more obj) obj {
	element := obj{"type": kind, "action_id": id}
	for name, value := range more {
		element[name] = value
	}
	return obj{"type": "input", "block_id": id, "label": plain(id), "element": element}
}

// suggesting acknowledges block_suggestion with payload, and everything else
// plainly.
func suggesting(payload any) func(obj) (any, bool) {
	return func(envelope obj) (any, bool) {
		o, _ := envelope["payload"].(obj)
		if o["type"] == "block_suggestion" {
			return payload, true
		}
		return nil, true
	}
}

func group(label string, options ...any) obj { return obj{"label": plain(label), "options": options} }

func TestLoadOptions(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(suggesting(obj{"options": []any{opt("prod"), opt("test")}}))
	viewID := d.asked(a, modal(search("p", "external_select", obj{"min_query_length": 2}), input("why", nil)))
	ctx := t.Context()

	got, err := d.LoadOptions(ctx, slack.Alice, "p", "p", "x")
	require.NoError(t, err)
	require.Equal(t, slack.LoadedOptions{Nothing: "Type at least 2 characters"}, got)
	require.Empty(t, a.envelopes, "too short to ask")
	_, err = d.Submit(ctx, slack.Alice, filled{"p": {"p": slack.Pick("prod")}})
	require.ErrorIs(t, err, slack.ErrCannot, "it was not offered yet")

	got, err = d.LoadOptions(ctx, slack.Alice, "p", "p", "pr")
	require.NoError(t, err)
	require.Equal(t, slack.LoadedOptions{Options: []slack.Option{{Text: "prod", Value: "prod"}, {Text: "test", Value: "test"}}}, got)

	asked := a.next()
	require.Equal(t, "interactive", asked["type"])
	require.Equal(t, true, asked["accepts_response_payload"])
	payload := asked["payload"].(obj)
	require.Equal(t, obj{"type": "view", "view_id": viewID}, payload["container"])
	require.Equal(t, []any{"p", "p", "pr"}, []any{payload["block_id"], payload["action_id"], payload["value"]})
	require.Equal(t, slack.Alice, payload["user"].(obj)["id"])
	require.Equal(t, viewID, payload["view"].(obj)["id"])
	// docs.slack.dev/reference/interaction-payloads/block_suggestion-payload: no
	// trigger, no response_url, and no channel or message in a modal.
	require.ElementsMatch(t, []string{
		"type", "user", "team", "api_app_id", "token", "container", "action_id", "block_id", "value", "view", "enterprise", "is_enterprise_install",
	}, keys(payload))

	result, err := d.Submit(ctx, slack.Alice, filled{"p": {"p": slack.Pick("prod")}, "why": {"why": slack.Text("x")}})
	require.NoError(t, err)
	require.Equal(t, slack.Closed, result.Outcome)
	chosen := a.nextPayload()["view"].(obj)["state"].(obj)["values"].(obj)["p"].(obj)["p"].(obj)
	require.Equal(t, obj{"text": obj{"type": "plain_text", "text": "prod", "emoji": true}, "value": "prod"}, chosen["selected_option"])
	require.Empty(t, d.Findings())
}

func keys(o obj) []string {
	var all []string
	for name := range o {
		all = append(all, name)
	}
	return all
}

func TestOptionGroups(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(suggesting(obj{"option_groups": []any{group("EU", opt("prod")), group("US", opt("test"))}}))
	d.asked(a, modal(search("p", "multi_external_select", obj{"min_query_length": 0, "max_selected_items": 2})))
	got, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "")
	require.NoError(t, err)
	require.Equal(t, []slack.Option{{Text: "prod", Value: "prod", Group: "EU"}, {Text: "test", Value: "test", Group: "US"}}, got.Options)

	require.NoError(t, d.Fill(t.Context(), slack.Alice, filled{"p": {"p": slack.Pick("test", "prod")}}))
	require.Equal(t, slack.Pick("test", "prod"), d.Screen(slack.Alice).Modal.Values["p"]["p"])
}

func TestLoadOptionsRefusals(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(suggesting(obj{"options": []any{opt("prod")}}))
	d.asked(a, modal(search("p", "external_select", nil), input("why", nil)))
	for name, who := range map[string][3]string{
		"a person without a modal":  {slack.Bob, "p", "p"},
		"a field without options":   {slack.Alice, "why", "why"},
		"a field that is not there": {slack.Alice, "q", "q"},
		"a deactivated person":      {slack.Dee, "p", "p"},
		"an unknown person":         {"U0NOBODY", "p", "p"},
	} {
		_, err := d.LoadOptions(t.Context(), who[0], who[1], who[2], "prod")
		require.ErrorIs(t, err, slack.ErrCannot, name)
	}
	require.Empty(t, a.envelopes)
}

// bad are answers to block_suggestion that break a rule, by its Why.
func badSuggestions() map[string]obj {
	many := repeat(101, opt("a"))
	return map[string]obj{
		"the answer is a JSON object; nothing at all means that there are no options":          {"said": []any{"prod"}},
		"it has options or option_groups, and not both":                                        {"said": obj{"options": []any{opt("a")}, "option_groups": []any{group("g", opt("a"))}}},
		"it has at most 100 options or 100 groups, and a group at most 100 options":            {"said": obj{"options": many}},
		"an option is made as in a static select, and an answer has nothing but options":       {"said": obj{"options": []any{obj{"text": plain(x(76)), "value": "a"}}}},
		"it answers within three seconds":                                                      {"late": true},
		"it answers with status 200":                                                           {"status": 500},
		"the app can be reached: by its WebSocket, or at /slack/options, its Options Load URL": {"gone": true},
	}
}

func TestInvalidOptionsAreNoResults(t *testing.T) {
	t.Parallel()
	cases := badSuggestions()
	for _, rule := range slack.OptionRules {
		require.NotEmpty(t, rule.Source, rule.Why)
		bad, ok := cases[rule.Why]
		require.True(t, ok, "a rule without a test: %s", rule.Why)
		delete(cases, rule.Why)
		t.Run(strings.ReplaceAll(rule.Why, " ", "_"), func(t *testing.T) {
			t.Parallel()
			app := newHTTPApp(t)
			d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url, AckWithin: 200 * time.Millisecond})
			d.askedOverHTTP(app, modal(search("p", "external_select", nil)))
			app.breaks(bad)
			got, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "prod")
			require.NoError(t, err)
			require.Equal(t, slack.LoadedOptions{Nothing: "No results found"}, got)
			require.Len(t, d.Findings(), 1)
			f := d.Findings()[0]
			require.Equal(t, slack.FoundOptions, f.Kind)
			require.Contains(t, f.What, rule.Why)
		})
	}
	require.Empty(t, cases, "tests without a rule")
}

// breaks has the app do what a case of badSuggestions says.
func (a *httpApp) breaks(bad obj) {
	a.answers(200, "")
	if said, ok := bad["said"]; ok {
		a.answers(200, toJSON(a.t, said))
	}
	if status, ok := bad["status"].(int); ok {
		a.answers(status, "")
	}
	if bad["late"] == true {
		a.mu.Lock()
		defer a.mu.Unlock()
		block := make(chan struct{})
		a.block = block
		a.t.Cleanup(func() { close(block) })
	}
	if bad["gone"] == true {
		a.close()
	}
}

// askedOverHTTP opens a modal for Alice with the trigger of her command.
func (d *desk) askedOverHTTP(app *httpApp, view obj) {
	d.t.Helper()
	require.NoError(d.t, d.Command(d.t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	form, err := url.ParseQuery(app.next().body)
	require.NoError(d.t, err)
	d.ok("views.open", obj{"trigger_id": form.Get("trigger_id"), "view": view})
}

func TestHTTPOptionsURL(t *testing.T) {
	t.Parallel()
	app := newHTTPApp(t)
	d := newDesk(t, slack.Options{Deliver: slack.HTTPMode, HTTPTarget: app.url})
	d.askedOverHTTP(app, modal(search("p", "external_select", nil)))
	app.answers(200, toJSON(t, obj{"options": []any{opt("prod")}}))
	got, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "pro")
	require.NoError(t, err)
	require.Equal(t, []slack.Option{{Text: "prod", Value: "prod"}}, got.Options)
	asked := app.next()
	require.Equal(t, "/slack/options", asked.path)
	require.Equal(t, signature(d.SigningSecret(), asked.header.Get("X-Slack-Request-Timestamp"), asked.body), asked.header.Get("X-Slack-Signature"))
	form, err := url.ParseQuery(asked.body)
	require.NoError(t, err)
	require.Equal(t, "block_suggestion", parse(t, form.Get("payload"))["type"])
}

func TestNoOptionsAreNoFinding(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]any{"no answer": nil, "an empty object": obj{}, "no options": obj{"options": []any{}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			d.asked(d.connect(suggesting(answer)), modal(search("p", "external_select", nil)))
			got, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "prod")
			require.NoError(t, err)
			require.Equal(t, slack.LoadedOptions{Nothing: "No results found"}, got)
			require.Empty(t, d.Findings())
		})
	}
}

func TestSecretInOptionsIsReported(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{Secrets: func() []string { return []string{private} }})
	d.asked(d.connect(suggesting(obj{"options": []any{opt(private)}})), modal(search("p", "external_select", nil)))
	_, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "prod")
	require.NoError(t, err)
	require.Equal(t, []string{slack.FoundSecret}, d.kinds())
}

// A WebSocket takes 20,480 bytes a frame: 100 long options are too much.
func TestLongAcknowledgementEndsConnection(t *testing.T) {
	t.Parallel()
	var options []any
	for i := range 100 {
		options = append(options, obj{"text": plain(strings.Repeat("é", 70)), "value": fmt.Sprintf("%075d", i)})
	}
	d := newDesk(t, slack.Options{AckWithin: 300 * time.Millisecond})
	a := d.connect(suggesting(obj{"options": options}))
	d.asked(a, modal(search("p", "external_select", nil)))
	got, err := d.LoadOptions(t.Context(), slack.Alice, "p", "p", "prod")
	require.NoError(t, err)
	require.Empty(t, got.Options)
	require.Equal(t, []string{slack.FoundOptions}, d.kinds())
	assert.Error(t, <-a.closed)
}

func TestForgedOptionsRequestIsAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.connect(suggesting(obj{"options": []any{}}))
	answer, err := d.Forge(t.Context(), []byte(`{"type":"block_suggestion","user":{"id":"U0GONE"}}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"options":[]}`, string(answer))
}
