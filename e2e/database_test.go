package e2e

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/store"
)

// A backup that is taken while people work is whole, and is what the bot goes
// on with.
func TestRequestsContinueAfterRestore(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	id := w.active()
	file := filepath.Join(t.TempDir(), "copy.db")
	code, _, errs := runCommand(t, w.environ, "backup", file)
	require.Zero(t, code, errs)
	code, _, errs = runCommand(t, w.environ, "restore", file)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "stop the bot first")

	door, err := w.listener.(*net.TCPListener).File() // the bot closes its own
	require.NoError(t, err)
	w.StopBot()
	code, _, errs = runCommand(t, w.environ, "restore", file)
	require.Zero(t, code, errs)
	w.listener, err = net.FileListener(door)
	require.NoError(t, err)
	require.NoError(t, door.Close())
	w.StartBot()
	r := w.WaitForState(id, approval.StateActive)
	require.Len(t, w.botKeys(), 1, "the key of the restored row is still active")
	w.WaitIdle(r.ID)
}

func TestStartFailsOnDamagedDatabase(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, path string)
		says  string
	}{
		"a row that the trail does not have": {func(t *testing.T, path string) {
			tamper(t, path, `UPDATE request SET state = 'active' WHERE id = 'AKR-0000A'`)
		}, "requests and audit trail do not belong together (AKR-0000A is active after 1 changes, and in the trail pending after 1)"},
		"damage": {func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := 4096; i < len(content); i++ {
				content[i] = 0xA5
			}
			require.NoError(t, os.WriteFile(path, content, 0o600))
		}, "this file is damaged; restore a backup with 'atlas-key-bot restore'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnvWithoutBot(t, false)
			defer w.listener.Close()
			createDatabase(t, w.database, 2)
			tt.spoil(t, w.database)
			config, err := config.Read(w.environ)
			require.NoError(t, err)
			b := &app.App{Config: config, Now: w.Clock.Now, Log: app.NewLogger(w.log, config)}
			b.Listener = w.listener
			require.ErrorContains(t, b.Run(t.Context()), tt.says)
			require.Empty(t, w.Wire.Calls(), "before anything is asked of Atlas or Slack")

			code, found, _ := runCommand(t, w.environ, "check")
			require.Equal(t, 1, code)
			require.Contains(t, found, tt.says)
		})
	}
}

func TestStartSaysThatTheDatabaseIsNew(t *testing.T) {
	t.Parallel()
	w := newEnv(t, false, nil)
	path, err := filepath.EvalSymlinks(w.database)
	require.NoError(t, err)
	require.Regexp(t, `"level":"WARN","msg":"there was no database: a new, empty one was made[^"]*","path":"`+path+`"`, w.log.String())
	w.RestartBot()
	require.Equal(t, 1, strings.Count(w.log.String(), "there was no database"))
}

func TestDeletedDatabaseFileIsReported(t *testing.T) {
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
			w := newEnvWithoutBot(t, false)
			w.storeTick = 10 * time.Millisecond
			w.StartBotForTest()
			id := w.requestWithoutApprovers()
			w.WaitIdle(id)
			lose(t, w.database)
			w.WaitUntil("it is said", func() bool {
				return missing(t, w.address(), "database") == "the database file was deleted or replaced while the bot runs: put the same file back, or stop the bot and restore one with 'atlas-key-bot restore'"
			})
			w.WaitUntil("it is saved", func() bool { return strings.Contains(w.log.String(), "everything that was recorded is saved") })
			rescued, err := filepath.Glob(w.database + ".rescued-*")
			require.NoError(t, err)
			require.Len(t, rescued, 1)
			code, out, errs := runCommand(t, nil, "audit", "--database", "sqlite:"+rescued[0], "--request", string(id))
			require.Zero(t, code, errs)
			require.Contains(t, out, `"event":"submit"`)

			_, err = w.store().Move(t.Context(), w.stored(id), approval.AuditEntry{At: time.Now(), Request: id, Event: approval.EventDeny, From: approval.StatePending, To: approval.StateDenied})
			require.ErrorIs(t, err, store.ErrLost, "nothing is recorded that the next start would not find")

			require.NoError(t, os.Rename(w.database+".away", w.database))
			w.WaitUntil("it is over", func() bool { return isReady(w.address()) })
			w.WaitUntil("it is said", func() bool { return strings.Contains(w.log.String(), "the database can be used again") })
			require.Equal(t, 1, strings.Count(w.log.String(), `"level":"ERROR","msg":"the database cannot be used"`))
		})
	}
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
