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

// A start that is killed after any statement of a migration leaves a database
// that the next start brings up to date, with all that was in it.
func TestMigrationKilledAtAnyStatementIsDoneByTheNextStart(t *testing.T) {
	t.Parallel()
	statements, err := store.MigrateUntil(t.Context(), filepath.Join(t.TempDir(), "bot.db"), -1)
	require.NoError(t, err)
	require.Greater(t, statements, 15)
	// Of the database that has seen the first step, its five statements run no more.
	for from, killed := range map[string]int{"": statements, "schema-1.sql": statements - 5} {
		died := 0
		for n := range statements {
			path := filepath.Join(t.TempDir(), "bot.db")
			if from != "" {
				makeDatabase(t, path, readText(t, "testdata/"+from))
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), envDatabase+"="+path, envStatement+"="+strconv.Itoa(n))
			if out, err := cmd.Output(); err.Error() == "signal: killed" {
				died++
			} else {
				require.Equal(t, "<nil>\n", string(out), "the statement is of a step that this database has seen")
			}
			s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
			require.NoError(t, err, "%s, statement %d", from, n)
			lines := 0
			require.NoError(t, s.Audit(t.Context(), func(approval.AuditEntry) error { lines++; return nil }))
			if from != "" {
				_, err := s.Get(t.Context(), "AKR-7F3K2")
				require.NoError(t, err)
			}
			r := asked("AKR-00001")
			_, err = s.Create(t.Context(), r, submitted(r))
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
		require.Equal(t, killed, died, from)
	}
}
