package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// clicked has Bob press a card and returns the click's response_url.
func (d *desk) clicked(a *app) (ts, url string) {
	d.t.Helper()
	ts = d.card("approve")
	require.NoError(d.t, d.Click(d.t.Context(), slack.Bob, slack.Approvals, ts, "approve"))
	return ts, a.nextPayload()["response_url"].(string)
}

func TestResponseURLDefaultsToEphemeral(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	_, url := d.clicked(d.connect(plainly))
	status, body := d.post(url, obj{"text": "for you"})
	require.Equal(t, 200, status)
	require.Equal(t, "ok", body)
	require.True(t, d.seen(slack.Bob, slack.Approvals).Messages[1].Ephemeral)
	require.Len(t, d.seen(slack.Dana, slack.Approvals).Messages, 1)

	d.post(url, obj{"text": "for all", "response_type": "in_channel"})
	require.Equal(t, "for all", d.seen(slack.Dana, slack.Approvals).Messages[1].Text)
	require.Len(t, d.seen(slack.Dana, slack.Approvals).Messages, 2)
}

func TestResponseURLReplacesClickedMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts, url := d.clicked(d.connect(plainly))
	d.post(url, obj{"text": "approved", "replace_original": true})
	got := d.seen(slack.Dana, slack.Approvals).Messages
	require.Len(t, got, 1)
	require.Equal(t, ts, got[0].TS)
	require.Equal(t, "approved", got[0].Text)
	d.post(url, obj{"delete_original": true})
	require.Empty(t, d.seen(slack.Dana, slack.Approvals).Messages)
}

func TestResponseURLOfCommandReplacesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	url := a.nextPayload()["response_url"].(string)
	d.post(url, obj{"text": "one"})
	d.post(url, obj{"text": "two", "replace_original": true})
	got := d.seen(slack.Alice, slack.General).Messages
	require.Len(t, got, 2, "a replacement of a command's answer is another message")
	status, body := d.post(url, obj{"delete_original": true})
	require.Equal(t, 400, status)
	require.Equal(t, "no_text", body)
}

func TestResponseURLRefusals(t *testing.T) {
	t.Parallel()
	hello := obj{"text": "hello"}
	post := func(body obj) func(*desk, string) (int, string) {
		return func(d *desk, url string) (int, string) { return d.post(url, body) }
	}
	raw := func(method, contentType, body string) func(*desk, string) (int, string) {
		return func(d *desk, url string) (int, string) {
			r, err := http.NewRequestWithContext(d.t.Context(), method, url, strings.NewReader(body))
			require.NoError(d.t, err)
			r.Header.Set("Content-Type", contentType)
			res, err := d.http.Do(r)
			require.NoError(d.t, err)
			defer res.Body.Close()
			return res.StatusCode, ""
		}
	}
	for name, c := range map[string]struct {
		how    func(*desk, string) (int, string)
		status int
	}{
		"unknown": {func(d *desk, url string) (int, string) { return d.post(url+"x", hello) }, 404},
		"after 30 minutes": {func(d *desk, url string) (int, string) {
			d.clock.Advance(30*time.Minute + time.Second)
			return d.post(url, hello)
		}, 404},
		"the sixth time": {func(d *desk, url string) (int, string) {
			for range 5 {
				status, _ := d.post(url, hello)
				require.Equal(d.t, 200, status)
			}
			return d.post(url, hello)
		}, 404},
		"by GET":                 {raw(http.MethodGet, jsonType, ""), 405},
		"as a form":              {raw(http.MethodPost, formType, "text=hello"), 400},
		"as broken JSON":         {raw(http.MethodPost, jsonType, "{"), 400},
		"saying nothing":         {post(obj{}), 400},
		"with blocks too long":   {post(obj{"text": "x", "blocks": []any{section(x(3001))}}), 400},
		"with blocks of no kind": {post(obj{"text": "x", "blocks": obj{}}), 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			_, url := d.clicked(d.connect(plainly))
			status, _ := c.how(d, url)
			require.Equal(t, c.status, status)
		})
	}
}

func TestStaleClickActsOnMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ts := d.card("approve")
	old := d.seen(slack.Bob, slack.Approvals).Messages[0]
	d.ok("chat.update", obj{"channel": slack.Approvals, "ts": ts, "text": "approved", "blocks": []any{section("approved")}})
	require.NoError(t, d.ClickStale(t.Context(), slack.Bob, slack.Approvals, old, "approve"))
	click := a.nextPayload()
	require.Equal(t, "a request", click["message"].(obj)["text"], "as it was rendered")
	d.post(click["response_url"].(string), obj{"text": "look", "replace_original": true})
	require.Equal(t, "look", d.seen(slack.Bob, slack.Approvals).Messages[0].Text)
}
