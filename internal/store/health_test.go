package store_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

func TestPingReportsDamageOfAnyStatement(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]func(t *testing.T, s *store.Store) error{
		"a query": func(t *testing.T, s *store.Store) error { _, err := s.ListByRequester(t.Context(), "U_bo"); return err },
		"the trail": func(t *testing.T, s *store.Store) error {
			return s.Audit(t.Context(), func(approval.AuditEntry) error { return nil })
		},
		"a look at all": func(t *testing.T, s *store.Store) error { return s.QuickCheck(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := tempDir(t) + "/bot.db"
			s := open(t, "sqlite:"+path)
			fill(t, s, 0, 300)
			_, err := s.DB().ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			require.NoError(t, err)
			_, err = s.DB().ExecContext(t.Context(), "PRAGMA shrink_memory") // nothing is read from memory
			require.NoError(t, err)
			damage(t, path)
			require.Error(t, statement(t, s))
			require.ErrorIs(t, s.Ping(t.Context()), store.ErrDamaged)
			require.ErrorIs(t, s.Ping(t.Context()), store.ErrDamaged, "it does not go away")
		})
	}
}

func TestLostFileIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"", "-wal", "-shm"} {
		path := tempDir(t) + "/bot.db"
		s := open(t, "sqlite:"+path)
		fill(t, s, 0, 1)
		require.NoError(t, s.Ping(t.Context()))
		require.NoError(t, os.Rename(path+end, path+".away"))
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrLost, end)
		r := asked("AKR-00009")
		_, err := s.Create(t.Context(), r, submitted(r))
		require.ErrorIs(t, err, store.ErrLost, end)
		require.NoError(t, os.WriteFile(path+end, nil, 0o600))
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrLost, "another file of the name is not the same")
		require.NoError(t, os.Rename(path+".away", path+end))
		require.NoError(t, s.Ping(t.Context()), end)
		_, err = s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err, end)
	}
}

func TestWALIsTruncated(t *testing.T) {
	t.Parallel()
	path := tempDir(t) + "/bot.db"
	s := open(t, "sqlite:"+path)
	var limit int
	require.NoError(t, s.DB().QueryRowContext(t.Context(), "PRAGMA journal_size_limit").Scan(&limit))
	require.Equal(t, 8<<20, limit)
	fill(t, s, 0, 1)
	info, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Equal(t, info.Size(), s.WALSize())
}
