//go:build !linux

package store_test

import (
	"os"
	"testing"
)

// asUnprivileged does nothing here: run the tests as an ordinary user.
func asUnprivileged(t *testing.T, _ string) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Fatal("run the tests as an ordinary user: the superuser may write everything")
	}
}
