package slackui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/slackui/client"
)

func TestForeignTextIsShortPlainAndWithoutCredentials(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":             "",
		"502 Bad Luck": "502 Bad Luck",
		"11111111-2222-4333-8444-555555555555 and more": "[left out] and more",
		"sent F298FDA3-2222-4333-8444-ABCDEFABCDEF":     "sent [left out]",
		"a token xoxb-1-2-abc in it":                    "a token [left out] in it",
		"two\nlines\tand\u2028more":                     "two lines and more",
		"\x1b[31mred\x00 ünd 🔑":                         "?[31mred? ?nd ?",
		strings.Repeat("x", 6000):                       strings.Repeat("x", 200) + "...",
		strings.Repeat("x", 1<<20):                      strings.Repeat("x", 200) + "...",
	} {
		require.Equal(t, want, client.ForeignText(given))
	}
}

func TestErrorKeepsItsCause(t *testing.T) {
	t.Parallel()
	err := client.ForeignError(fmt.Errorf("reading %s: %w", strings.Repeat("é", 500), context.Canceled))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, err.Error(), 203)
	require.NoError(t, client.ForeignError(nil))
}
