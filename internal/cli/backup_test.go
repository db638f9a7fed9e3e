package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// runs runs a command as an operator would.
func runs(t *testing.T, environ map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, Env{Environ: environ, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

// newDatabase makes a database with this many requests.
func newDatabase(t *testing.T, path string, requests int) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.NoError(t, err)
	for i := range requests {
		id := policy.ID("AKR-0000" + string(rune('A'+i)))
		r := approval.Request{ID: id, Org: testOrg, Kind: approval.APIKey, State: approval.StatePending, Requester: "U0BO", IdempotencyKey: string(id), RequestedAt: monday, ExpiresAt: monday.Add(time.Hour)}
		_, err := s.Create(t.Context(), r, approval.AuditEntry{At: monday, Org: testOrg, Request: id, Event: approval.EventSubmit, To: approval.StatePending, By: "U0BO"})
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
}

func TestBackupAndRestoreCommands(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	newDatabase(t, dir+"/bot.db", 2)
	environ := map[string]string{"DATABASE_URL": "sqlite:" + dir + "/bot.db"}
	code, out, errs := runs(t, environ, "backup", dir+"/copy.db")
	require.Zero(t, code, errs)
	require.Regexp(t, `^`+dir+`/copy\.db is a backup of 2 requests and 2 lines of the audit trail\nhead [0-9a-f]{64} line 2\n$`, out)
	require.Empty(t, errs, "a short copy says nothing of its progress")

	code, out, errs = runs(t, environ, "backup", dir+"/copy.db")
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Equal(t, "atlas-key-bot: backing up: "+dir+"/copy.db is there already and is not overwritten: choose another name\n", errs)

	require.NoError(t, os.Remove(dir+"/bot.db"))
	newDatabase(t, dir+"/bot.db", 3)
	code, out, errs = runs(t, nil, "restore", dir+"/copy.db", "--database", environ["DATABASE_URL"])
	require.Zero(t, code, errs)
	lines := strings.Split(out, "\n")
	require.Equal(t, []string{
		dir + "/copy.db is whole: 2 requests and 2 lines of the audit trail",
		"it is the database " + dir + "/bot.db now",
	}, lines[:2])
	require.Regexp(t, `^the one before, with 3 requests and 3 lines of the audit trail, is kept as `+dir+`/bot\.db\.replaced-\d{8}T\d{6}Z$`, lines[2])
	require.Contains(t, lines[3], "docs/operations.md")
}

func TestBackupAndRestoreExplainRefusals(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	newDatabase(t, dir+"/bot.db", 1)
	require.NoError(t, os.WriteFile(dir+"/text", []byte(strings.Repeat("x", 5000)), 0o600))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":                {[]string{"backup"}, 2, `"atlas-key-bot backup" needs one FILE`},
		"two files":              {[]string{"backup", dir + "/a", dir + "/b"}, 2, `"atlas-key-bot backup" takes one FILE, and 2 were given`},
		"an empty name":          {[]string{"restore", ""}, 2, `"atlas-key-bot restore" needs one FILE`},
		"an unknown flag":        {[]string{"restore", "--force", dir + "/a"}, 2, "unknown flag: --force\nSee 'atlas-key-bot restore --help'."},
		"a backup that is none":  {[]string{"restore", dir + "/text"}, 1, "atlas-key-bot: restoring database " + dir + "/bot.db: checking backup " + dir + "/text, with nothing changed: this file is not a SQLite database"},
		"a backup that is lost":  {[]string{"restore", dir + "/none"}, 1, "there is no such file"},
		"another kind":           {[]string{"backup", "--database", "postgres://bot:hunter2@db/bot", dir + "/a"}, 1, "only a file, sqlite:PATH, can be backed up"},
		"a directory that isn't": {[]string{"restore", "--database", "sqlite:" + dir + "/no/bot.db", dir + "/bot.db"}, 1, "the directory " + dir + "/no does not exist"},
	} {
		code, out, errs := runs(t, map[string]string{"DATABASE_URL": "sqlite:" + dir + "/bot.db"}, tt.args...)
		assert.Equal(t, tt.code, code, name)
		assert.Contains(t, errs, tt.says, name)
		assert.NotContains(t, errs, "hunter2", name)
		assert.Empty(t, out, name)
	}
}

func TestProgressOfLongCopyIsPrinted(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	said := progress(&errs, time.Now())
	said(1<<20, 4<<20)
	require.Empty(t, errs.String())
	slow := progress(&errs, time.Now().Add(-time.Minute))
	slow(1<<20, 4<<20)
	slow(2<<20, 4<<20)
	require.Equal(t, "copied 1 of 4 MiB (25%)\n", errs.String(), "and not with every step")
}
