package preflight

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/wire"
)

// A checkEnv is a sandbox and the environment of a bot that is not started.
type checkEnv struct {
	*sandbox.Sandbox
	t       *testing.T
	dir     string // of the database
	environ map[string]string
}

// newCheckEnv has nothing in it that a preflight would complain of.
func newCheckEnv(t *testing.T, edit ...func(*sandbox.Options)) *checkEnv {
	t.Helper()
	opts := sandbox.Options{Seed: 1}
	opts.Slack.Scopes = []string{"commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read"}
	opts.Atlas.RequireAccessList = true
	for _, e := range edit {
		e(&opts)
	}
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Close(ctx)
	})
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	l := &checkEnv{Sandbox: s, t: t, dir: dir, environ: s.Environment()}
	l.environ["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "bot.db")
	l.environ["LISTEN"] = "127.0.0.1:0"
	return l
}

// files are the names and contents of what is beside the database, but for the
// index that SQLite shares between those who read.
func (l *checkEnv) files() map[string]string {
	l.t.Helper()
	entries, err := os.ReadDir(l.dir)
	require.NoError(l.t, err)
	contents := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(l.dir, e.Name()))
		require.NoError(l.t, err)
		if strings.HasSuffix(e.Name(), "-shm") {
			content = nil
		}
		contents[e.Name()] = string(content)
	}
	return contents
}

// allowedCalls are the calls of Slack that a preflight may make.
var allowedCalls = []string{
	"api.test", "auth.test", "conversations.info", "conversations.members",
	"users.info", "usergroups.list", "usergroups.users.list", "apps.connections.open",
}

func (l *checkEnv) changedNothing(calls []wire.Call) {
	l.t.Helper()
	opened := 0
	for _, c := range calls {
		switch {
		case c.Side == wire.Atlas:
			assert.True(l.t, strings.HasPrefix(c.Operation, "GET "), c.Operation)
		default:
			assert.Contains(l.t, allowedCalls, c.Operation)
		}
		if c.Operation == "apps.connections.open" {
			opened++
		}
	}
	assert.LessOrEqual(l.t, opened, 1)
}

// check makes the checks as an installer would, and holds what they promise:
// nothing is changed, and no secret is named. The code is that of the command.
func (l *checkEnv) check() (code int, found []Finding) {
	l.t.Helper()
	before, files := len(l.Wire.Calls()), l.files()
	found = RunChecks(l.t.Context(), l.environ, time.Now)
	l.changedNothing(l.Wire.Calls()[before:])
	assert.Equal(l.t, files, l.files(), "files beside the database")
	for name, secret := range l.environ {
		if strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_SECRET") || name == "ATLAS_PRIVATE_KEY" {
			assert.NotContains(l.t, fmt.Sprint(found), secret, name)
		}
	}
	for i := range found {
		for _, o := range l.Atlas.Organizations() {
			found[i].Hint = strings.ReplaceAll(found[i].Hint, l.environ["ATLAS_BASE_URL"]+"/v2#/org/"+o.Snapshot().ID+"/access/apiKeys", "{keys}")
		}
	}
	return min(Count(found, NotOK), 1), found
}

func (l *checkEnv) set(name, value string) { l.environ[name] = value }

func TestCheckOverHTTP(t *testing.T) {
	t.Parallel()
	const where = "Copy it from Basic Information, App Credentials, Signing Secret."
	for name, tt := range map[string]struct {
		secret string
		want   Finding
		code   int
	}{
		"the app's":    {"", Finding{"slack signing secret", OK, "It looks like one. Whether it is this app's shows with Slack's first request.", ""}, 0},
		"a bot token":  {"xoxb-not-the-signing-secret", Finding{"slack signing secret", NotOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"cut in half":  {"0123456789abcdef", Finding{"slack signing secret", NotOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"in capitals":  {"0123456789ABCDEF0123456789ABCDEF", Finding{"slack signing secret", NotOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"with a space": {" 0123456789abcdef0123456789abcdef", Finding{"slack signing secret", NotOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t, func(o *sandbox.Options) { o.HTTPTarget = "http://127.0.0.1:9" })
			if tt.secret != "" {
				l.set("SLACK_SIGNING_SECRET", tt.secret)
			}
			code, found := l.check()
			assert.Equal(t, tt.code, code)
			assert.Contains(t, found, tt.want)
			assert.Zero(t, l.Slack.ConnectionsOpened())
			assert.True(t, slices.ContainsFunc(found, func(f Finding) bool {
				return f.Check == "slash command" && strings.Contains(f.Hint, "Socket Mode has to be off")
			}))
		})
	}
}

func TestCheckReportsEveryConfigurationProblem(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	delete(l.environ, "SLACK_APPROVERS")
	l.set("SLACK_APP_TOKEN", l.Slack.BotToken())
	l.set("ATLAS_ORG_ID", l.environ["ATLAS_PRIVATE_KEY"])
	l.set("WIDEST_IPV4", "/24")
	code, found := l.check()
	assert.Equal(t, 1, code)
	var says []string
	for _, f := range found {
		if f.Check == "configuration" {
			assert.Equal(t, NotOK, f.Result)
			says = append(says, f.Message)
		}
	}
	assert.ElementsMatch(t, []string{
		"SLACK_APPROVERS is not set.",
		"SLACK_APP_TOKEN is not an app-level token: it starts with xapp- (Basic Information, App-Level Tokens).",
		`ATLAS_ORG_ID is "[redacted]": it is 24 hexadecimal digits (Organization Settings).`,
		"WIDEST_IPV4 moved to the policy file: write it there as networks: min_prefix_ipv4, and unset the variable.",
		"POLICY_FILE is not set: run 'atlas-key-bot policy init policy.yaml', which writes a file with every rule, and name that file there.",
	}, says)
	assert.Contains(t, found, Finding{"slack app token", NotChecked, "SLACK_APP_TOKEN has to be corrected first.", ""})
	assert.Contains(t, found, Finding{"atlas login", NotChecked, "ATLAS_ORG_ID, ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY have to be set first.", ""})
	assert.Contains(t, found, Finding{"slack bot token", OK, "Slack accepts it: U0BOT in workspace T0SANDBOX, " + l.URL() + "/", ""}, "the rest is checked all the same")
}

func TestCheckWithoutConfiguration(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.environ = map[string]string{"SLACK_API_URL": "nowhere", "ATLAS_BASE_URL": "http://atlas.example", "LISTEN": "8080", "DATABASE_URL": "mysql://root:hunter22@db/bot"}
	code, found := l.check()
	assert.Equal(t, 1, code)
	for _, f := range found {
		if f.Check != "configuration" && f.Check != "version" {
			assert.Equal(t, NotChecked, f.Result, f.Check)
		}
		assert.NotContains(t, f.Message+f.Hint, "hunter22")
	}
}

func TestCheckWarnsOfMisspelledVariables(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.set("SLACK_APROVERS", "U0EVE")
	code, found := l.check()
	assert.Zero(t, code)
	assert.Contains(t, found, Finding{"configuration", Warning, "SLACK_APROVERS is set, and the bot does not read it: is SLACK_APPROVERS meant?", "Correct its name, or take it out of the bot's environment; .env.example has every name."})
}

func TestEveryFindingHasAProbe(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"approver": true, "approver group": true, "approvals": true, "policy people": true} // of the probe of the approvers
	for _, p := range slices.Concat(hostProbes, slackProbes, slackOrgProbes, appProbes, atlasProbes, atlasOrgProbes) {
		for _, name := range p.checks {
			known[name] = true
		}
	}
	_, found := newCheckEnv(t).check()
	for _, f := range found {
		assert.True(t, known[f.Check], f.Check)
	}
}
