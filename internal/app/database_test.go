package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/store"
)

func TestGrowingWALIsLogged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	require.NoError(t, err)
	defer s.Close()
	var log bytes.Buffer
	watch := storeWatcher{bot: &App{store: s, Log: slog.New(slog.NewJSONHandler(&log, nil))}, now: time.Now}
	watch.check(t.Context())
	require.Empty(t, log.String())
	require.NoError(t, os.Truncate(path+"-wal", largeWAL)) // what follows the last change is not read
	watch.check(t.Context())
	watch.check(t.Context())
	require.Equal(t, 1, strings.Count(log.String(), `"level":"WARN","msg":"the write-ahead log of the database grows`))
	require.NotContains(t, log.String(), "ERROR")
}
