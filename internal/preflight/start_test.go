package preflight

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/store"
)

// start returns the probes of the start in the environment.
func (l *checkEnv) start() Start {
	l.t.Helper()
	c, err := config.Read(l.environ)
	require.NoError(l.t, err)
	return Start{Config: c, Now: time.Now}
}

func TestStartProbesOfAtlas(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil     func(*checkEnv)
		permanent bool
		want      string // "" if there is no error
		stray     bool
	}{
		"a healthy setup":         {func(*checkEnv) {}, false, "", false},
		"a wrong private key":     {func(l *checkEnv) { l.set("ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000beef") }, true, "atlas login: Atlas does not accept ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY", true},
		"a suspended account":     {atlasAnswers("GET /", 402, "ACCOUNT_SUSPENDED"), true, "atlas login: Atlas refuses with ACCOUNT_SUSPENDED (status 402).", false},
		"an outage":               {atlasAnswers("GET /", 503, "SERVICE_UNAVAILABLE"), false, "SERVICE_UNAVAILABLE", false},
		"a role without creating": {anotherKey([]string{"ORG_MEMBER"}, "198.51.100.7"), true, "atlas role: The API key has ORG_MEMBER; making and deleting keys needs ORG_OWNER. At ", false},
		"no connection":           {func(l *checkEnv) { l.set("ATLAS_BASE_URL", "http://127.0.0.1:1") }, false, "connection refused", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t)
			tt.spoil(l)
			s := l.start()
			o := s.Config.Organizations[0]
			api, err := atlas.New(atlas.Config{
				BaseURL: s.Config.AtlasBaseURL, OrgID: string(o.ID), Now: time.Now,
				Login: atlas.Digest{PublicKey: o.PublicKey, PrivateKey: o.PrivateKey},
				Sleep: func(context.Context, time.Duration) error { return nil },
			})
			require.NoError(t, err)
			defer api.Close()
			permanent, err := s.Atlas(t.Context(), o, api)
			assert.Equal(t, tt.permanent, permanent)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "\n", "one line")
			problem, isProblem := errors.AsType[*Problem](err)
			assert.Equal(t, tt.permanent, isProblem)
			assert.Equal(t, tt.stray, isProblem && problem.MayBeStray())
		})
	}
}

func TestStartProbesOfSlack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil     func(*checkEnv)
		permanent bool
		want      string
	}{
		"a healthy setup":   {func(*checkEnv) {}, false, ""},
		"a revoked token":   {func(l *checkEnv) { l.Slack.RevokeToken() }, true, "slack bot token: SLACK_BOT_TOKEN was revoked. " + reinstall + " (token_revoked)"},
		"missing scopes":    {func(l *checkEnv) { l.Slack.SetScopes("commands", "channels:read", "groups:read") }, true, "slack scopes: The bot token lacks chat:write, users:read, usergroups:read."},
		"a shared channel":  {func(l *checkEnv) { l.Slack.ShareChannel(slack.Approvals, true) }, true, "approvals channel: Channel C0APPROVALS: it is shared with another company"},
		"a failure of auth": {slackAnswers("auth.test", "fatal_error"), false, "fatal_error"},
		"a rate limit":      {slackAnswers("conversations.info", "ratelimited"), false, "ratelimited"},
		"no approvers":      {approvers("U0GONE"), false, ""}, // check reports it
		"no connection":     {func(l *checkEnv) { l.set("SLACK_API_URL", "http://127.0.0.1:1/api/") }, false, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t)
			tt.spoil(l)
			s := l.start()
			connected, permanent, err := s.Slack(t.Context(), func(ctx context.Context) (*client.Slack, error) {
				return client.Connect(ctx, s.checker().slackConfig())
			})
			assert.Equal(t, tt.permanent, permanent)
			if tt.want == "" {
				require.NoError(t, err)
				assert.Equal(t, "T0SANDBOX", connected.Team)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), l.environ["SLACK_BOT_TOKEN"])
		})
	}
}

func TestStartProbeOfTheDatabase(t *testing.T) {
	t.Parallel()
	open := func() (*store.Store, string) {
		path := filepath.Join(t.TempDir(), "bot.db")
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { s.Close() })
		_, err = s.Create(t.Context(), approval.Request{ID: "AKR-00001", Org: "o1", Kind: approval.APIKey, State: approval.StatePending, IdempotencyKey: "k"},
			approval.AuditEntry{At: time.Now(), Request: "AKR-00001", Event: approval.EventSubmit, To: approval.StatePending})
		require.NoError(t, err)
		return s, path
	}
	start := newCheckEnv(t).start()
	whole, _ := open()
	require.NoError(t, start.Database(t.Context(), whole))

	damaged, path := open()
	execute(t, path, `UPDATE request SET body = 'null'`)
	require.NoError(t, start.Database(t.Context(), damaged), "a damaged request keeps no other from being served")

	wrong, path := open()
	execute(t, path, `UPDATE request SET state = 'active'`)
	require.ErrorContains(t, start.Database(t.Context(), wrong), "requests and audit trail do not belong together")
}

// execute runs a statement in a database beside its owner.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "PRAGMA busy_timeout = 5000; "+statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
