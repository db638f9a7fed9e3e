package slackui

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
)

// TestSocketLeavesIdleConnection and opens another one, within the limits.
// That no goroutine stays is looked at when all tests are over.
func TestSocketLeavesIdleConnection(t *testing.T) {
	t.Parallel()
	hello := func(ctx context.Context, c *websocket.Conn) {
		_ = c.Write(ctx, websocket.MessageText, []byte(`{"type":"hello","num_connections":1}`))
	}
	pings := func(ctx context.Context, c *websocket.Conn) {
		for ctx.Err() == nil {
			bounded, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			_ = c.Ping(bounded) // no user reads the pong here
			cancel()
		}
	}
	for name, serve := range map[string]func(context.Context, *websocket.Conn){
		"pings, and never says hello": pings,
		"says nothing at all":         func(ctx context.Context, _ *websocket.Conn) { <-ctx.Done() },
		"never pings":                 func(ctx context.Context, c *websocket.Conn) { hello(ctx, c); <-ctx.Done() },
		"stops within a frame": func(ctx context.Context, c *websocket.Conn) {
			hello(ctx, c)
			w, err := c.Writer(ctx, websocket.MessageText)
			if err == nil {
				_, _ = w.Write(make([]byte, 10_000))
			}
			<-ctx.Done()
		},
		"closes after hello": hello,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			var opened atomic.Int32
			var server *httptest.Server
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "auth.test"):
					fmt.Fprint(w, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)
				case strings.HasSuffix(r.URL.Path, "apps.connections.open"):
					fmt.Fprintf(w, `{"ok":true,"url":%q}`, strings.Replace(server.URL, "http", "ws", 1)+"/link")
				default:
					c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
					if err != nil {
						return
					}
					defer c.CloseNow()
					opened.Add(1)
					serve(ctx, c)
				}
			}))
			defer server.Close()
			network := &http.Transport{}
			defer network.CloseIdleConnections()
			s, err := client.Connect(ctx, client.Config{
				Token: secret.New("xoxb"), AppToken: secret.New("xapp"), APIURL: server.URL + "/api/", Command: "/atlas-key",
				Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Transport: network,
			})
			require.NoError(t, err)
			app := New(s, &service.Service{Now: time.Now, Wake: func() {}})
			socket := transport.NewSocket(s, app)
			socket.HelloLimit, socket.PingLimit = 300*time.Millisecond, 300*time.Millisecond
			if strings.Contains(name, "hello") && strings.Contains(name, "pings,") {
				socket.PingLimit = time.Hour // only the hello is missing
			}
			began := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- socket.Run(ctx) }()
			require.Eventually(t, func() bool { return opened.Load() >= 3 }, 15*time.Second, time.Millisecond)
			require.GreaterOrEqual(t, time.Since(began), 2900*time.Millisecond, "the second opening waits a second, the third two more")
			cancel()
			require.NoError(t, <-ended)
			app.Wait()
		})
	}
}
