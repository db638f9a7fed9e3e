package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a sandbox that the test closes.
func start(t *testing.T, opts sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	return s
}

// get and post make one request and return status and body.
func get(t *testing.T, address string) (int, string) {
	t.Helper()
	return send(t, http.DefaultClient, http.MethodGet, address, "", nil)
}

func send(t *testing.T, client *http.Client, method, address, body string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	res, err := client.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(raw)
}

func TestNewRefusesOtherAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.168.0.1:0", "example.com:0", "127.0.0.1"} {
		s, err := sandbox.New(sandbox.Options{Listen: address})
		require.Error(t, err, address)
		require.Nil(t, s, address)
	}
	for _, address := range []string{"", "127.0.0.1:0", "localhost:0", "127.9.9.9:0"} {
		s := start(t, sandbox.Options{Listen: address})
		require.Regexp(t, `^http://127\.[0-9.]+:[0-9]+$`, s.URL(), address)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	socket := start(t, sandbox.Options{}).Environment()
	byHTTP := start(t, sandbox.Options{HTTPTarget: "http://127.0.0.1:1"}).Environment()
	for _, name := range []string{
		"SLACK_BOT_TOKEN", "SLACK_APPROVAL_CHANNEL", "SLACK_APPROVERS", "SLACK_API_URL",
		"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY", "ATLAS_BASE_URL",
	} {
		require.NotEmpty(t, socket[name], name)
		require.NotEmpty(t, byHTTP[name], name)
	}
	require.True(t, strings.HasPrefix(socket["SLACK_APP_TOKEN"], "xapp-"))
	require.NotContains(t, socket, "SLACK_SIGNING_SECRET")
	require.Len(t, byHTTP["SLACK_SIGNING_SECRET"], 32)
	require.NotContains(t, byHTTP, "SLACK_APP_TOKEN")
}

// The three sides share a port, and each call arrives at its own.
func TestAllServicesShareOnePort(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{})
	env := s.Environment()

	status, body := send(t, http.DefaultClient, "POST", env["SLACK_API_URL"]+"auth.test", "", map[string]string{"Authorization": "Bearer " + env["SLACK_BOT_TOKEN"]})
	require.Equal(t, 200, status)
	require.Contains(t, body, `"team_id":"T0SANDBOX"`)

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: &digest.Transport{Username: env["ATLAS_PUBLIC_KEY"], Password: env["ATLAS_PRIVATE_KEY"], Transport: transport}}
	const media = "application/vnd.atlas.2023-01-01+json"
	header := map[string]string{"Accept": media, "Content-Type": media}
	keys := env["ATLAS_BASE_URL"] + "/api/atlas/v2/orgs/" + env["ATLAS_ORG_ID"] + "/apiKeys"
	status, body = send(t, client, "POST", keys, `{"desc":"d","roles":["ORG_MEMBER"]}`, header)
	require.Equal(t, 200, status, body)
	var made struct{ ID, PrivateKey string }
	require.NoError(t, json.Unmarshal([]byte(body), &made))
	list := keys + "/" + made.ID + "/accessList"
	status, body = send(t, client, "POST", list, `[{"cidrBlock":"203.0.113.0/24"},{"cidrBlock":"2001:db8::/48"}]`, header)
	require.Equal(t, 200, status, body)
	for _, entry := range []string{"203.0.113.0%2F24", "2001:db8::%2F48"} { // the escaped slash survives the way
		status, body = send(t, client, "DELETE", list+"/"+entry, "", map[string]string{"Accept": media})
		require.Equal(t, 204, status, body)
	}
	status, _ = send(t, client, "GET", env["ATLAS_BASE_URL"]+"/api/private/ipinfo", "", nil)
	require.Equal(t, 200, status)

	status, _ = get(t, s.URL()+"/control/state")
	require.Equal(t, 200, status)
	status, body = get(t, s.URL()+"/")
	require.Equal(t, 200, status)
	require.Contains(t, body, "<html")

	var seen []string
	for _, call := range s.Wire.Calls() {
		if call.Auth {
			seen = append(seen, call.Side+" "+call.Operation)
		}
	}
	require.Equal(t, []string{
		"slack auth.test",
		"atlas POST /orgs/{orgId}/apiKeys",
		"atlas POST /orgs/{orgId}/apiKeys/{id}/accessList",
		"atlas DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}",
		"atlas DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}",
		"atlas GET /api/private/ipinfo",
	}, seen)
}

// A create whose answer is lost leaves a key: the whole point of the sandbox.
func TestLostResponseLeavesKey(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{})
	env := s.Environment()
	require.NoError(t, s.Wire.Set(wire.Fault{Side: wire.Atlas, Operation: "POST /orgs/{orgId}/apiKeys", Mode: wire.LostAfter}))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: &digest.Transport{Username: env["ATLAS_PUBLIC_KEY"], Password: env["ATLAS_PRIVATE_KEY"], Transport: transport}}
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"/api/atlas/v2/orgs/"+atlas.DefaultID+"/apiKeys", strings.NewReader(`{"desc":"d","roles":["ORG_MEMBER"]}`))
	require.NoError(t, err)
	r.Header.Set("Accept", "application/vnd.atlas.2023-01-01+json")
	r.Header.Set("Content-Type", "application/vnd.atlas.2023-01-01+json")

	_, err = client.Do(r)

	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 1, s.Atlas.Count())
	require.Len(t, s.Atlas.Secrets(), 1)
}

// Slack's time and Atlas's time are the one clock's.
func TestServicesShareClock(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{})
	s.Clock.Advance(48 * time.Hour)
	later := time.Now().Add(47 * time.Hour)

	_, err := s.Atlas.AddKey(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}})
	require.NoError(t, err)
	require.True(t, s.Atlas.Snapshot().Keys[1].Created.After(later))

	env := s.Environment()
	_, body := send(t, http.DefaultClient, "POST", env["SLACK_API_URL"]+"chat.postMessage",
		url.Values{"channel": {slack.Approvals}, "text": {"hello"}, "unfurl_links": {"false"}, "unfurl_media": {"false"}}.Encode(),
		map[string]string{"Authorization": "Bearer " + env["SLACK_BOT_TOKEN"], "Content-Type": "application/x-www-form-urlencoded"})
	require.Contains(t, body, `"ok":true`)
	screen := s.Slack.Screen(slack.Bob)
	i := slices.IndexFunc(screen.Conversations, func(c slack.Conversation) bool { return c.ID == slack.Approvals })
	require.True(t, screen.Conversations[i].Messages[0].At.After(later))
	require.True(t, s.Wire.Calls()[0].At.After(later))
}

// A secret that the app puts where others can read it is found.
func TestLeaksAreReported(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{})
	made, err := s.Atlas.AddKey(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}})
	require.NoError(t, err)
	_, own := s.Atlas.Credential()
	env := s.Environment()
	for _, secret := range []string{made.PrivateKey, own} {
		send(t, http.DefaultClient, "POST", env["SLACK_API_URL"]+"chat.postMessage",
			url.Values{"channel": {slack.Approvals}, "text": {"your key: " + secret}}.Encode(),
			map[string]string{"Authorization": "Bearer " + env["SLACK_BOT_TOKEN"], "Content-Type": "application/x-www-form-urlencoded"})
	}
	leaks := 0
	for _, f := range s.Slack.Findings() {
		if f.Kind == slack.FoundSecret {
			leaks++
		}
	}
	require.Equal(t, 2, leaks)
}

// A script presses the button it names, wherever that is; the click arrives at
// the bot's HTTP door.
func TestScriptClicksButton(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 1)
	bot := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- r.PostFormValue("payload")
	}))
	defer bot.Close()
	s := start(t, sandbox.Options{HTTPTarget: bot.URL})
	env := s.Environment()
	blocks := `[{"type":"actions","elements":[{"type":"button","action_id":"card.approve","value":"r1","text":{"type":"plain_text","text":"Approve"}}]}]`
	_, body := send(t, http.DefaultClient, "POST", env["SLACK_API_URL"]+"chat.postMessage",
		url.Values{"channel": {slack.Approvals}, "text": {"a card"}, "blocks": {blocks}}.Encode(),
		map[string]string{"Authorization": "Bearer " + env["SLACK_BOT_TOKEN"], "Content-Type": "application/x-www-form-urlencoded"})
	require.Contains(t, body, `"ok":true`)

	status, body := send(t, http.DefaultClient, "POST", s.URL()+"/control/slack", `{"act":"click","user":"U0BOB","action":"card.approve"}`, map[string]string{"Content-Type": "application/json"})

	require.Equal(t, 200, status, body)
	require.Contains(t, <-arrived, `"action_id":"card.approve"`)
}

func TestCloseEndsHangingCalls(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Wire.Set(wire.Fault{Side: wire.Slack, Mode: wire.Hang}))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	failed := make(chan error, 1)
	go func() {
		res, err := (&http.Client{Transport: transport}).Post(s.URL()+"/api/auth.test", "", nil)
		if err == nil {
			res.Body.Close()
		}
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(s.Wire.Calls()) == 1 }, 5*time.Second, time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, s.Close(ctx))
	require.Error(t, <-failed)
}

// Several organizations share the address; each has its own credential.
func TestSeveralOrganizations(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{Organizations: 2})
	require.Len(t, s.Atlases, 2)
	require.Same(t, s.Atlas, s.Atlases[0])
	require.Equal(t, atlas.DefaultID, s.Environment()["ATLAS_ORG_ID"])
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	header := map[string]string{"Accept": "application/vnd.atlas.2023-01-01+json"}
	for i, caller := range s.Atlases {
		public, private := caller.Credential()
		for j, asked := range s.Atlases {
			client := &http.Client{Transport: &digest.Transport{Username: public, Password: private, Transport: transport}}
			status, body := send(t, client, "GET", s.URL()+"/api/atlas/v2/orgs/"+asked.Snapshot().ID+"/groups", "", header)
			if i == j {
				require.Equal(t, 200, status, body)
				continue
			}
			require.Equal(t, 401, status)
			require.Contains(t, body, "USER_CANNOT_ACCESS_ORG")
		}
	}
}

func TestLeaksOfEachOrganizationAreReported(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Options{Organizations: 2})
	made, err := s.Atlases[1].AddKey(atlas.KeyInput{Desc: "d", Roles: []string{"ORG_MEMBER"}})
	require.NoError(t, err)
	env := s.Environment()
	send(t, http.DefaultClient, "POST", env["SLACK_API_URL"]+"chat.postMessage",
		url.Values{"channel": {slack.Approvals}, "text": {"your key: " + made.PrivateKey}}.Encode(),
		map[string]string{"Authorization": "Bearer " + env["SLACK_BOT_TOKEN"], "Content-Type": "application/x-www-form-urlencoded"})
	require.True(t, slices.ContainsFunc(s.Slack.Findings(), func(f slack.Finding) bool { return f.Kind == slack.FoundSecret }))
}
