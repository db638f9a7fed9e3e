package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
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
	code = process{environ: environ, stdout: &out, stderr: &errs}.main(t.Context(), args)
	return code, out.String(), errs.String()
}

// kept makes a database with this many requests.
func kept(t *testing.T, path string, requests int) {
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
	kept(t, dir+"/bot.db", 2)
	environ := map[string]string{"DATABASE_URL": "sqlite:" + dir + "/bot.db"}
	code, out, errs := runs(t, environ, "backup", dir+"/copy.db")
	require.Zero(t, code, errs)
	require.Regexp(t, `^`+dir+`/copy\.db is a backup of 2 requests and 2 lines of the audit trail\nhead [0-9a-f]{64} line 2\n$`, out)
	require.Empty(t, errs, "a short copy says nothing of its progress")

	code, out, errs = runs(t, environ, "backup", dir+"/copy.db")
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Equal(t, "bot: backing up: "+dir+"/copy.db is there already and is not overwritten: choose another name\n", errs)

	require.NoError(t, os.Remove(dir+"/bot.db"))
	kept(t, dir+"/bot.db", 3)
	code, out, errs = runs(t, nil, "restore", dir+"/copy.db", "-database", environ["DATABASE_URL"])
	require.Zero(t, code, errs)
	lines := strings.Split(out, "\n")
	require.Equal(t, []string{
		dir + "/copy.db is whole: 2 requests and 2 lines of the audit trail",
		"it is the database " + dir + "/bot.db now",
	}, lines[:2])
	require.Regexp(t, `^the one before, with 3 requests and 3 lines of the audit trail, is kept as `+dir+`/bot\.db\.replaced-\d{8}T\d{6}Z$`, lines[2])
	require.Contains(t, lines[3], "docs/operations.md")
}

func TestBackupAndRestoreAreRefusedWithASentence(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	kept(t, dir+"/bot.db", 1)
	require.NoError(t, os.WriteFile(dir+"/text", []byte(strings.Repeat("x", 5000)), 0o600))
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":                {[]string{"backup"}, 2, "usage: bot backup [-database URL] FILE"},
		"two files":              {[]string{"backup", dir + "/a", dir + "/b"}, 2, "usage: bot backup [-database URL] FILE"},
		"an empty name":          {[]string{"restore", ""}, 2, "usage: bot restore [-database URL] FILE"},
		"an unknown flag":        {[]string{"restore", "-force", dir + "/a"}, 2, "usage: bot restore [-database URL] FILE"},
		"a backup that is none":  {[]string{"restore", dir + "/text"}, 1, "bot: restoring database " + dir + "/bot.db: checking backup " + dir + "/text, with nothing changed: this file is not a SQLite database"},
		"a backup that is lost":  {[]string{"restore", dir + "/none"}, 1, "there is no such file"},
		"another kind":           {[]string{"backup", "-database", "postgres://bot:hunter2@db/bot", dir + "/a"}, 1, "only a file, sqlite:PATH, can be backed up"},
		"a directory that isn't": {[]string{"restore", "-database", "sqlite:" + dir + "/no/bot.db", dir + "/bot.db"}, 1, "the directory " + dir + "/no does not exist"},
	} {
		code, out, errs := runs(t, map[string]string{"DATABASE_URL": "sqlite:" + dir + "/bot.db"}, tt.args...)
		assert.Equal(t, tt.code, code, name)
		assert.Contains(t, errs, tt.says, name)
		assert.NotContains(t, errs, "hunter2", name)
		assert.Empty(t, out, name)
	}
}

func TestProgressOfALongCopyIsSaid(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	said := process{stderr: &errs}.progress("copied")
	said(1<<20, 4<<20)
	require.Empty(t, errs.String())
	slow := process{stderr: &errs}.progressFrom("copied", time.Now().Add(-time.Minute))
	slow(1<<20, 4<<20)
	slow(2<<20, 4<<20)
	require.Equal(t, "copied 1 of 4 MiB (25%)\n", errs.String(), "and not with every step")
}

// A backup that is taken while people work is whole, and is what the bot goes
// on with.
func TestPeopleGoOnAfterARestore(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	id := w.active()
	file := filepath.Join(t.TempDir(), "copy.db")
	code, _, errs := runs(t, w.environ, "backup", file)
	require.Zero(t, code, errs)
	code, _, errs = runs(t, w.environ, "restore", file)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "stop the bot first")

	door, err := w.door.(*net.TCPListener).File() // the bot closes its own
	require.NoError(t, err)
	w.stopBot()
	code, _, errs = runs(t, w.environ, "restore", file)
	require.Zero(t, code, errs)
	w.door, err = net.FileListener(door)
	require.NoError(t, err)
	require.NoError(t, door.Close())
	w.startBot()
	r := w.becomes(id, approval.StateActive)
	require.Len(t, w.botKeys(), 1, "the key of the restored row lives on")
	w.rests(r.ID)
}

func TestStartEndsWithADatabaseThatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, path string)
		says  string
	}{
		"a row that the trail does not have": {func(t *testing.T, path string) {
			tampers(t, path, `UPDATE request SET state = 'active' WHERE id = 'AKR-0000A'`)
		}, "requests and audit trail do not belong together (AKR-0000A is active after 1 changes, and in the trail pending after 1)"},
		"damage": {func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := 4096; i < len(content); i++ {
				content[i] = 0xA5
			}
			require.NoError(t, os.WriteFile(path, content, 0o600))
		}, "this file is damaged; restore a backup with 'bot restore'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := emptyTown(t, false)
			defer w.door.Close()
			kept(t, w.database, 2)
			tt.spoil(t, w.database)
			config, err := readConfig(w.environ)
			require.NoError(t, err)
			b := &bot{config: config, now: w.Clock.Now, log: newLog(w.log, config)}
			b.listener = w.door
			require.ErrorContains(t, b.run(t.Context()), tt.says)
			require.Empty(t, w.Wire.Calls(), "before anything is asked of Atlas or Slack")

			l := newLookout(t)
			l.set("DATABASE_URL", "sqlite:"+w.database)
			code, found := l.finds()
			require.Equal(t, 1, code)
			require.Contains(t, saysOf(found, "database"), tt.says)
		})
	}
}

// saysOf is what was found by one check.
func saysOf(found []finding, check string) string {
	var all []string
	for _, f := range found {
		if f.Check == check {
			all = append(all, f.Says)
		}
	}
	return strings.Join(all, "\n")
}

func TestStartSaysThatTheDatabaseIsNew(t *testing.T) {
	t.Parallel()
	w := newTown(t, false, nil)
	path, err := filepath.EvalSymlinks(w.database)
	require.NoError(t, err)
	require.Regexp(t, `"level":"WARN","msg":"there was no database: a new, empty one was made[^"]*","path":"`+path+`"`, w.log.String())
	w.restartBot()
	require.Equal(t, 1, strings.Count(w.log.String(), "there was no database"))
}

// missing is what /readyz says of one thing.
func missing(t *testing.T, address, what string) string {
	t.Helper()
	res, err := http.Get("http://" + address + "/readyz")
	require.NoError(t, err)
	defer res.Body.Close()
	var said struct {
		Missing map[string]string `json:"missing"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&said))
	return said.Missing[what]
}

func TestDeletedDatabaseIsNoticedAndSaved(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, path string){
		"renamed": func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".away")) },
		"replaced": func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".away"))
			require.NoError(t, os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, false, nil)
			id := w.asksAlone()
			w.rests(id)
			lose(t, w.database)
			w.until("it is said", func() bool {
				return missing(t, w.address(), "database") == "the database file was deleted or replaced while the bot runs: put the same file back, or stop the bot and restore one with 'bot restore'"
			})
			watch := storeWatch{bot: w.bot, now: time.Now}
			watch.look(t.Context())
			watch.look(t.Context())
			require.Equal(t, 1, strings.Count(w.log.String(), `"level":"ERROR","msg":"the database cannot be used"`))
			rescued, err := filepath.Glob(w.database + ".rescued-*")
			require.NoError(t, err)
			require.Len(t, rescued, 1)
			code, out, errs := runs(t, nil, "audit", "-database", "sqlite:"+rescued[0], "-request", string(id))
			require.Zero(t, code, errs)
			require.Contains(t, out, `"event":"submit"`)

			_, err = w.bot.store.Move(t.Context(), w.request(id), approval.AuditEntry{At: time.Now(), Request: id, Event: approval.EventDeny, From: approval.StatePending, To: approval.StateDenied})
			require.ErrorIs(t, err, store.ErrLost, "nothing is recorded that the next start would not find")

			require.NoError(t, os.Rename(w.database+".away", w.database))
			w.until("it is over", func() bool { return isReady(w.address()) })
			watch.look(t.Context())
			require.Contains(t, w.log.String(), "the database can be used again")
		})
	}
}

func TestALogThatGrowsIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	log := &journal{}
	watch := storeWatch{bot: &bot{store: s, log: newLog(log, Config{LogLevel: "info"})}, now: time.Now}
	watch.look(t.Context())
	require.Empty(t, log.String())
	require.NoError(t, os.Truncate(path+"-wal", largeWAL)) // what follows the last change is not read
	watch.look(t.Context())
	watch.look(t.Context())
	require.Equal(t, 1, strings.Count(log.String(), `"level":"WARN","msg":"the write-ahead log of the database grows`))
	require.NotContains(t, log.String(), "ERROR")
}
