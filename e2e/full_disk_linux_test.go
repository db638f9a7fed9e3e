package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

// fillable gives w a file system of four megabytes for its database, which fill
// fills and drain makes room on. Only the superuser can mount one; for others
// every commit fails as on a full disk.
func fillable(t *testing.T, w *Env) (fill, drain func(), isMounted bool) {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 || syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m") != nil {
		full := func(n int) func() {
			return func() {
				kept := w.botStore.Load()
				kept.mu.Lock()
				defer kept.mu.Unlock()
				kept.full = n
			}
		}
		return full(1 << 30), full(0), false
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	w.database = filepath.Join(dir, "bot.db")
	w.environ["DATABASE_URL"] = "sqlite:" + w.database
	ballast := filepath.Join(dir, "ballast")
	fill = func() {
		file, err := os.Create(ballast)
		require.NoError(t, err)
		for err == nil {
			_, err = file.Write(make([]byte, 4096))
		}
		require.True(t, errors.Is(err, syscall.ENOSPC), "%v", err)
		require.NoError(t, file.Close())
	}
	return fill, func() { require.NoError(t, os.Remove(ballast)) }, true
}

func TestFullDiskIsReportedAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutBot(t, false)
	fill, drain, isMounted := fillable(t, w)
	w.StartBotForTest()
	id := w.requestWithoutApprovers()
	w.WaitIdle(id)
	lines := w.count(func(approval.AuditEntry) bool { return true })

	fill()
	w.Click(bob, "card/approve")
	require.Equal(t, "That didn't work and nothing was changed. Try again in a minute. If it keeps failing, tell the operator of this bot and quote "+string(id)+".", w.WaitForEphemeral(bob).Text)
	require.Equal(t, approval.StatePending, w.stored(id).State, "nothing is half done")
	require.Empty(t, w.botKeys())
	if isMounted {
		require.Equal(t, store.ErrFull.Error(), missing(t, w.address(), "database"))
	}

	drain()
	w.WaitUntil("it is over, without a restart", func() bool { return isReady(w.address()) })
	require.Equal(t, lines, w.count(func(approval.AuditEntry) bool { return true }))
	w.Click(bob, "card/approve")
	w.WaitForState(id, approval.StateApproved)
	require.NoError(t, w.store().(*store.Store).QuickCheck(t.Context()))
}
