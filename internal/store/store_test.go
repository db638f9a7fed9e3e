package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/store"
)

// open opens a database that is closed with the test.
func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStoreOnAFile(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(t *testing.T) approval.Store {
		return open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))
	})
}

func TestStoreInMemory(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(t *testing.T) approval.Store { return open(t, "sqlite::memory:") })
}
