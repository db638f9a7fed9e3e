package store_test

import (
	"database/sql"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// SQLite fails as on a file system that became read-only.
func TestPingReportsReadOnlyFileSystemAndRecovery(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))
	r := asked("AKR-EARLY")
	_, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	_, err = s.DB().ExecContext(t.Context(), "PRAGMA query_only = 1")
	require.NoError(t, err)

	late := asked("AKR-LATER")
	_, err = s.Create(t.Context(), late, submitted(late))
	require.Error(t, err)
	require.ErrorIs(t, s.Ping(t.Context()), store.ErrReadOnly)
	got, err := s.Get(t.Context(), "AKR-EARLY")
	require.NoError(t, err, "what is recorded can be read")
	require.Equal(t, approval.StatePending, got.State)

	_, err = s.DB().ExecContext(t.Context(), "PRAGMA query_only = 0")
	require.NoError(t, err)
	require.NoError(t, s.Ping(t.Context()))
	_, err = s.Create(t.Context(), late, submitted(late))
	require.NoError(t, err)
	require.NoError(t, s.QuickCheck(t.Context()), "what failed left nothing")
}

// A long reader prevents checkpoints: the log grows with every change, as WALSize
// shows, and is small again after the reader ends.
func TestWALIsTruncatedAfterLongReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	s := open(t, "sqlite:"+path)
	reader, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer reader.Close()
	tx, err := reader.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() // does nothing after the one below
	var n int
	require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT count(*) FROM request").Scan(&n))

	create := func(from, to int) {
		for i := from; i < to; i++ {
			r := asked(policy.ID("AKR-" + strconv.Itoa(10000+i)))
			r.Reason = strings.Repeat("x", 1<<20)
			_, err := s.Create(t.Context(), r, submitted(r))
			require.NoError(t, err, "the bot goes on")
		}
	}
	create(0, 20)
	require.Greater(t, s.WALSize(), int64(20<<20))
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, tx.Rollback())
	create(20, 40)
	require.LessOrEqual(t, s.WALSize(), int64(32<<20), "it is used again from its beginning")
}
