package control_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/control"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// remote is a stage behind the control API, on a socket.
type remote struct {
	control.API
	t   *testing.T
	url string
}

func start(t *testing.T, edit ...func(*control.API)) *remote {
	t.Helper()
	clock := &wire.Clock{}
	r := &remote{t: t, API: control.API{
		Clock: clock,
		Wire:  wire.NewRecorder(clock.Now),
		Atlas: atlas.New(atlas.Options{Now: clock.Now, Seed: 7}),
		Slack: slack.New(slack.Options{Now: clock.Now, Seed: 7}),
	}}
	for _, e := range edit {
		e(&r.API)
	}
	server := httptest.NewServer(control.New(r.API))
	t.Cleanup(func() {
		server.Close()
		r.Slack.Close()
	})
	r.url = server.URL
	return r
}

// do makes a request and reads the JSON of the answer into answer, if not nil.
func (r *remote) do(call, body string, answer any, edit ...func(*http.Request)) (status int, text string) {
	r.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, e := range edit {
		e(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	if answer != nil {
		require.NoError(r.t, json.Unmarshal(raw, answer), string(raw))
	}
	return res.StatusCode, string(raw)
}

func TestClock(t *testing.T) {
	t.Parallel()
	r := start(t)
	status, _ := r.do("POST /control/clock", `{"advance":"25h"}`, nil)
	require.Equal(t, 200, status)
	require.Equal(t, 25*time.Hour, r.Clock.Offset())

	for _, nonsense := range []string{`{"advance":"-1h"}`, `{"advance":"tomorrow"}`, `{"forward":"1h"}`, `{"advance":"1h"}{}`, `advance`} {
		status, text := r.do("POST /control/clock", nonsense, nil)
		require.Equal(t, 400, status, nonsense)
		require.Contains(t, text, `{"error":"bad request: `)
	}
	require.Equal(t, 25*time.Hour, r.Clock.Offset())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	r := start(t)
	fault := wire.Fault{Side: "atlas", Operation: "POST /orgs/{orgId}/apiKeys", Mode: wire.LostAfter, Skip: 1, Count: 2}
	status, _ := r.do("POST /control/faults", `{"side":"atlas","operation":"POST /orgs/{orgId}/apiKeys","mode":"lost-after","skip":1,"count":2}`, nil)
	require.Equal(t, 200, status)
	require.Equal(t, []wire.Fault{fault}, r.Wire.Faults())

	var planned struct{ Faults []wire.Fault }
	r.do("GET /control/faults", "", &planned)
	require.Equal(t, []wire.Fault{fault}, planned.Faults)

	status, text := r.do("POST /control/faults", `{"side":"atlas","mode":"rain"}`, nil)
	require.Equal(t, 400, status)
	require.Contains(t, text, `unknown mode \"rain\", want one of reset-before, `)

	status, _ = r.do("DELETE /control/faults", "", nil)
	require.Equal(t, 200, status)
	require.Empty(t, r.Wire.Faults())
}

func TestCalls(t *testing.T) {
	t.Parallel()
	r := start(t)
	watched := r.Wire.Handler(wire.Slack, slack.Operation, http.NotFoundHandler())
	for _, method := range []string{"auth.test", "chat.postMessage"} {
		watched.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/api/"+method, nil))
	}
	var history struct{ Calls []wire.Call }
	r.do("GET /control/calls", "", &history)
	require.Len(t, history.Calls, 2)
	r.do("GET /control/calls?after=1", "", &history)
	require.Len(t, history.Calls, 1)
	require.Equal(t, "chat.postMessage", history.Calls[0].Operation)
	_, text := r.do("GET /control/calls?after=9", "", nil)
	require.JSONEq(t, `{"calls":[]}`, text)
	status, _ := r.do("GET /control/calls?after=x", "", nil)
	require.Equal(t, 400, status)
}

func TestAtlasActions(t *testing.T) {
	t.Parallel()
	r := start(t)
	var made atlas.CreatedKey
	status, _ := r.do("POST /control/atlas", `{"act":"add","desc":"terraform","roles":["ORG_MEMBER"],"access_list":["203.0.113.7"]}`, &made)
	require.Equal(t, 200, status)
	require.True(t, r.Atlas.Alive(made.ID))

	use := `{"act":"use","public_key":"` + made.PublicKey + `","private_key":"` + made.PrivateKey + `","from":"203.0.113.`
	var used control.Used
	r.do("POST /control/atlas", use+`7"}`, &used)
	require.Equal(t, control.Used{Status: 200}, used)
	r.do("POST /control/atlas", use+`8"}`, &used)
	require.Equal(t, control.Used{Status: 403, Code: "IP_ADDRESS_NOT_ON_ACCESS_LIST"}, used)

	r.do("POST /control/atlas", `{"act":"edit","id":"`+made.ID+`","roles":["ORG_OWNER"]}`, nil)
	key := r.Atlas.Snapshot().Keys[1]
	require.Equal(t, "ORG_OWNER", key.Roles[0].Name)
	require.Equal(t, "terraform", key.Desc, "what is not given stays")
	require.Len(t, key.AccessList, 1, "what is not given stays")

	r.do("POST /control/atlas", `{"act":"require-access-list","on":true}`, nil)
	require.True(t, r.Atlas.Snapshot().RequireAccessList)
	status, _ = r.do("POST /control/atlas", `{"act":"lag","create":"-3s"}`, nil)
	require.Equal(t, 400, status)
	status, _ = r.do("POST /control/atlas", `{"act":"lag","create":"3s","delete":"2m"}`, nil)
	require.Equal(t, 200, status)

	status, _ = r.do("POST /control/atlas", `{"act":"delete","id":"`+made.ID+`"}`, nil)
	require.Equal(t, 200, status)
	status, text := r.do("POST /control/atlas", `{"act":"delete","id":"`+made.ID+`"}`, nil)
	require.Equal(t, 409, status, "it makes sense and cannot be done")
	require.Contains(t, text, "no such key")

	status, text = r.do("POST /control/atlas", `{"act":"explode"}`, nil)
	require.Equal(t, 400, status)
	require.Contains(t, text, "want one of [add edit delete use ")
}

func TestSlackActions(t *testing.T) {
	t.Parallel()
	r := start(t)
	active := func() bool {
		for _, p := range r.Slack.People() {
			if p.ID == slack.Alice {
				return p.Active
			}
		}
		return false
	}
	require.True(t, active())
	r.do("POST /control/slack", `{"act":"away","user":"U0ALICE"}`, nil)
	require.False(t, active())
	r.do("POST /control/slack", `{"act":"active","user":"U0ALICE"}`, nil)
	require.True(t, active())

	for _, act := range []string{
		`{"act":"group","group":"S0FINANCE","users":["U0CAROL"]}`, `{"act":"name-group","group":"S0FINANCE","text":"finance"}`,
		`{"act":"disable-group","group":"S0FINANCE","on":true}`, `{"act":"guest","user":"U0CAROL","on":true}`,
		`{"act":"deactivate","user":"U0BOB"}`, `{"act":"reactivate","user":"U0GONE"}`, `{"act":"join","user":"U0CAROL","conversation":"C0APPROVALS"}`,
	} {
		status, text := r.do("POST /control/slack", act, nil)
		require.Equal(t, 200, status, text)
	}
	var state control.State
	r.do("GET /control/state", "", &state)
	require.Equal(t, slack.Group{ID: "S0FINANCE", Handle: "finance", Users: []string{slack.Carol}, Disabled: true}, state.Groups[1])
	require.True(t, state.Screens[slack.Bob].Me.Deleted)
	require.False(t, state.Screens[slack.Dee].Me.Deleted)
	require.True(t, state.Screens[slack.Carol].Me.Guest)
	require.Equal(t, slack.Approvals, state.Screens[slack.Carol].Conversations[0].ID)
	r.do("POST /control/slack", `{"act":"leave","user":"U0CAROL","conversation":"C0APPROVALS"}`, nil)

	for _, act := range []string{
		`{"act":"fill","user":"U0ALICE","values":{"b":{"a":["x"]}}}`, `{"act":"enter","user":"U0ALICE","block":"b","action":"a"}`,
		`{"act":"load-options","user":"U0ALICE","block":"b","action":"a","text":"x"}`,
	} {
		status, text := r.do("POST /control/slack", act, nil)
		require.Equal(t, 409, status, act)
		require.Contains(t, text, "alice has no open modal")
	}

	status, text := r.do("POST /control/slack", `{"act":"click","user":"U0ALICE","action":"card.approve"}`, nil)
	require.Equal(t, 409, status)
	require.Contains(t, text, "no message on their screen has it")
	status, _ = r.do("POST /control/slack", `{"act":"view","user":"U0CAROL","conversation":"C0APPROVALS"}`, nil)
	require.Equal(t, 409, status, "Carol is not in that channel")
}

func TestState(t *testing.T) {
	t.Parallel()
	r := start(t)
	var state control.State
	status, text := r.do("GET /control/state", "", &state)
	require.Equal(t, 200, status)
	require.Len(t, state.People, 7)
	require.Equal(t, "alice", state.Screens[slack.Alice].Me.Name)
	require.Equal(t, atlas.DefaultID, state.Atlas.ID)
	_, private := r.Atlas.Credential()
	require.NotContains(t, text, private)
}

// A web page elsewhere can make the browser on this machine call us, and can
// have its own name resolve to this machine.
func TestOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t)
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	origin := func(o string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("Origin", o) } }
	for name, tt := range map[string]struct {
		edit func(*http.Request)
		want int
	}{
		"a program":                     {func(*http.Request) {}, 200},
		"localhost":                     {host("localhost:4000"), 200},
		"IPv6 loopback":                 {host("[::1]:4000"), 200},
		"our own page":                  {origin(r.url), 200},
		"a page of another site":        {origin("https://evil.example"), 403},
		"a page of another local port":  {origin("http://127.0.0.1:1"), 403},
		"a sandboxed frame":             {origin("null"), 403},
		"a name rebound to us":          {host("evil.example"), 403},
		"a name that looks like us":     {host("127.0.0.1.evil.example:4000"), 403},
		"an address of another machine": {host("192.168.0.1:4000"), 403},
		"a form instead of JSON":        {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, _ := r.do("POST /control/clock", `{"advance":"0s"}`, nil, tt.edit)
			require.Equal(t, tt.want, status)
		})
	}
}
