package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/wire"
)

func TestClockOnlyMovesForward(t *testing.T) {
	t.Parallel()
	var clock wire.Clock
	woken := 0
	cancel := clock.Subscribe(func() { woken++ })

	clock.Advance(time.Hour)
	clock.Advance(-2 * time.Hour)

	require.Equal(t, time.Hour, clock.Offset())
	require.WithinDuration(t, time.Now().Add(time.Hour), clock.Now(), time.Minute)
	require.Equal(t, 1, woken, "a step back is ignored")

	cancel()
	clock.Advance(time.Minute)
	require.Equal(t, 1, woken, "no call after cancel")
}
