package slackui_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/slackui/transport"
)

// post sends the head of a request with so many bytes to come, and some of them.
func post(t *testing.T, address string, header string, length int, body []byte) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /slack/interactions HTTP/1.1\r\nHost: bot\r\nContent-Type: application/x-www-form-urlencoded\r\n%sContent-Length: %d\r\n\r\n", header, length)
	require.NoError(t, err)
	conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // what is not taken stays ours
	conn.Write(body)
	return conn
}

func statusOf(t *testing.T, conn net.Conn) int {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(maxWait))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	res.Body.Close()
	return res.StatusCode
}

// signedBy is what a header has to look like before a body is read.
func signedBy(now time.Time) string {
	return fmt.Sprintf("X-Slack-Request-Timestamp: %d\r\nX-Slack-Signature: v0=%s\r\n", now.Unix(), strings.Repeat("0", 64))
}

// TestManyConnectionsTakeBoundedMemory not in parallel with others: it measures
// what the whole process holds.
func TestManyConnectionsTakeBoundedMemory(t *testing.T) {
	d := newEnv(t, overHTTP)
	server := httptest.NewServer(transport.NewHTTP(d.slack, d.app))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	for name, tt := range map[string]struct {
		header string
		length int
		want   int
	}{
		"a megabyte each, with no signature":      {"", 1 << 20, 400},
		"as much as is taken, with no signature":  {"", 256 << 10, 401},
		"as much as is taken, with a wrong one":   {signedBy(time.Now()), 256 << 10, 0},
		"a megabyte each, with a wrong signature": {signedBy(time.Now()), 1 << 20, 400},
	} {
		t.Run(name, func(t *testing.T) {
			before := held()
			body := make([]byte, tt.length-1)
			var all []net.Conn
			for range 300 {
				all = append(all, post(t, address, tt.header, tt.length, body))
			}
			require.Less(t, held()-before, int64(30<<20))
			if tt.want != 0 {
				require.Equal(t, tt.want, statusOf(t, all[0]))
			}
		})
	}
	r := d.request(alice)
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
}

// held is what is alive on the heap, and the stacks.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestSlowSenderHoldsNoSlot for longer than a body may take.
func TestSlowSenderHoldsNoSlot(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	server := httptest.NewServer(transport.NewHTTP(d.slack, d.app))
	t.Cleanup(server.Close)
	var slow []net.Conn
	for range 40 {
		slow = append(slow, post(t, server.Listener.Addr().String(), signedBy(time.Now()), 1000, []byte("x")))
	}
	for _, conn := range slow {
		require.Contains(t, []int{400, 503}, statusOf(t, conn))
	}
}

func TestTrailingSlashIsServed(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	handler := transport.NewHTTP(d.slack, d.app)
	for _, path := range []string{"/slack/commands/", "/slack/interactions/", "/slack/options/", "/slack/events/"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("x")))
		require.Equal(t, 401, w.Code, path)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/command", strings.NewReader("x")))
	require.Equal(t, 404, w.Code)
	require.Contains(t, d.log.String(), "a request for a path that is not served")
}

// TestWrongSigningSecretIsLoggedAtFirstRequest, once, and by /readyz until a
// right signature comes.
func TestWrongSigningSecretIsLoggedAtFirstRequest(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	handler := d.http
	require.Empty(t, handler.Problem())
	for range 3 {
		_, _, err := d.SendMalformed(t.Context(), sandbox.BadSignature, sandbox.Forgery{User: bob, ActionID: "approve", Value: "AKR-7F3K2"})
		require.NoError(t, err)
	}
	require.Contains(t, handler.Problem(), "SLACK_SIGNING_SECRET is probably not this app's")
	require.Equal(t, 1, strings.Count(d.log.String(), "level=ERROR"))
	d.command(alice, "help")
	require.Empty(t, handler.Problem())
	_, _, err := d.SendMalformed(t.Context(), sandbox.BadSignature, sandbox.Forgery{User: bob, ActionID: "approve", Value: "AKR-7F3K2"})
	require.NoError(t, err)
	require.Empty(t, handler.Problem(), "another user's request")
}
