package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/store"
)

// open opens a database and closes it at the end of the test.
func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A damager truncates the JSON of a request.
type damager struct{ *store.Store }

func (d damager) Damage(ctx context.Context, id policy.ID) error {
	_, err := d.DB().ExecContext(ctx, `UPDATE request SET body = substr(body, 1, 20) WHERE id = $1`, id)
	return err
}

func TestFileStore(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(t *testing.T) approvaltest.Damager {
		return damager{open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))}
	})
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(t *testing.T) approvaltest.Damager { return damager{open(t, "sqlite::memory:")} })
}
