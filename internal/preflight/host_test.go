package preflight

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/store"
)

// at fills in where the database of the test is.
func (f Finding) at(dir string) Finding {
	f.Message = strings.ReplaceAll(f.Message, "{dir}", dir)
	return f
}

// openedByBot keeps the database open for the rest of the test, as a running bot does.
func openedByBot(l *checkEnv) {
	s, err := store.Open(l.t.Context(), l.environ["DATABASE_URL"], store.Options{})
	require.NoError(l.t, err)
	l.t.Cleanup(func() { s.Close() })
}

func closedDatabase(l *checkEnv) {
	s, err := store.Open(l.t.Context(), l.environ["DATABASE_URL"], store.Options{})
	require.NoError(l.t, err)
	require.NoError(l.t, s.Close())
}

func statements(text string) func(*checkEnv) {
	return func(l *checkEnv) {
		db, err := sql.Open("sqlite", filepath.Join(l.dir, "bot.db"))
		require.NoError(l.t, err)
		_, err = db.ExecContext(l.t.Context(), text)
		require.NoError(l.t, err)
		require.NoError(l.t, db.Close())
	}
}

func TestCheckDatabase(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(*checkEnv)
		want Finding
		code int
	}{
		"there is none": {func(*checkEnv) {}, Finding{"database", OK, "There is no {dir}/bot.db yet; the first start makes it.", ""}, 0},
		"there is one":  {closedDatabase, Finding{"database", OK, "{dir}/bot.db can be read and written.", ""}, 0},
		"a bot has it":  {openedByBot, Finding{"database", OK, "{dir}/bot.db is in use by a bot and can be read. End that bot before you start another one.", ""}, 0},
		"an empty file": {
			func(l *checkEnv) {
				require.NoError(l.t, os.WriteFile(filepath.Join(l.dir, "bot.db"), nil, 0o600))
			},
			Finding{"database", OK, "{dir}/bot.db can be written. It is of an earlier version; the next start brings it up to date, so make a backup.", ""}, 0,
		},
		"a newer one": {
			statements(`CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT); INSERT INTO schema_version VALUES (99, '0099_later.sql', '')`),
			Finding{"database", NotOK, "Inspecting database {dir}/bot.db: it was written by a newer version of the bot (schema 99, this one knows 1); run that version, or restore the backup made before the update.", "Correct DATABASE_URL, or what it points at."}, 1,
		},
		"another program's": {
			statements(`CREATE TABLE diary (day TEXT)`),
			Finding{"database", NotOK, "Inspecting database {dir}/bot.db: this is another program's database; choose another file.", "Correct DATABASE_URL, or what it points at."}, 1,
		},
		"a missing directory": {
			func(l *checkEnv) { l.set("DATABASE_URL", "sqlite:"+l.dir+"/no/bot.db") },
			Finding{"database", NotOK, "Inspecting database {dir}/no/bot.db: the directory {dir}/no does not exist.", "Correct DATABASE_URL, or what it points at."}, 1,
		},
		"in memory": {
			func(l *checkEnv) { l.set("DATABASE_URL", "sqlite::memory:") },
			Finding{"database", Warning, "It is in memory: a restart forgets every request, and keys that were made are not deleted when they end.", "Set DATABASE_URL to a file: sqlite:PATH."}, 0,
		},
		"read only": {
			func(l *checkEnv) {
				closedDatabase(l)
				require.NoError(l.t, os.Chmod(filepath.Join(l.dir, "bot.db"), 0o400))
				asUnprivileged(l.t, l.dir)
			},
			Finding{"database", NotOK, "Inspecting database {dir}/bot.db: this user may not write {dir}/bot.db.", "Correct DATABASE_URL, or what it points at."}, 1,
		},
		"a directory that is read only": {
			func(l *checkEnv) {
				require.NoError(l.t, os.Chmod(l.dir, 0o500))
				asUnprivileged(l.t, l.dir)
			},
			Finding{"database", NotOK, "There is no {dir}/bot.db yet, and this user may not make one there.", "Let the bot's user write the directory, or name another one in DATABASE_URL."}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t)
			tt.make(l)
			code, found := l.check()
			assert.Contains(t, found, tt.want.at(l.dir))
			assert.Equal(t, tt.code, code)
		})
	}
}

func TestCheckListenAddress(t *testing.T) {
	t.Parallel()
	ready, waiting := answers(`{"ready":true,"missing":{}}`), answers(`{"ready":false,"missing":{"slack":"it does not answer"}}`)
	for name, tt := range map[string]struct {
		who  http.Handler
		want Finding
		code int
	}{
		"a bot":                    {ready, Finding{"listen address", OK, "A bot that is ready listens on {address} already. End it before you start another one.", ""}, 0},
		"a bot that is not ready":  {waiting, Finding{"listen address", Warning, "A bot that is not ready listens on {address}.", "Ask its /readyz what it waits for. End it before you start another one."}, 0},
		"another program":          {http.NotFoundHandler(), Finding{"listen address", NotOK, "Another program listens on {address}.", "End it, or choose another address in LISTEN."}, 1},
		"another program, in JSON": {answers(`{"status":"ok"}`), Finding{"listen address", NotOK, "Another program listens on {address}.", "End it, or choose another address in LISTEN."}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.who)
			t.Cleanup(server.Close)
			l := newCheckEnv(t)
			l.set("LISTEN", server.Listener.Addr().String())
			code, found := l.check()
			tt.want.Message = strings.ReplaceAll(tt.want.Message, "{address}", l.environ["LISTEN"])
			assert.Contains(t, found, tt.want)
			assert.Equal(t, tt.code, code)
		})
	}
}

func answers(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) })
}

func TestCheckListenAddressOfAnotherHost(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.set("LISTEN", "203.0.113.9:8080")
	code, found := l.check()
	assert.Contains(t, found, Finding{"listen address", NotOK, "This machine has no address 203.0.113.9.", "Correct LISTEN; 0.0.0.0 is every address, 127.0.0.1 this machine alone."})
	assert.Equal(t, 1, code)
}

// A preflight lets go of LISTEN.
func TestCheckReleasesListenAddress(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.set("LISTEN", quietPort(t))
	code, found := l.check()
	assert.Zero(t, code)
	assert.Contains(t, found, Finding{"listen address", OK, l.environ["LISTEN"] + " is free.", ""})
	listener, err := net.Listen("tcp", l.environ["LISTEN"])
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

// quietPort is free, and below those that systems hand out by themselves, so
// that no other test is given it meanwhile.
func quietPort(t *testing.T) string {
	t.Helper()
	for port := 20_000 + os.Getpid()%10_000; port < 32_000; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if listener, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, listener.Close())
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
