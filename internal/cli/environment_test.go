package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox"
)

// A sandboxEnv is a sandbox and the environment of a bot that is not started.
type sandboxEnv struct {
	*sandbox.Sandbox
	t       *testing.T
	dir     string // of the database
	environ map[string]string
}

// newSandboxEnv has nothing in it that a preflight would complain of.
func newSandboxEnv(t *testing.T) *sandboxEnv {
	t.Helper()
	opts := sandbox.Options{Seed: 1}
	opts.Slack.Scopes = []string{"commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read"}
	opts.Atlas.RequireAccessList = true
	s, err := sandbox.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Close(ctx)
	})
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	l := &sandboxEnv{Sandbox: s, t: t, dir: dir, environ: s.Environment()}
	l.environ["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "bot.db")
	l.environ["LISTEN"] = "127.0.0.1:0"
	return l
}

// environment is a valid one, and functions that spoil it.
func environment(edit ...func(map[string]string)) map[string]string {
	e := map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-0000-not-real", "SLACK_APP_TOKEN": "xapp-0000-not-real",
		"SLACK_APPROVAL_CHANNEL": "C0APPROVALS", "SLACK_APPROVERS": "U0BOB,S0APPROVERS",
		"ATLAS_ORG_ID": "65a1b2c3d4e5f60718293a4b", "ATLAS_PUBLIC_KEY": "abcdefgh",
		"ATLAS_PRIVATE_KEY": "00000000-0000-4000-8000-00000000cafe",
	}
	for _, f := range edit {
		f(e)
	}
	return e
}

func set(name, value string) func(map[string]string) {
	return func(e map[string]string) { e[name] = value }
}

// severalOrganizations is a valid environment of two, and functions that spoil
// it.
func severalOrganizations(edit ...func(map[string]string)) map[string]string {
	return environment(append([]func(map[string]string){func(e map[string]string) {
		for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
			e["ORG_PRODUCTION_"+name] = e[name]
			delete(e, name)
		}
		e["ORGS"] = "production, staging"
		e["ORG_STAGING_ATLAS_ORG_ID"] = "65a1b2c3d4e5f60718293a4c"
		e["ORG_STAGING_ATLAS_PUBLIC_KEY"] = "ijklmnop"
		e["ORG_STAGING_ATLAS_PRIVATE_KEY"] = "00000000-0000-4000-8000-00000000beef"
	}}, edit...)...)
}

func policyOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
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
