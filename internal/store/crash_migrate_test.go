package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

// requireKilledMigrating migrates a database in another process, which is killed
// after statement n.
func requireKilledMigrating(t *testing.T, path string, n int, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), append(env, envDatabase+"="+path, envStatement+"="+strconv.Itoa(n))...)
	require.EqualError(t, cmd.Run(), "signal: killed", "statement %d", n)
}

func TestNewDatabaseSurvivesKillAfterAnyStatement(t *testing.T) {
	t.Parallel()
	statements, err := store.MigrateUntil(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Released(), -1)
	require.NoError(t, err)
	require.Greater(t, statements, 15)
	for n := range statements {
		path := filepath.Join(t.TempDir(), "bot.db")
		requireKilledMigrating(t, path, n)
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.NoError(t, err, "statement %d", n)
		r := asked("AKR-00001")
		_, err = s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

func TestUpdateSurvivesKillAfterAnyStatement(t *testing.T) {
	t.Parallel()
	released, err := store.MigrateUntil(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.Released(), -1)
	require.NoError(t, err)
	updated, err := store.MigrateUntil(t.Context(), filepath.Join(t.TempDir(), "bot.db"), store.WithUpdate(), -1)
	require.NoError(t, err)
	require.Equal(t, released+4, updated)
	for n := released; n < updated; n++ {
		path := filepath.Join(t.TempDir(), "bot.db")
		s := open(t, "sqlite:"+path)
		fill(t, s, 0, 3)
		require.NoError(t, s.Close())
		requireKilledMigrating(t, path, n, envUpdate+"=1")
		s = open(t, "sqlite:"+path)
		require.Equal(t, 3, auditLines(t, s), "the killed update changed nothing")
		require.NoError(t, s.Close())

		_, err := store.MigrateUntil(t.Context(), path, store.WithUpdate(), -1)
		require.NoError(t, err, "statement %d", n)
		_, err = store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.ErrorContains(t, err, "it was written by a newer version of the bot")
		require.Equal(t, "3 U_BO", queryText(t, path, `SELECT count(*) || ' ' || max(shouted) FROM request JOIN copied USING (id)`))
	}
}

func auditLines(t *testing.T, s *store.Store) int {
	t.Helper()
	lines := 0
	require.NoError(t, s.Audit(t.Context(), func(approval.AuditEntry) error { lines++; return nil }))
	return lines
}
