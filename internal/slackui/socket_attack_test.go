package slackui_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
)

// A attackingSlack opens Socket Mode connections and sends what attack says over
// each; then it asks for help and counts the answers.
type attackingSlack struct {
	t        *testing.T
	attack   func(context.Context, *websocket.Conn) error
	answered atomic.Int32
	base     string
}

func (h *attackingSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "auth.test"):
		fmt.Fprint(w, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)
	case strings.HasSuffix(r.URL.Path, "apps.connections.open"):
		fmt.Fprintf(w, `{"ok":true,"url":%q}`, strings.Replace(h.base, "http", "ws", 1)+"/link")
	case r.URL.Path == "/link":
		h.link(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (h *attackingSlack) link(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	send := func(text string) bool { return conn.Write(ctx, websocket.MessageText, []byte(text)) == nil }
	if !send(`{"type":"hello","num_connections":1}`) || h.attack(ctx, conn) != nil {
		return
	}
	id := fmt.Sprintf("help-%p", conn)
	if !send(`{"type":"slash_commands","envelope_id":"` + id + `","accepts_response_payload":true,"payload":{"command":"/atlas-key","text":"help","user_id":"U1","team_id":"T1","trigger_id":"t.` + id + `"}}`) {
		return
	}
	for {
		_, ack, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if bytes.Contains(ack, []byte(id)) && bytes.Contains(ack, []byte("MongoDB Atlas API keys, with")) {
			h.answered.Add(1)
		}
	}
}

// TestSocketSurvivesMalformedFrames: people are answered after it, over the same
// connection or the next one.
func TestSocketSurvivesMalformedFrames(t *testing.T) {
	t.Parallel()
	once := func(bytes []byte, kind websocket.MessageType) func(context.Context, *websocket.Conn) error {
		return func(ctx context.Context, c *websocket.Conn) error { return c.Write(ctx, kind, bytes) }
	}
	for name, attack := range map[string]func(context.Context, *websocket.Conn) error{
		"no attack":                 func(context.Context, *websocket.Conn) error { return nil },
		"garbage":                   once([]byte("\x00\x01 no JSON {{{"), websocket.MessageText),
		"a web page":                once([]byte("<html>"), websocket.MessageText),
		"binary":                    once(bytes.Repeat([]byte{0xff}, 10_000), websocket.MessageBinary),
		"nothing":                   once(nil, websocket.MessageText),
		"null":                      once([]byte("null"), websocket.MessageText),
		"nested without end":        once(bytes.Repeat([]byte("["), 500_000), websocket.MessageText),
		"of another type":           once([]byte(`{"type":7,"envelope_id":[],"payload":"x"}`), websocket.MessageText),
		"an unknown envelope":       once([]byte(`{"type":"holograms","envelope_id":"e1","payload":{}}`), websocket.MessageText),
		"an envelope without an id": once([]byte(`{"type":"interactive","payload":{"type":"block_actions"}}`), websocket.MessageText),
		"a flood": func(ctx context.Context, c *websocket.Conn) error {
			for i := range 2000 {
				if err := c.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"events_api","envelope_id":"e%d","payload":{"event":{}}}`, i)); err != nil {
					return err
				}
			}
			return nil
		},
		"in fragments": func(ctx context.Context, c *websocket.Conn) error {
			w, err := c.Writer(ctx, websocket.MessageText)
			if err != nil {
				return err
			}
			for range 300 {
				if _, err := w.Write([]byte(`"x `)); err != nil {
					return err
				}
			}
			return w.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &attackingSlack{t: t, attack: attack}
			h.run()
			require.Eventually(t, func() bool { return h.answered.Load() > 0 }, maxWait, time.Millisecond)
		})
	}
}

// TestOversizedFrameIsNotRead: the connection ends, and another one is opened.
func TestOversizedFrameIsNotRead(t *testing.T) {
	t.Parallel()
	var links atomic.Int32
	var taken atomic.Int64
	h := &attackingSlack{t: t, attack: func(ctx context.Context, c *websocket.Conn) error {
		if links.Add(1) > 1 {
			return nil
		}
		w, err := c.Writer(ctx, websocket.MessageText)
		if err != nil {
			return err
		}
		chunk := bytes.Repeat([]byte("["), 1<<16)
		for range 1 << 10 { // 64 MiB
			n, err := w.Write(chunk)
			if taken.Add(int64(n)); err != nil {
				return err
			}
		}
		return nil
	}}
	h.run()
	require.Eventually(t, func() bool { return h.answered.Load() > 0 }, maxWait, time.Millisecond)
	require.Less(t, taken.Load(), int64(32<<20), "what lies in buffers of the system, and no more")
}

func (h *attackingSlack) run() {
	h.t.Helper()
	server := httptest.NewServer(h)
	h.t.Cleanup(server.Close)
	h.base = server.URL
	network := &http.Transport{}
	h.t.Cleanup(network.CloseIdleConnections)
	log := slog.New(slog.NewTextHandler(&syncLog{}, nil))
	s, err := client.Connect(h.t.Context(), client.Config{
		Token: secret.New("xoxb"), AppToken: secret.New("xapp"), APIURL: server.URL + "/api/", Command: "/atlas-key", Log: log, Now: time.Now, Transport: network,
	})
	require.NoError(h.t, err)
	app := slackui.New(s, &service.Service{
		Store: &approvaltest.Memory{}, Directory: s.Directory(), Orgs: policy.Orgs{{ID: org, Name: "Production", Policy: testPolicy()}},
		Now: time.Now, NewID: approval.NewID, Wake: func() {},
	})
	h.t.Cleanup(app.Wait)
	socket, d := transport.NewSocket(s, app), &env{t: h.t}
	d.runInBackground(func(ctx context.Context) { _ = socket.Run(ctx) })
}
