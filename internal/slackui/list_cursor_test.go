package slackui

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/view"
)

func TestPageCursorRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 5_000_000, time.UTC)
	got, ok := parseCursor(view.CursorValue(approval.Request{ID: "AKR-7F3K2", RequestedAt: at}))
	require.True(t, ok)
	assert.True(t, got.RequestedAt.Equal(at))
	assert.Equal(t, policy.ID("AKR-7F3K2"), got.ID)
	for _, bad := range []string{"", ".", "1", "1.", ".AKR-7F3K2", "0.AKR-7F3K2", "-5.AKR-7F3K2", "1e9.AKR-7F3K2", "99999999999999999.AKR-7F3K2", "1.AKR-7F3K2' OR 1", "1.2.AKR-7F3K2"} {
		_, ok := parseCursor(bad)
		assert.False(t, ok, bad)
	}
}
