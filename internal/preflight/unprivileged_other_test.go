//go:build !linux

package preflight

import (
	"os"
	"testing"
)

// asUnprivileged cannot change the user here: run the tests as an ordinary user.
func asUnprivileged(t *testing.T, _ string) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Fatal("run the tests as an ordinary user: the superuser may write everything")
	}
}
