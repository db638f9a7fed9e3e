package slackui_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/transport"
)

// TestOptionsOverHTTP is as narrow as the others, and does nothing but
// answer.
func TestOptionsOverHTTP(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, overHTTP)
	r := d.request(alice)
	handler := transport.NewHTTP(d.slack, d.app)
	send := func(method, contentType, key, body string) *httptest.ResponseRecorder {
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte("v0:" + stamp + ":" + body))
		request := httptest.NewRequestWithContext(t.Context(), method, "/slack/options", strings.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("X-Slack-Request-Timestamp", stamp)
		request.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request)
		return w
	}
	const form = "application/x-www-form-urlencoded"
	payload := func(json string) string { return url.Values{"payload": {json}}.Encode() }
	typed := payload(`{"type":"block_suggestion","user":{"id":"U0ALICE","team_id":"T0SANDBOX"},"action_id":"projects","value":"pay","view":{"id":"V1","callback_id":"form","private_metadata":"org=` + string(org) + `"}}`)

	for name, tt := range map[string]struct {
		method, contentType, key, body string
		want                           int
	}{
		"GET":                  {http.MethodGet, form, d.SigningSecret(), "", 405},
		"signed by no user":    {http.MethodPost, form, "another secret", typed, 401},
		"another content type": {http.MethodPost, "application/json", d.SigningSecret(), typed, 415},
		"an endless body":      {http.MethodPost, form, d.SigningSecret(), strings.Repeat("x", 1<<20+1), 400},
	} {
		w := send(tt.method, tt.contentType, tt.key, tt.body)
		require.Equal(t, tt.want, w.Code, name)
		require.NotContains(t, w.Body.String(), "payments", name)
	}
	for name, body := range map[string]string{
		"no form": "%zz", "no payload": "x=y", "no JSON": payload("{"), "no user": payload(`{"type":"block_suggestion"}`),
		"a press, as it was recorded": payload(`{"type":"block_actions","user":{"id":"U0BOB","team_id":"T0SANDBOX"},"trigger_id":"1","container":{"type":"message","channel_id":"C0APPROVALS"},"actions":[{"action_id":"approve","value":"` + string(r.ID) + `"}]}`),
	} {
		w := send(http.MethodPost, form, d.SigningSecret(), body)
		require.Equal(t, 200, w.Code, name)
		require.JSONEq(t, `{"options":[]}`, w.Body.String(), name)
	}
	for range 2 { // the same again, with the same signature
		require.Contains(t, send(http.MethodPost, form, d.SigningSecret(), typed).Body.String(), "payments")
	}
	d.app.Wait()
	d.waitForState(r.ID, approval.StatePending)
}
