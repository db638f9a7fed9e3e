package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"atlaskeybot/internal/sandbox/slack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// obj is a JSON object.
type obj = map[string]any

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// desk is a workspace on a port, and the means to call it as the app would.
type desk struct {
	*slack.Workspace
	t     *testing.T
	clock *clock
	url   string
	http  *http.Client
}

func newDesk(t *testing.T, o slack.Options) *desk {
	t.Helper()
	c := &clock{now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	o.Now, o.Seed = c.Now, 7
	if o.Scopes == nil { // every method is tried, also those the bot does without
		o.Scopes = append(slack.DefaultScopes(), "im:write")
	}
	w := slack.New(o)
	server := httptest.NewServer(w.Handler())
	w.SetBaseURL(server.URL)
	d := &desk{Workspace: w, t: t, clock: c, url: server.URL, http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		w.Close()
		d.http.CloseIdleConnections()
		server.Close()
	})
	return d
}

// answer is what came back from the Web API.
type answer struct {
	obj
	status int
	header http.Header
}

func (a answer) error() string { s, _ := a.obj["error"].(string); return s }

// messages are Slack's explanations.
func (a answer) messages() []string {
	meta, _ := a.obj["response_metadata"].(obj)
	items, _ := meta["messages"].([]any)
	var all []string
	for _, it := range items {
		all = append(all, it.(string))
	}
	return all
}

// do sends a request as it is.
func (d *desk) do(r *http.Request) answer {
	d.t.Helper()
	res, err := d.http.Do(r)
	require.NoError(d.t, err)
	defer res.Body.Close()
	var o obj
	require.NoError(d.t, json.NewDecoder(res.Body).Decode(&o))
	return answer{o, res.StatusCode, res.Header}
}

func (d *desk) request(method, contentType, body string) *http.Request {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+"/api/"+method, strings.NewReader(body))
	require.NoError(d.t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json; charset=utf-8"
)

// form calls a method with a form that carries the bot token; values that are
// not text become JSON.
func (d *desk) form(method string, args obj) answer {
	d.t.Helper()
	form := url.Values{"token": {d.BotToken()}}
	for name, value := range args {
		s, ok := value.(string)
		if !ok {
			s = toJSON(d.t, value)
		}
		form.Set(name, s)
	}
	return d.do(d.request(method, formType, form.Encode()))
}

// json calls a method with JSON and the bot token in the header.
func (d *desk) json(method string, args obj) answer {
	d.t.Helper()
	return d.jsonAs(d.BotToken(), method, args)
}

func (d *desk) jsonAs(token, method string, args obj) answer {
	d.t.Helper()
	r := d.request(method, jsonType, toJSON(d.t, args))
	r.Header.Set("Authorization", "Bearer "+token)
	return d.do(r)
}

// ok is form for calls that have to succeed.
func (d *desk) ok(method string, args obj) answer {
	d.t.Helper()
	a := d.form(method, args)
	require.Equal(d.t, true, a.obj["ok"], "%s: %v", method, a.obj)
	return a
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func parse(t *testing.T, s string) obj {
	t.Helper()
	var o obj
	require.NoError(t, json.Unmarshal([]byte(s), &o), s)
	return o
}

// app is the other end of a WebSocket.
type app struct {
	t         *testing.T
	conn      *websocket.Conn
	envelopes chan obj // everything but hello
	closed    chan error
}

// connect opens a WebSocket and waits for hello. react answers an envelope: it
// returns the payload of the acknowledgement, and whether to acknowledge.
func (d *desk) connect(react func(envelope obj) (payload any, ack bool)) *app {
	d.t.Helper()
	a, first := d.dial(react)
	require.Equal(d.t, "hello", first["type"])
	return a
}

// dial opens a WebSocket and returns the first frame.
func (d *desk) dial(react func(obj) (any, bool)) (*app, obj) {
	d.t.Helper()
	opened := d.jsonAs(d.AppToken(), "apps.connections.open", obj{})
	require.Equal(d.t, true, opened.obj["ok"], opened.obj)
	conn, _, err := websocket.Dial(d.t.Context(), opened.obj["url"].(string), nil)
	require.NoError(d.t, err)
	_, frame, err := conn.Read(d.t.Context())
	require.NoError(d.t, err)
	a := &app{t: d.t, conn: conn, envelopes: make(chan obj, 100), closed: make(chan error, 1)}
	done := make(chan struct{})
	go func() { defer close(done); a.listen(react) }()
	d.t.Cleanup(func() { _ = conn.CloseNow(); <-done })
	return a, parse(d.t, string(frame))
}

func (a *app) listen(react func(obj) (any, bool)) {
	ctx := context.Background() // ends with the connection, which the test's cleanup closes
	for {
		_, frame, err := a.conn.Read(ctx)
		if err != nil {
			a.closed <- err
			return
		}
		var o obj
		assert.NoError(a.t, json.Unmarshal(frame, &o))
		a.envelopes <- o
		if payload, ack := react(o); ack && o["envelope_id"] != nil {
			a.ack(o, payload)
		}
	}
}

func (a *app) ack(envelope obj, payload any) {
	o := obj{"envelope_id": envelope["envelope_id"]}
	if payload != nil {
		o["payload"] = payload
	}
	b, err := json.Marshal(o)
	assert.NoError(a.t, err)
	_ = a.conn.Write(context.Background(), websocket.MessageText, b) // a dead link is the test's own doing
}

// next is the next envelope.
func (a *app) next() obj {
	a.t.Helper()
	select {
	case e := <-a.envelopes:
		return e
	case <-time.After(5 * time.Second):
		require.Fail(a.t, "no envelope came")
		return nil
	}
}

func (a *app) nextPayload() obj {
	a.t.Helper()
	return a.next()["payload"].(obj)
}

// plainly acknowledges everything with nothing.
func plainly(obj) (any, bool) { return nil, true }

// never acknowledges.
func never(obj) (any, bool) { return nil, false }

// with acknowledges everything with payload.
func with(payload any) func(obj) (any, bool) { return func(obj) (any, bool) { return payload, true } }

// What the tests show.

func section(s string) obj { return obj{"type": "section", "text": obj{"type": "mrkdwn", "text": s}} }

func buttons(ids ...string) obj {
	var elements []any
	for _, id := range ids {
		elements = append(elements, obj{"type": "button", "action_id": id, "value": "req-1", "text": plain(id)})
	}
	return obj{"type": "actions", "block_id": "b", "elements": elements}
}

func plain(s string) obj { return obj{"type": "plain_text", "text": s} }

func input(id string, more obj) obj {
	element := obj{"type": "plain_text_input", "action_id": id}
	for name, value := range more {
		element[name] = value
	}
	return obj{"type": "input", "block_id": id, "label": plain(id), "element": element}
}

func modal(blocks ...any) obj {
	return obj{"type": "modal", "callback_id": "request", "title": plain("Request a key"), "submit": plain("Send"), "blocks": blocks}
}

func home(blocks ...any) obj { return obj{"type": "home", "blocks": blocks} }

// card posts a message with buttons to the approvers' channel.
func (d *desk) card(ids ...string) (ts string) {
	d.t.Helper()
	return d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "a request", "blocks": []any{section("a request"), buttons(ids...)}}).obj["ts"].(string)
}

// trigger has Alice type the command and returns the trigger_id that came.
func (d *desk) trigger(a *app) string {
	d.t.Helper()
	require.NoError(d.t, d.Command(d.t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	return a.nextPayload()["trigger_id"].(string)
}

// seen is a conversation on a person's screen.
func (d *desk) seen(user, conversation string) slack.Conversation {
	d.t.Helper()
	for _, c := range d.Screen(user).Conversations {
		if c.ID == conversation {
			return c
		}
	}
	return slack.Conversation{}
}

// post sends JSON to a response_url.
func (d *desk) post(url string, body obj) (status int, text string) {
	d.t.Helper()
	res, err := d.http.Post(url, jsonType, bytes.NewReader([]byte(toJSON(d.t, body))))
	require.NoError(d.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	return res.StatusCode, strings.TrimSpace(string(b))
}
