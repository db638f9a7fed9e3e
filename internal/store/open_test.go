package store_test

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
		"no scheme":                  {"bot.db", nil, "opening the database: its URL has no scheme; write sqlite: and a path, as in sqlite:atlas-key-bot.db"},
		"nothing":                    {"", nil, "its URL has no scheme"},
		"PostgreSQL":                 {"postgres://bot:hunter2@db/bot", nil, "opening the database: postgres:// is not supported by this build yet; use sqlite: and a path"},
		"PostgreSQL, spelt out":      {"postgresql://bot:hunter2@db/bot", nil, "postgresql:// is not supported by this build yet"},
		"another database":           {"mysql://bot:hunter2@db/bot", nil, `opening the database: "mysql" is not a known kind of database; use sqlite: and a path`},
		"no path":                    {"sqlite:", nil, "write a path right after sqlite:"},
		"two slashes":                {"sqlite://bot.db", nil, "write a path right after sqlite:"},
		"a missing directory":        {"sqlite:{dir}/no/bot.db", nil, "opening database {dir}/no/bot.db: the directory {dir}/no does not exist"},
		"a directory":                {"sqlite:{dir}/bot.db", mkdir("bot.db", 0o700), "bot.db: is a directory"},
		"the end of a line":          {"sqlite:{dir}/bot.db\r", nil, `bot.db\r": there is a space at an end of its path, or a character in it that cannot be seen`},
		"a space at the end":         {"sqlite:{dir}/bot.db ", nil, "there is a space at an end of its path"},
		"a device":                   {"sqlite:/dev/null", nil, "opening database /dev/null: this is a device, not a file"},
		"a pipe":                     {"sqlite:{dir}/bot.db", func(t *testing.T, dir string) { require.NoError(t, syscall.Mkfifo(dir+"/bot.db", 0o644)) }, "bot.db: this is a pipe, not a file"},
		"a socket":                   {"sqlite:{dir}/bot.db", socket, "bot.db: this is a socket, not a file"},
		"a link to a device":         {"sqlite:{dir}/bot.db", link("/dev/null", "bot.db"), "opening database /dev/null: this is a device, not a file"},
		"a link to nothing":          {"sqlite:{dir}/bot.db", link("/mnt/not/mounted/bot.db", "bot.db"), "opening database {dir}/bot.db: it is a link to a file that does not exist"},
		"a log that is a link":       {"sqlite:{dir}/bot.db", link("/dev/null", "bot.db-wal"), "bot.db-wal: this is a link, not a file"},
		"a lock that is a link":      {"sqlite:{dir}/bot.db", link("/dev/null", "bot.db.lock"), "bot.db.lock: this is a link, not a file"},
		"a log without it":           {"sqlite:{dir}/bot.db", write("bot.db-wal", "left", 0o600), "it is not there, but {dir}/bot.db-wal, a part of it, is"},
		"a text":                     {"sqlite:{dir}/bot.db", write("bot.db", strings.Repeat("dear diary, ", 100), 0o600), "opening database {dir}/bot.db: this file is not a SQLite database"},
		"another program's database": {"sqlite:{dir}/bot.db", database("bot.db", "CREATE TABLE diary (day TEXT)"), "opening database {dir}/bot.db: this is another program's database; choose another file"},
		"a newer schema": {"sqlite:{dir}/bot.db", database("bot.db", `
			CREATE TABLE schema_version (version BIGINT, name TEXT, checksum TEXT);
			INSERT INTO schema_version VALUES (99, '0099_later.sql', '')`),
			"opening database {dir}/bot.db: it was written by a newer version of the bot (schema 99, this one knows 1); run that version, or restore the backup made before the update"},
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

func TestOpenRefusesUnwritableFile(t *testing.T) {
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
			asUnprivileged(t, dir)
			_, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{})
			require.EqualError(t, err, strings.ReplaceAll("opening database {dir}/bot.db: "+tt.want, "{dir}", dir))
		})
	}
}

func link(to, name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) { require.NoError(t, os.Symlink(to, filepath.Join(dir, name))) }
}

func socket(t *testing.T, dir string) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/bot.db"})
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
}

// Such a path keeps its mode and gets no lock file.
func TestOpenRefusesIrregularFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	require.NoError(t, syscall.Mkfifo(dir+"/bot.db", 0o644))
	require.NoError(t, os.Chmod(dir+"/bot.db", 0o666))
	for _, o := range []store.Options{{}, {ReadOnly: true}, {Attach: true}} {
		_, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", o)
		require.ErrorContains(t, err, "this is a pipe, not a file")
	}
	_, err := store.Inspect(t.Context(), "sqlite:"+dir+"/bot.db")
	require.ErrorContains(t, err, "this is a pipe, not a file")
	info, err := os.Stat(dir + "/bot.db")
	require.NoError(t, err)
	require.Equal(t, "prw-rw-rw-", info.Mode().String())
	require.NoFileExists(t, dir+"/bot.db.lock")
}

func TestOpenRefusesHardLink(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := open(t, "sqlite:"+dir+"/bot.db")
	fill(t, s, 0, 1)
	require.NoError(t, os.Link(dir+"/bot.db", dir+"/other.db"))
	for _, o := range []store.Options{{}, {ReadOnly: true}, {Attach: true}} {
		_, err := store.Open(t.Context(), "sqlite:"+dir+"/other.db", o)
		require.Error(t, err)
		require.Contains(t, err.Error(), "hard link")
	}
	attached, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{Attach: true})
	require.NoError(t, err, "an attached store may use the bot's name")
	require.NoError(t, attached.Close())
	require.NoError(t, s.Close())

	_, err = store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{})
	require.ErrorContains(t, err, "the file has 2 names (hard links)", "also with no other bot: its log may lie beside the other name")
	_, err = store.Inspect(t.Context(), "sqlite:"+dir+"/bot.db")
	require.ErrorContains(t, err, "the file has 2 names (hard links)")
	require.NoError(t, os.Remove(dir+"/other.db"))
	require.Equal(t, 1, counts(t, dir+"/bot.db"))
}

func TestOpenCopyOfDatabase(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := open(t, "sqlite:"+dir+"/bot.db")
	fill(t, s, 0, 1)
	_, err := store.Backup(t.Context(), "sqlite:"+dir+"/bot.db", dir+"/other.db", noProgress)
	require.NoError(t, err)
	require.Equal(t, 1, counts(t, dir+"/other.db"), "beside the bot on the first")
}

// The inode lock does not conflict with SQLite's locks: readers can open and close
// the database.
func TestInodeLockKeepsSQLiteLocks(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	startFiller(t, dir+"/bot.db").stored(t)
	require.NoError(t, os.Remove(dir+"/bot.db.lock"))
	_, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{})
	require.ErrorContains(t, err, "another process is using it, perhaps by another name")
	attached, err := store.Open(t.Context(), "sqlite:"+dir+"/bot.db", store.Options{Attach: true})
	require.NoError(t, err)
	defer attached.Close()
	_, err = attached.Get(t.Context(), "AKR-0")
	require.NoError(t, err)
}

func TestOpenAfterRefusal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("dear diary, ", 100)), 0o600))
	_, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	open(t, "sqlite:"+path)
}

func TestOpenRestrictsModes(t *testing.T) {
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

func TestOpenAcceptsAnyPath(t *testing.T) {
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

func TestOpenAcceptsRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, open(t, "sqlite:bot.db").Close())
	require.FileExists(t, "bot.db")
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

// tempDir is t.TempDir without symbolic links, as errors show it.
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

// queryText returns the one value of a query on the database at path.
func queryText(t *testing.T, path, query string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	var text string
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&text))
	require.NoError(t, db.Close())
	return text
}
