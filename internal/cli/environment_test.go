package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/config/configtest"
	"atlaskeybot/internal/sandbox"
)

// The settings of package configtest, in short.
var (
	environment          = configtest.Environment
	set                  = configtest.Set
	severalOrganizations = configtest.SeveralOrganizations
	policyOf             = configtest.PolicyFile
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
