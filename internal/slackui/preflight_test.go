package slackui_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
)

// workspace connects to an emulated workspace, or to answers that are made up.
func workspace(t *testing.T, w *slack.Workspace, made map[string]string) (*client.Slack, client.Config) {
	t.Helper()
	t.Cleanup(w.Close)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if answer, ok := made[strings.TrimPrefix(r.URL.Path, "/api/")]; ok {
			rw.Write([]byte(answer))
			return
		}
		w.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.SetBaseURL(server.URL)
	c := client.Config{
		Token: secret.New(w.BotToken()), AppToken: secret.New(w.AppToken()), APIURL: server.URL + "/api/",
		Channels: map[policy.OrgID]string{org: slack.Approvals}, Command: "/atlas-key", Log: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	s, err := client.Connect(t.Context(), c)
	require.NoError(t, err)
	return s, c
}

func TestTryAppToken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string // of apps.connections.open; empty: the workspace's own
		app    string
		code   string
	}{
		"a good token":              {"", slack.AppID, ""},
		"an address that says less": {`{"ok":true,"url":"wss://wss.example/link/?ticket=1"}`, "", ""},
		"no address":                {`{"ok":true}`, "", "unclear_answer"},
		"no reason":                 {`{"ok":false}`, "", "unclear_answer"},
		"a bot's token":             {`{"ok":false,"error":"not_allowed_token_type"}`, "", "not_allowed_token_type"},
		"without the scope":         {`{"ok":false,"error":"missing_scope","needed":"connections:write","provided":"none"}`, "", "missing_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := map[string]string{}
			if tt.answer != "" {
				made["apps.connections.open"] = tt.answer
			}
			_, c := workspace(t, slack.New(slack.Options{}), made)
			app, err := client.TryAppToken(t.Context(), c)
			assert.Equal(t, tt.app, app)
			if tt.code == "" {
				require.NoError(t, err)
				return
			}
			var f *approval.CallError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.code, f.Code)
		})
	}
}

func TestAppIDMustBeTheBots(t *testing.T) {
	t.Parallel()
	s, _ := workspace(t, slack.New(slack.Options{}), nil)
	app, err := s.AppID(t.Context())
	require.NoError(t, err)
	assert.Equal(t, slack.AppID, app)
}

func TestSuperfluousScopes(t *testing.T) {
	t.Parallel()
	s, _ := workspace(t, slack.New(slack.Options{Scopes: []string{"commands", "im:history", "users:read", "channels:history"}}), nil)
	assert.Equal(t, []string{"im:history", "channels:history"}, s.SuperfluousScopes())
}

func TestUserGroups(t *testing.T) {
	t.Parallel()
	s, _ := workspace(t, slack.New(slack.Options{}), map[string]string{"usergroups.list": `{"ok":true,"usergroups":[
		{"id":"S0LIVE","handle":"live","date_delete":0},
		{"id":"S0OLD","handle":"old","date_delete":1700000000}]}`})
	groups, err := s.UserGroups(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[policy.GroupID]client.UserGroup{
		"S0LIVE": {Handle: "live"},
		"S0OLD":  {Handle: "old", Disabled: true},
	}, groups)
}

// A channel's members come in pages of 200.
func TestChannelMembersToTheLastPage(t *testing.T) {
	t.Parallel()
	w := slack.New(slack.Options{})
	s, _ := workspace(t, w, nil)
	for i := range 450 {
		w.Join(fmt.Sprintf("U1%03d", i), slack.Approvals)
	}
	members, whole, err := s.ChannelMembers(t.Context(), slack.Approvals)
	require.NoError(t, err)
	assert.True(t, whole)
	assert.Len(t, members, 450+4)
	assert.Contains(t, members, policy.UserID("U1449"))
	assert.Contains(t, members, policy.UserID(slack.Bob))
}

func TestChannelMembersEnds(t *testing.T) {
	t.Parallel()
	s, _ := workspace(t, slack.New(slack.Options{}), map[string]string{
		"conversations.members": `{"ok":true,"members":["U0BOB"],"response_metadata":{"next_cursor":"again"}}`,
	})
	_, whole, err := s.ChannelMembers(t.Context(), slack.Approvals)
	require.NoError(t, err)
	assert.False(t, whole)
}
