package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/store"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url  string // {dir} is a directory of the test's own
		make func(t *testing.T, dir string)
		want string
	}{
		"no scheme":             {"bot.db", nil, "opening the database: its URL has no scheme; write sqlite: and a path, as in sqlite:atlas-key-bot.db"},
		"nothing":               {"", nil, "its URL has no scheme"},
		"PostgreSQL":            {"postgres://bot:hunter2@db/bot", nil, "opening the database: postgres:// is not supported by this build yet; use sqlite: and a path"},
		"PostgreSQL, spelt out": {"postgresql://bot:hunter2@db/bot", nil, "postgresql:// is not supported by this build yet"},
		"another database":      {"mysql://bot:hunter2@db/bot", nil, `opening the database: "mysql" is not a known kind of database; use sqlite: and a path`},
		"no path":               {"sqlite:", nil, "write a path right after sqlite:"},
		"two slashes":           {"sqlite://bot.db", nil, "write a path right after sqlite:"},
		"a missing directory":   {"sqlite:{dir}/no/bot.db", nil, "opening database {dir}/no/bot.db: the directory {dir}/no does not exist"},
		"a directory":           {"sqlite:{dir}/bot.db", mkdir("bot.db", 0o700), "bot.db: this is a directory"},
		"a text":                {"sqlite:{dir}/bot.db", write("bot.db", strings.Repeat("dear diary, ", 100), 0o600), "opening database {dir}/bot.db: this file is not a SQLite database"},
		"a stranger's database": {"sqlite:{dir}/bot.db", database("bot.db", "CREATE TABLE diary (day TEXT)"), "opening database {dir}/bot.db: this is another program's database; choose another file"},
		"a newer schema": {"sqlite:{dir}/bot.db", database("bot.db", `
			CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT);
			INSERT INTO schema_version VALUES (99, '0099_later.sql', '')`),
			"opening database {dir}/bot.db: it was written by a newer version of the bot (schema 99, this one knows 4); run that version, or restore the backup made before the update"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			if tt.make != nil {
				tt.make(t, dir)
			}
			_, err := store.Open(t.Context(), strings.ReplaceAll(tt.url, "{dir}", dir), store.Options{})
			require.ErrorContains(t, err, strings.ReplaceAll(tt.want, "{dir}", dir))
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOpenRefusesWhatItMayNotWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(t *testing.T, dir string)
		want string
	}{
		"a directory": {func(t *testing.T, dir string) {
			require.NoError(t, os.Chmod(dir, 0o500))
		}, "this user may not write {dir}/bot.db.lock"},
		"a file": {write("bot.db", "", 0o400), "this user may not write {dir}/bot.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			tt.make(t, dir)
			asNobody(t, dir)
			_, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{})
			require.EqualError(t, err, strings.ReplaceAll("opening database {dir}/bot.db: "+tt.want, "{dir}", dir))
		})
	}
}

// A refused Open leaves nothing behind that would refuse the next one.
func TestOpenAfterARefusal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("dear diary, ", 100)), 0o600))
	_, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	open(t, "sqlite:"+path)
}

func TestOpenTightensModes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	require.NoError(t, open(t, "sqlite:"+path).Close())
	for _, file := range []string{path, path + ".lock"} {
		require.NoError(t, os.Chmod(file, 0o666))
	}
	open(t, "sqlite:"+path)
	for _, file := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, "-rw-------", info.Mode().String(), file)
	}
}

// The file is the one that was named, whatever is in its name.
func TestOpenTakesAnyPath(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"plain": "bot.db", "with a space": "my bot.db", "like a query": "bot.db?mode=memory", "like an escape": "bot%2f.db",
		"like a fragment": "bot#1.db", "like a pragma": "bot&_pragma=synchronous(0).db", "in another script": "ключ.db",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), file)
			open(t, "sqlite:"+path)
			info, err := os.Stat(path + "-wal")
			require.NoError(t, err, "SQLite works beside this file")
			require.NotZero(t, info.Size())
		})
	}
}

func TestOpenTakesARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, open(t, "sqlite:bot.db").Close())
	require.FileExists(t, "bot.db")
}

func TestClosingTwiceIsHarmless(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

// tempDir is t.TempDir with every link resolved, as errors name it.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return dir
}

func mkdir(name string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Mkdir(filepath.Join(dir, name), mode)) }
}

func write(name, text string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), mode))
	}
}

func database(name, statements string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { makeDatabase(t, filepath.Join(dir, name), statements) }
}

// makeDatabase makes a database as another program would.
func makeDatabase(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statements)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
