package store

import (
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// steps reads made-up migrations.
func steps(t *testing.T, files fstest.MapFS) []migration {
	t.Helper()
	all, err := migrations(files, sqliteDialect)
	require.NoError(t, err)
	return all
}

// blank is a store without tables.
func blank(t *testing.T) *Store {
	t.Helper()
	s := &Store{dialect: sqliteDialect}
	require.NoError(t, s.connect(inMemory, Options{}))
	t.Cleanup(func() { s.Close() })
	return s
}

func TestMigrationsMatchDialect(t *testing.T) {
	t.Parallel()
	all := steps(t, fstest.MapFS{
		"migrations/0002_b.postgres.sql": file("for the other"),
		"migrations/0002_b.sqlite.sql":   file("for this one"),
		"migrations/0001_a.sql":          file("for all"),
	})
	require.Len(t, all, 2)
	require.Equal(t, "for all", all[0].sql)
	require.Equal(t, "for this one", all[1].sql)
}

func TestMigrationsRefuseGaps(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"a number is missing": {"migrations/0001_a.sql": file(""), "migrations/0003_c.sql": file("")},
		"a number is double":  {"migrations/0001_a.sql": file(""), "migrations/0001_b.sql": file("")},
		"there is no number":  {"migrations/first.sql": file("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := migrations(files, sqliteDialect)
			require.ErrorContains(t, err, "should have number")
		})
	}
}

func TestFailedMigrationIsRolledBack(t *testing.T) {
	t.Parallel()
	s := blank(t)
	good := file("CREATE TABLE a (x TEXT)")
	err := s.migrate(t.Context(), steps(t, fstest.MapFS{
		"migrations/0001_a.sql": good,
		"migrations/0002_b.sql": file("CREATE TABLE b (x TEXT); CREATE TABLE nonsense"),
	}))
	require.ErrorContains(t, err, "applying migration 0002_b.sql: ")
	at, err := s.schemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, at)

	// The corrected step continues where the failed one stopped.
	require.NoError(t, s.migrate(t.Context(), steps(t, fstest.MapFS{
		"migrations/0001_a.sql": good,
		"migrations/0002_b.sql": file("CREATE TABLE b (x TEXT)"),
	})))
}

func TestMigrateRefusesEditedStep(t *testing.T) {
	t.Parallel()
	s := blank(t)
	require.NoError(t, s.migrate(t.Context(), steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)")})))
	err := s.migrate(t.Context(), steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (y TEXT)")}))
	require.EqualError(t, err, "applying migration 0001_a.sql: the database was made with another text of it; run the version of the bot that made it")
}

// An attached process never migrates, and says so before it reads anything.
func TestAttachRefusesOlderSchema(t *testing.T) {
	t.Parallel()
	s := blank(t)
	older := steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)")})
	require.NoError(t, s.migrate(t.Context(), older))
	newer := steps(t, fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)"), "migrations/0002_b.sql": file("CREATE TABLE b (x TEXT)")})
	require.NoError(t, s.requireVersion(t.Context(), older))
	require.EqualError(t, s.requireVersion(t.Context(), newer), "it was written by an older version of the bot; start this version once to bring it up to date")
}

func TestMigrateRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	s := blank(t)
	files := fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)"), "migrations/0002_b.sql": file("CREATE TABLE b (x TEXT)")}
	require.NoError(t, s.migrate(t.Context(), steps(t, files)))
	delete(files, "migrations/0002_b.sql")
	want := "it was written by a newer version of the bot (schema 2, this one knows 1); run that version, or restore the backup made before the update"
	require.EqualError(t, s.migrate(t.Context(), steps(t, files)), want)
	require.EqualError(t, s.requireVersion(t.Context(), steps(t, files)), want)
}

// A step sees the rows that earlier versions wrote.
func TestMigrateKeepsRows(t *testing.T) {
	t.Parallel()
	s := blank(t)
	files := fstest.MapFS{"migrations/0001_a.sql": file("CREATE TABLE a (x TEXT)")}
	require.NoError(t, s.migrate(t.Context(), steps(t, files)))
	_, err := s.db.ExecContext(t.Context(), `INSERT INTO a VALUES ('kept')`)
	require.NoError(t, err)
	files["migrations/0002_b.sql"] = file("ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT ''; UPDATE a SET y = x || '!'")
	require.NoError(t, s.migrate(t.Context(), steps(t, files)))
	var y string
	require.NoError(t, s.db.QueryRowContext(t.Context(), `SELECT y FROM a`).Scan(&y))
	require.Equal(t, "kept!", y)
}

func TestReopenKeepsSchemaVersion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	for range 3 {
		s, err := Open(t.Context(), "sqlite:"+path, Options{})
		require.NoError(t, err)
		at, err := s.schemaVersion(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, at)
		require.NoError(t, s.Close())
	}
}
