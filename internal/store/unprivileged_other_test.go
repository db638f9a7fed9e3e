//go:build !linux

package store_test

import (
	"os"
	"testing"
)

// asNobody cannot be anybody else here: run the tests as an ordinary user.
func asNobody(t *testing.T, _ string) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Fatal("run the tests as an ordinary user: the superuser may write everything")
	}
}
