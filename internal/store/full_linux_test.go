package store_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// small is a directory with room for two megabytes. Only the superuser can create
// one; for other users the test limits the size of the database.
func small(t *testing.T) (dir string, isSmall bool) {
	t.Helper()
	dir = tempDir(t)
	if os.Geteuid() != 0 || syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m") != nil {
		return dir, false
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir, true
}

func TestPingReportsFullDiskAndRecovery(t *testing.T) {
	t.Parallel()
	dir, isSmall := small(t)
	s := open(t, "sqlite:"+dir+"/bot.db")
	if isSmall {
		require.NoError(t, os.WriteFile(dir+"/ballast", make([]byte, 1<<20), 0o600))
	} else {
		_, err := s.DB().ExecContext(t.Context(), "PRAGMA max_page_count = 300")
		require.NoError(t, err)
	}
	require.NoError(t, s.Ping(t.Context()))
	var err error
	for i := 0; err == nil && i < 2000; i++ {
		r := asked(policy.ID("AKR-" + strconv.Itoa(10000+i)))
		r.Reason = strings.Repeat("x", 4000)
		_, err = s.Create(t.Context(), r, submitted(r))
	}
	require.ErrorContains(t, err, "full")
	if isSmall {
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrFull)
		require.ErrorIs(t, s.Ping(t.Context()), store.ErrFull, "as long as there is no room")
		require.NoError(t, os.Remove(dir+"/ballast"))
	} else {
		_, err := s.DB().ExecContext(t.Context(), "PRAGMA max_page_count = 100000")
		require.NoError(t, err)
	}
	require.NoError(t, s.Ping(t.Context()))
	r := asked("AKR-LATER")
	_, err = s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	require.NoError(t, s.QuickCheck(t.Context()), "what failed left nothing")
}

func TestBackupToFullDiskLeavesNoFile(t *testing.T) {
	t.Parallel()
	dir, isSmall := small(t)
	from := tempDir(t) + "/bot.db"
	s := open(t, "sqlite:"+from)
	for i := range 200 {
		r := asked(policy.ID("AKR-" + strconv.Itoa(10000+i)))
		r.Reason = strings.Repeat("x", 20000)
		_, err := s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
	}
	_, err := store.Backup(t.Context(), "sqlite:"+from, dir+"/copy.db", noProgress)
	if !isSmall {
		require.NoError(t, err)
		return
	}
	require.EqualError(t, err, "copying to "+dir+"/copy.db: the disk is full")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.False(t, errors.Is(s.Ping(t.Context()), store.ErrFull), "the bot's own disk is not")
}
