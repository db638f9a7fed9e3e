package slack_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

const private = "3f1c2d4e-0000-4000-8000-0123456789ab"

// kinds are the kinds of finding, each once, in order.
func (d *desk) kinds() []string {
	var all []string
	for _, f := range d.Findings() {
		require.NotContains(d.t, f.What, private)
		require.Equal(d.t, f.Where != "", true)
		if len(all) == 0 || all[len(all)-1] != f.Kind {
			all = append(all, f.Kind)
		}
	}
	return all
}

func TestFindings(t *testing.T) {
	t.Parallel()
	quiet := func(more obj) obj {
		o := obj{"channel": slack.Approvals, "text": "a request", "unfurl_links": "false", "unfurl_media": "false"}
		for name, v := range more {
			o[name] = v
		}
		return o
	}
	verbatim := func(s string) []any {
		return []any{obj{"type": "section", "text": obj{"type": "mrkdwn", "text": s, "verbatim": true}}}
	}
	post := func(more obj) func(*desk, *app) {
		return func(d *desk, _ *app) { d.ok("chat.postMessage", quiet(more)) }
	}
	note := func(more obj) func(*desk, *app) {
		return func(d *desk, a *app) {
			d.trigger(a)
			o := obj{"channel": slack.Approvals, "user": slack.Alice, "text": "your key"}
			for name, v := range more {
				o[name] = v
			}
			d.ok("chat.postEphemeral", o)
		}
	}
	typed := func(s string, more obj) func(*desk, *app) {
		return func(d *desk, a *app) {
			require.NoError(d.t, d.Command(d.t.Context(), slack.Alice, slack.General, "/atlas-key", s))
			d.ok("chat.postMessage", quiet(more))
		}
	}
	press := func(value string) obj {
		return obj{"type": "actions", "elements": []any{obj{"type": "button", "text": plain("x"), "value": value}}}
	}
	secretModal := modal(section("x"))
	secretModal["private_metadata"] = private
	for name, c := range map[string]struct {
		do   func(*desk, *app)
		want []string
	}{
		"a quiet message":                {post(nil), nil},
		"a mention the app makes":        {post(obj{"blocks": verbatim("<@U0BOB> asks, due <!date^1^{date}|soon>, see <https://x|this>")}), nil},
		"escaped text":                   {typed("<!channel>", obj{"blocks": verbatim("&lt;!channel&gt;")}), nil},
		"a crowd":                        {post(obj{"text": "<!here> look"}), []string{slack.FoundMention}},
		"a typed mention":                {typed("<@U0BOB> hi", obj{"blocks": verbatim("&gt; <@U0BOB> hi")}), []string{slack.FoundMention}},
		"a typed link":                   {typed("<https://evil|bank>", obj{"blocks": verbatim("<https://evil|bank>")}), []string{slack.FoundMention}},
		"an @here that comes alive":      {post(obj{"blocks": []any{section("@here")}}), []string{slack.FoundMention}},
		"an @here that does not":         {post(obj{"blocks": verbatim("@here")}), nil},
		"a < of nothing":                 {post(obj{"blocks": verbatim("a < b")}), []string{slack.FoundUnescaped}},
		"link_names":                     {post(obj{"link_names": "true"}), []string{slack.FoundLinkNames}},
		"unfurling":                      {post(obj{"unfurl_media": "true"}), []string{slack.FoundUnfurl}},
		"blocks alone":                   {post(obj{"text": "", "blocks": verbatim("x")}), []string{slack.FoundNoText}},
		"a long text":                    {post(obj{"text": x(4001)}), []string{slack.FoundLongText}},
		"a secret in a channel":          {post(obj{"blocks": verbatim(private)}), []string{slack.FoundSecret}},
		"a secret in metadata":           {post(obj{"metadata": obj{"event_type": "x", "event_payload": obj{"k": private}}}), []string{slack.FoundSecret}},
		"a secret in a note's blocks":    {note(obj{"blocks": verbatim("`" + private + "`")}), nil},
		"a secret in a note's rich text": {note(obj{"blocks": []any{obj{"type": "rich_text", "elements": []any{obj{"type": "rich_text_preformatted", "elements": []any{obj{"type": "text", "text": private}}}}}}}), nil},
		"a secret in a note's text":      {note(obj{"text": private}), []string{slack.FoundSecret}},
		"a secret in a note's button":    {note(obj{"blocks": []any{press(private)}}), []string{slack.FoundSecret}},
		"a secret in private_metadata":   {func(d *desk, a *app) { d.asked(a, secretModal) }, []string{slack.FoundSecret}},
		"a secret in a modal":            {func(d *desk, a *app) { d.asked(a, modal(section(private))) }, []string{slack.FoundSecret}},
		"a secret in a Home": {func(d *desk, _ *app) {
			d.ok("views.publish", obj{"user_id": slack.Alice, "view": home(section(private))})
		}, []string{slack.FoundSecret}},
		"a note out of the blue":               {func(d *desk, _ *app) { d.note(slack.Approvals) }, []string{slack.FoundUnsolicited}},
		"a note long after":                    {func(d *desk, a *app) { d.trigger(a); d.clock.Advance(3 * time.Minute); d.note(slack.Approvals) }, []string{slack.FoundUnsolicited}},
		"a storm of connections":               {func(d *desk, _ *app) { d.storm(51) }, []string{slack.FoundReconnects}},
		"a busy minute":                        {func(d *desk, _ *app) { d.storm(50) }, nil},
		"a secret in a response's blocks":      {respond(obj{"text": "x", "blocks": verbatim(private)}), nil},
		"a secret in a response's text":        {respond(obj{"text": private}), []string{slack.FoundSecret}},
		"a secret in a response for everybody": {respond(obj{"text": "x", "response_type": "in_channel", "blocks": verbatim(private)}), []string{slack.FoundSecret}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{Secrets: func() []string { return []string{private} }})
			c.do(d, d.connect(plainly))
			require.Equal(t, c.want, d.kinds(), d.Findings())
		})
	}
}

func (d *desk) storm(n int) {
	for range n - 1 { // connecting was one
		d.jsonAs(d.AppToken(), "apps.connections.open", obj{})
	}
}

func respond(body obj) func(*desk, *app) {
	return func(d *desk, a *app) {
		require.NoError(d.t, d.Command(d.t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
		status, _ := d.post(a.nextPayload()["response_url"].(string), body)
		require.Equal(d.t, 200, status)
	}
}
