package slackui_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/slackui/transport"
)

func TestForgedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	r := d.request(alice)
	d.waitForButton(bob, "card/approve")
	for kind, want := range map[sandbox.MalformedRequest]int{
		sandbox.BadSignature: 401, sandbox.NoSignature: 401, sandbox.StaleTimestamp: 401, sandbox.FutureTimestamp: 401,
		sandbox.ReorderedBody: 401, sandbox.SSLCheck: 401, sandbox.PayloadInQuery: 400,
	} {
		status, body, err := d.SendMalformed(t.Context(), kind, sandbox.Forgery{User: bob, ActionID: "approve", Value: string(r.ID)})
		require.NoError(t, err)
		require.Equal(t, want, status, "%s: %s", kind, body)
	}
	d.app.Wait()
	d.waitForState(r.ID, approval.StatePending)

	status, body, err := d.SendMalformed(t.Context(), sandbox.Replay, sandbox.Forgery{User: bob, ActionID: "approve", Value: string(r.ID)})
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Empty(t, body)
	d.waitForState(r.ID, approval.StateApproved)
	require.NoError(t, d.VerifyURL(t.Context()))
	d.requireClean()
}

func TestHTTPRefusesOtherMethodsPathsAndBodies(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	handler := transport.NewHTTP(d.slack, d.app)
	for name, tt := range map[string]struct {
		method, path, body string
		want               int
	}{
		"GET":              {http.MethodGet, "/slack/commands", "", 405},
		"another path":     {http.MethodPost, "/slack/else", "", 404},
		"an endless body":  {http.MethodPost, "/slack/interactions", strings.Repeat("x", 1<<20+1), 400},
		"an unsigned body": {http.MethodPost, "/slack/interactions", "payload={}", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(tt.body)))
			require.Equal(t, tt.want, w.Code)
		})
	}
}

// TestReplayedRequestGetsFirstAnswer: the signature alone does not stop a user
// who listened.
func TestReplayedRequestGetsFirstAnswer(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	handler := transport.NewHTTP(d.slack, d.app)
	const body = "command=%2Fatlas-key&text=help&user_id=U0ALICE&team_id=T0SANDBOX"
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(d.SigningSecret()))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	send := func(contentType string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/commands", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Slack-Request-Timestamp", stamp)
		r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, 415, send("application/json").Code)
	first := send("application/x-www-form-urlencoded")
	require.Contains(t, first.Body.String(), "MongoDB Atlas API keys, with")
	again := send("application/x-www-form-urlencoded")
	require.Equal(t, 200, again.Code)
	require.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
	require.JSONEq(t, first.Body.String(), again.Body.String())
}

func TestSocketReconnects(t *testing.T) {
	t.Parallel()
	for _, reason := range []sandbox.Reason{sandbox.RefreshRequested, sandbox.Abrupt, sandbox.TooManyWebsockets} {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			d := newEnv(t)
			d.Disconnect(reason)
			require.Eventually(t, func() bool { return d.ConnectionsOpened() == 2 && d.Connections() == 1 }, maxWait, time.Millisecond)
			r := d.request(alice)
			d.click(bob, "card/approve")
			d.waitForState(r.ID, approval.StateApproved)
			d.requireClean()
		})
	}
}

func TestSocketReconnectsWithBackoff(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	stop := time.After(2500 * time.Millisecond)
	for running := true; running; {
		d.Disconnect(sandbox.TooManyWebsockets)
		select {
		case <-stop:
			running = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	require.LessOrEqual(t, d.ConnectionsOpened(), 3)
}

func TestFatalErrorEndsSocket(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"missing_scope", "not_allowed_token_type", "invalid_auth", "account_inactive", "token_revoked", "token_expired",
		"user_removed_from_team", "team_disabled", "forbidden_team", "not_authed"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, overHTTP)
			d.faults.add(fault{method: "apps.connections.open", answer: status(200, `{"ok":false,"error":"`+code+`"}`)})
			ctx, cancel := context.WithTimeout(t.Context(), maxWait)
			defer cancel()
			socket := transport.NewSocket(d.slack, d.app)
			err := socket.Run(ctx)
			require.ErrorContains(t, err, code)
			require.NotContains(t, err.Error(), "\n")
			require.False(t, socket.Ready())
			require.NoError(t, ctx.Err())
		})
	}
}

func TestSocketRetriesWhileSlackIsUnavailable(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	d.faults.add(fault{method: "apps.connections.open", answer: status(503, "<html>")})
	socket := transport.NewSocket(d.slack, d.app)
	d.runInBackground(func(ctx context.Context) { _ = socket.Run(ctx) })
	require.Eventually(t, func() bool { return d.faults.count("apps.connections.open") == 1 }, maxWait, time.Millisecond)
	require.False(t, socket.Ready())
}

func TestUnknownEnvelopesAreAcknowledged(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	require.NoError(t, d.SendEnvelope(t.Context(), "holograms", []byte(`{"x":1}`)), "it is acknowledged")
	require.NoError(t, d.SendEnvelope(t.Context(), "interactive", []byte(`{"user":"not an object"}`)))
	require.NoError(t, d.SendEnvelope(t.Context(), "slash_commands", []byte(`[]`)))
	require.NoError(t, d.SendEnvelope(t.Context(), "events_api", []byte(`{"event":{"type":"app_home_opened"}}`)))
	d.request(alice)
}
