package slackui

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/slackui/mrkdwn"
)

// TestNoScreenShowsZeroTime draws every message in every situation, also in
// those in which no user draws it: a time that is not recorded is never a date.
func TestNoScreenShowsZeroTime(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, "at an unknown time", mrkdwn.Date(time.Time{}))
	require.Equal(t, "at an unknown time", mrkdwn.UTC(time.Time{}))
	for name, screen := range everything() {
		walk(screen, "", func(path string, n node) {
			for key, v := range n {
				text, _ := v.(string)
				require.False(t, strings.Contains(text, "0001 00:00") || strings.Contains(text, "date^-"), "%s%s.%s: %s", name, path, key, text)
			}
		})
	}
	for name, screen := range screens() { // which people do see
		sent, err := json.Marshal(screen)
		require.NoError(t, err)
		require.NotContains(t, string(sent), "unknown time", name)
	}
}
