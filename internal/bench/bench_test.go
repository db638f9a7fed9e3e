package bench

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test binary is also the bot and the floor, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == botCommand || os.Args[1] == floorCommand) {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A short run says nothing of speed, but each figure is there, and people got their keys.
func TestShortRunMeasuresEverything(t *testing.T) {
	docs := t.TempDir()
	file := filepath.Join(docs, "performance.md")
	require.NoError(t, os.WriteFile(file, []byte("before\n"+tableStarts+"old\n"+tableEnds+"\nafter\n"), 0o600))
	var said bytes.Buffer
	code := Main(t.Context(), []string{"--length", "200ms", "--finished", "2,4", "--active", "4", "--pending", "2", "--docs", docs}, io.Discard, &said)
	require.Zero(t, code, said.String())

	written, err := os.ReadFile(file)
	require.NoError(t, err)
	text := string(written)
	assert.True(t, strings.HasPrefix(text, "before\n") && strings.HasSuffix(text, "after\n") && !strings.Contains(text, "old"), text)
	for _, row := range []string{
		"slash commands a second, bot / floor", "ack at 20 commands a second", "ready after, 4 finished requests",
		"flows until saved, a second, 2 finished requests", "calls of a flow, 4", "Home of an approver, median / p99, 4",
		"Home with 4 active keys and 2 pending", "time of a flow, 4 / 2", "Home, 4 / 2",
	} {
		assert.Contains(t, text, row)
	}
	assert.NotContains(t, text, "NaN")
	assert.NotContains(t, text, "Inf")
	picture, err := os.ReadFile(filepath.Join(docs, "performance.svg"))
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(string(picture), "<circle"), "two points in each of two panels")
}

func TestSoakFailsIfWhatTheBotUsesGrows(t *testing.T) {
	t.Parallel()
	flat := sample{resident: 30 << 20, wal: 4 << 20, goroutines: 25, files: 19}
	samples := func(last sample) []sample { return []sample{{}, flat, flat, last} } // the first is not looked at
	for _, c := range []struct {
		name string
		last sample
		want string
	}{
		{"flat", flat, ""},
		{"a fifth more is flat", sample{resident: 36 << 20, wal: 4 << 20, goroutines: 30, files: 19}, ""},
		{"memory", sample{resident: 40 << 20, wal: 4 << 20, goroutines: 25, files: 19}, "memory grew"},
		{"goroutines", sample{resident: 30 << 20, wal: 4 << 20, goroutines: 31, files: 19}, "goroutines grew from 25 to 31"},
		{"files", sample{resident: 30 << 20, wal: 4 << 20, goroutines: 25, files: 24}, "files grew"},
		{"WAL", sample{resident: 30 << 20, wal: 6 << 20, goroutines: 25, files: 19}, "WAL grew"},
	} {
		s := &soak{out: io.Discard, samples: samples(c.last)}
		err := s.judge()
		if c.want == "" {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorContains(t, err, c.want, c.name)
		}
	}
	short := &soak{out: io.Discard, samples: []sample{flat}}
	require.ErrorContains(t, short.judge(), "too short")
}
