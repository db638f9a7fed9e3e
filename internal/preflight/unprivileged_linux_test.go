package preflight

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const unprivilegedID = 65534

// asUnprivileged gives dir and what is in it to an ordinary user and opens files as
// that user for the rest of the test, if the tests are run by the superuser,
// who may write everything. The thread is not used again.
func asUnprivileged(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, f := range append(files, dir) {
		require.NoError(t, os.Chown(f, unprivilegedID, unprivilegedID))
	}
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // the way there
	runtime.LockOSThread()
	require.NoError(t, syscall.Setfsuid(unprivilegedID))
	t.Cleanup(func() { require.NoError(t, syscall.Setfsuid(0)) })
}
