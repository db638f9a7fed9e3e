package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
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

// A lookout is a sandbox and the environment of a bot that is not started.
type lookout struct {
	*sandbox.Sandbox
	t       *testing.T
	dir     string // of the database
	environ map[string]string
}

// newLookout has nothing in it that a preflight would complain of.
func newLookout(t *testing.T, edit ...func(*sandbox.Options)) *lookout {
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
	l := &lookout{Sandbox: s, t: t, dir: dir, environ: s.Environment()}
	l.environ["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "bot.db")
	l.environ["LISTEN"] = "127.0.0.1:0"
	return l
}

// checks runs the command as an installer would, and holds what it promises:
// nothing is changed, and no secret is printed.
func (l *lookout) checks(args ...string) (code int, stdout string) {
	l.t.Helper()
	before, files := len(l.Wire.Calls()), l.files()
	var out, errs bytes.Buffer
	code = process{environ: l.environ, stdout: &out, stderr: &errs}.main(l.t.Context(), append([]string{"check"}, args...))
	l.changedNothing(l.Wire.Calls()[before:])
	assert.Equal(l.t, files, l.files(), "files beside the database")
	for name, secret := range l.environ {
		if strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_SECRET") || name == "ATLAS_PRIVATE_KEY" {
			assert.NotContains(l.t, out.String()+errs.String(), secret, name)
		}
	}
	return code, out.String()
}

// files are the names and contents of what is beside the database, but for the
// index that SQLite shares between those who read.
func (l *lookout) files() map[string]string {
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

// harmless are the calls of Slack that a preflight may make.
var harmless = []string{
	"api.test", "auth.test", "conversations.info", "conversations.members",
	"users.info", "usergroups.list", "usergroups.users.list", "apps.connections.open",
}

func (l *lookout) changedNothing(calls []wire.Call) {
	l.t.Helper()
	opened := 0
	for _, c := range calls {
		switch {
		case c.Side == wire.Atlas:
			assert.True(l.t, strings.HasPrefix(c.Operation, "GET "), c.Operation)
		default:
			assert.Contains(l.t, harmless, c.Operation)
		}
		if c.Operation == "apps.connections.open" {
			opened++
		}
	}
	assert.LessOrEqual(l.t, opened, 1)
}

// finds runs the command with -json.
func (l *lookout) finds() (int, []finding) {
	l.t.Helper()
	code, out := l.checks("-json")
	var found []finding
	require.NoError(l.t, json.Unmarshal([]byte(out), &found), out)
	for i := range found {
		for _, o := range l.Atlas.Organizations() {
			found[i].Do = strings.ReplaceAll(found[i].Do, l.environ["ATLAS_BASE_URL"]+"/v2#/org/"+o.Snapshot().ID+"/access/apiKeys", "{keys}")
		}
	}
	return code, found
}

func (l *lookout) set(name, value string) { l.environ[name] = value }

func TestCheckOfAHealthySetup(t *testing.T) {
	t.Parallel()
	l := newLookout(t)
	code, text := l.checks()
	assert.Zero(t, code)
	golden(t, "check.txt", l.timeless(text))
	code, text = l.checks("--json")
	assert.Zero(t, code)
	golden(t, "check.json", l.timeless(text))
	assert.Zero(t, l.Atlas.Count(), "a key was made")
}

// timeless replaces what differs from run to run.
func (l *lookout) timeless(text string) string {
	u, err := url.Parse(l.URL())
	require.NoError(l.t, err)
	var version strings.Builder
	require.NoError(l.t, process{stdout: &version}.version(l.t.Context(), nil))
	return strings.NewReplacer(
		u.Host, "sandbox.example", l.dir, "/var/lib/bot", strings.TrimSpace(version.String()), "atlas-key-bot VERSION",
	).Replace(text)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestCheckOverHTTP(t *testing.T) {
	t.Parallel()
	const where = "Copy it from Basic Information, App Credentials, Signing Secret."
	for name, tt := range map[string]struct {
		secret string
		want   finding
		code   int
	}{
		"the app's":    {"", finding{"slack signing secret", allOK, "It looks like one. Whether it is this app's shows with Slack's first request.", ""}, 0},
		"a bot token":  {"xoxb-not-the-signing-secret", finding{"slack signing secret", notOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"cut in half":  {"0123456789abcdef", finding{"slack signing secret", notOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"in capitals":  {"0123456789ABCDEF0123456789ABCDEF", finding{"slack signing secret", notOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
		"with a space": {" 0123456789abcdef0123456789abcdef", finding{"slack signing secret", notOK, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", where}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLookout(t, func(o *sandbox.Options) { o.HTTPTarget = "http://127.0.0.1:9" })
			if tt.secret != "" {
				l.set("SLACK_SIGNING_SECRET", tt.secret)
			}
			code, found := l.finds()
			assert.Equal(t, tt.code, code)
			assert.Contains(t, found, tt.want)
			assert.Zero(t, l.Slack.ConnectionsOpened())
			assert.True(t, slices.ContainsFunc(found, func(f finding) bool {
				return f.Check == "slash command" && strings.Contains(f.Do, "Socket Mode has to be off")
			}))
		})
	}
}

func TestCheckTellsEveryProblemOfTheConfiguration(t *testing.T) {
	t.Parallel()
	l := newLookout(t)
	delete(l.environ, "SLACK_APPROVERS")
	l.set("SLACK_APP_TOKEN", l.Slack.BotToken())
	l.set("ATLAS_ORG_ID", l.environ["ATLAS_PRIVATE_KEY"])
	l.set("WIDEST_IPV4", "/99")
	code, found := l.finds()
	assert.Equal(t, 1, code)
	var says []string
	for _, f := range found {
		if f.Check == "configuration" {
			assert.Equal(t, notOK, f.Result)
			says = append(says, f.Says)
		}
	}
	assert.ElementsMatch(t, []string{
		"SLACK_APPROVERS is not set.",
		"SLACK_APP_TOKEN is not an app-level token: it starts with xapp- (Basic Information, App-Level Tokens).",
		`ATLAS_ORG_ID is "[redacted]": it is 24 hexadecimal digits (Organization Settings).`,
		"WIDEST_IPV4 is /99: /0 to /32.",
	}, says)
	assert.Contains(t, found, finding{"slack app token", notChecked, "SLACK_APP_TOKEN has to be corrected first.", ""})
	assert.Contains(t, found, finding{"atlas login", notChecked, "ATLAS_ORG_ID, ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY have to be set first.", ""})
	assert.Contains(t, found, finding{"slack bot token", allOK, "Slack accepts it: U0BOT in workspace T0SANDBOX, " + l.URL() + "/", ""}, "the rest is checked all the same")
}

func TestCheckWithoutAnyConfiguration(t *testing.T) {
	t.Parallel()
	l := newLookout(t)
	l.environ = map[string]string{"SLACK_API_URL": "nowhere", "ATLAS_BASE_URL": "http://atlas.example", "LISTEN": "8080", "DATABASE_URL": "mysql://root:hunter22@db/bot"}
	code, found := l.finds()
	assert.Equal(t, 1, code)
	for _, f := range found {
		if f.Check != "configuration" && f.Check != "version" {
			assert.Equal(t, notChecked, f.Result, f.Check)
		}
		assert.NotContains(t, f.Says+f.Do, "hunter22")
	}
}

func TestCheckKeepsSecretsToItself(t *testing.T) {
	t.Parallel()
	c := &checkup{process: process{environ: map[string]string{"SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef"}}}
	for name, text := range map[string]string{
		"one of the variables":     "0123456789abcdef0123456789abcdef",
		"a token of Slack's":       "xoxb-1-2-abc_DEF",
		"a rotated token":          "xoxe.xoxb-1-abc",
		"an app-level token":       "xapp-1-A0-2-abc",
		"a private key of Atlas":   "00000000-0000-4000-8000-00000000cafe",
		"a password in an URL":     "https://ana:hunter2@cloud.mongodb.com",
		"several of these at once": "xoxb-1-2-abc 0123456789abcdef0123456789abcdef",
	} {
		cleaned := c.clean("before " + text + " after")
		assert.Contains(t, cleaned, "[redacted]", name)
		assert.NotContains(t, cleaned, "abc", name)
		assert.NotContains(t, cleaned, "hunter2", name)
		assert.NotContains(t, cleaned, "cafe", name)
		assert.True(t, strings.HasPrefix(cleaned, "before ") && strings.HasSuffix(cleaned, " after"), name)
	}
	const plain = "Slack accepts it: U0BOT in workspace T0SANDBOX, https://sandbox.slack.com/"
	assert.Equal(t, plain, c.clean(plain))
}

func TestCheckRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-loud"}, {"slack"}, {"-json", "slack"}} {
		var out, errs bytes.Buffer
		code := process{environ: map[string]string{}, stdout: &out, stderr: &errs}.main(t.Context(), append([]string{"check"}, args...))
		assert.Equal(t, 2, code, args)
		assert.Empty(t, out.String(), args)
	}
}
