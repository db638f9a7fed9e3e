package slackui

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

// newPayloads are what modals send that follow what is chosen in them.
var newPayloads = []string{
	`{"type":"block_suggestion","user":{"id":"U0ALICE"},"block_id":"projects","action_id":"projects","value":"pay","view":{"id":"V1","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293a4b"}}`,
	`{"type":"block_suggestion","user":{"id":"U0BOB"},"action_id":"projects.1","value":"","view":{"id":"V1","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293a4c&index=1"}}`,
	`{"type":"block_actions","user":{"id":"U0ALICE"},"trigger_id":"1.2","container":{"type":"view"},"actions":[{"action_id":"org","block_id":"org","action_ts":"1.1"}],"view":{"id":"V1","hash":"1.x","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293a4b","state":{"values":{"org":{"org":{"selected_option":{"value":"65a1b2c3d4e5f60718293a4c"}}},"projects":{"projects":{"selected_options":[{"text":{"text":"payments"},"value":"65a1b2c3d4e5f60718290001"}]}}}}}}`,
	`{"type":"block_actions","user":{"id":"U0ALICE"},"trigger_id":"1.3","container":{"type":"view"},"actions":[{"action_id":"lifetime","action_ts":"1.1"}],"view":{"id":"V1","callback_id":"extend","private_metadata":"AKR-7F3K2"}}`,
	`{"type":"view_submission","user":{"id":"U0ALICE"},"view":{"id":"V1","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293a4b","state":{"values":{"org":{"org":{"selected_option":{"value":"65a1b2c3d4e5f60718293a4b"}}},"description":{"description":{"value":"x"}},"roles":{"roles":{"selected_options":[{"value":"ORG_OWNER"}]}},"projects":{"projects":{"selected_options":[{"value":"65a1b2c3d4e5f60718290001"}]}},"project_roles":{"project_roles":{"selected_options":[{"value":"GROUP_OWNER"}]}},"network_presets":{"network_presets":{"selected_options":[{"value":"vpn"}]}},"networks":{"networks":{"value":null}},"lifetime":{"lifetime":{"selected_option":{"value":"8h0m0s"}}},"reason":{"reason":{"value":"why"}}}}}}`,
	`{"type":"view_submission","user":{"id":"U0ALICE"},"view":{"id":"V1","callback_id":"form","private_metadata":"org=65a1b2c3d4e5f60718293a4c&index=1","state":{"values":{"org":{"org":{"selected_option":{"value":"65a1b2c3d4e5f60718293a4b"}}},"description":{"description":{"value":"x"}},"roles.1":{"roles.1":{"selected_options":[{"value":"ORG_OWNER"}]}}}}}}`,
	`{"type":"view_submission","user":{"id":"U0BOB"},"view":{"id":"V1","callback_id":"breakglass","private_metadata":"org=65a1b2c3d4e5f60718293a4b","state":{"values":{"description":{"description":{"value":"x"}},"roles":{"roles":{"selected_options":[{"value":"ORG_OWNER"}]}}}}}}`,
	`{"type":"view_submission","user":{"id":"U0BOB"},"view":{"id":"V1","callback_id":"approve_partial","private_metadata":"AKR-7F3K2","state":{"values":{"roles":{"roles":{"selected_options":[{"value":"ORG_READ_ONLY"}]}},"networks":{"networks":{"value":"203.0.113.7"}},"lifetime":{"lifetime":{"selected_option":{"value":"8h0m0s"}}}}}}}`,
}

// A silent Slack answers every call with a refusal.
type silent struct{}

func (silent) RoundTrip(*http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteString(`{"ok":false,"error":"fuzzing"}`)
	return answer.Result(), nil
}

const (
	fuzzSecret = "8f742231b10e8888abcd99eeee777785"
	fuzzStamp  = "1700000000"
)

// fuzzedApp is an app whose people are all known, with no user to talk to.
func fuzzedApp(log *bytes.Buffer) (*App, *approvaltest.Memory) {
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	c := client.Config{SigningSecret: secret.New(fuzzSecret), APIURL: "https://slack.test/api/", Channels: map[policy.OrgID]string{testOrg: "C0APPROVALS"}, Command: "/atlas-key",
		Log: slog.New(slog.NewTextHandler(log, nil)), Now: now, Transport: silent{}}
	caller := &http.Client{Transport: c.Transport}
	store := &approvaltest.Memory{}
	people := &approvaltest.Directory{}
	people.Set(policy.Member, "U0ALICE", "U0BOB", "W12345678", "U123ABC456")
	keys := &approvaltest.Keys{}
	keys.Have(testOrg, payments, search1)
	s := &client.Slack{Config: c, Client: caller, API: client.NewAPI(c, caller)}
	return New(s, &service.Service{
		Store: store, Directory: people, Orgs: policy.Orgs{strict, staging}, Projects: &service.ProjectCache{KeysOf: keys.Of, Now: now}, Now: now, NewID: approval.NewID, Wake: func() {},
	}), store
}

// requireUnchanged asserts what is so whatever was delivered: nothing panicked, and what
// was stored is what the form could ask for.
func requireUnchanged(t *testing.T, app *App, store *approvaltest.Memory, log *bytes.Buffer) {
	t.Helper()
	app.Wait()
	require.NotContains(t, log.String(), "panicked")
	for _, who := range []policy.UserID{"U0ALICE", "U0BOB", "W12345678", "U123ABC456"} {
		all, err := store.ListByRequester(t.Context(), who)
		require.NoError(t, err)
		for _, r := range all {
			_, err := strictPolicy.Check(view.FormToRequestAgain(strictPolicy, r).Form)
			require.NoError(t, err)
		}
	}
}

// FuzzHTTP: whatever Slack has signed is answered with one of a few
// statuses, and nothing else is answered at all.
func FuzzHTTP(f *testing.F) {
	f.Add("commands", "application/x-www-form-urlencoded", []byte("command=%2Fatlas-key&text=help&user_id=U0ALICE&trigger_id=1.2.3"))
	f.Add("commands", "application/x-www-form-urlencoded; charset=utf-8", []byte("ssl_check=1"))
	f.Add("interactions", "application/x-www-form-urlencoded", []byte("payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U0BOB%22%7D%7D"))
	const form = "application/x-www-form-urlencoded"
	for _, payload := range newPayloads {
		f.Add("interactions", form, []byte("payload="+url.QueryEscape(payload)))
		f.Add("options", form, []byte("payload="+url.QueryEscape(payload)))
	}
	f.Add("options", form, []byte("payload=%zz"))
	f.Add("events", "application/json", []byte(`{"type":"url_verification","challenge":"x"}`))
	f.Add("events", "application/json", []byte(`{"type":"event_callback","event":{"type":"app_home_opened"}}`))
	f.Fuzz(func(t *testing.T, path, contentType string, body []byte) {
		if strings.Trim(path, "abcdefghijklmnopqrstuvwxyz") != "" {
			return // what is no path is net/http's to refuse
		}
		var log bytes.Buffer
		app, store := fuzzedApp(&log)
		target := transport.NewHTTP(app.slack, app)
		send := func(signature string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/"+path, bytes.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("X-Slack-Request-Timestamp", fuzzStamp)
			r.Header.Set("X-Slack-Signature", signature)
			w := httptest.NewRecorder()
			target.ServeHTTP(w, r)
			return w.Code
		}
		unsigned := send("v0=" + strings.Repeat("0", 64))
		require.Contains(t, []int{401, 404}, unsigned)
		mac := hmac.New(sha256.New, []byte(fuzzSecret))
		mac.Write([]byte("v0:" + fuzzStamp + ":"))
		mac.Write(body)
		signature := "v0=" + hex.EncodeToString(mac.Sum(nil))
		first := send(signature)
		require.Contains(t, []int{200, 400, 404, 415}, first)
		require.Equal(t, unsigned == 404, first == 404)
		requireUnchanged(t, app, store, &log)
	})
}

// FuzzSocketMode: a frame that the library could not read is acknowledged if it
// has a name, and does no harm.
func FuzzSocketMode(f *testing.F) {
	f.Add(sample(f, "socket.slash_commands.json"))
	f.Add([]byte(`{"envelope_id":"1","type":"interactive","payload":{"type":"block_actions","user":{"id":"U0BOB"},"actions":[{}]}}`))
	f.Add([]byte(`{"envelope_id":"1","type":"slash_commands","accepts_response_payload":true,"payload":{"user_id":"U0ALICE","text":"help"}}`))
	for _, payload := range newPayloads {
		f.Add([]byte(`{"envelope_id":"1","type":"interactive","accepts_response_payload":true,"payload":` + payload + `}`))
	}
	f.Add([]byte(`{"envelope_id":"1","type":"holograms","payload":[]}`))
	f.Add([]byte(`{"envelope_id":"1","type":"interactive","accepts_response_payload":true,"payload":{"type":"view_submission","user":{"id":"U0ALICE"},"view":{"id":"V1","callback_id":"form"}}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var log bytes.Buffer
		app, store := fuzzedApp(&log)
		target := transport.NewSocket(app.slack, app)
		caller := socketmode.New(app.slack.API)
		target.Unreadable(t.Context(), caller, &socketmode.ErrorBadMessage{Message: frame})
		requireUnchanged(t, app, store, &log)
	})
}
