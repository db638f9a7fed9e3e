package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTypedControlCharactersAreEscaped(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	p := Env{Environ: map[string]string{}, Stdout: &out, Stderr: &errs}
	require.Equal(t, 2, Main(context.Background(), []string{"\x1b[2J\u202e"}, p), p)
	require.Equal(t, 2, Main(context.Background(), []string{"revoke", "-\u009bx"}, p), p)
	assert.NotContains(t, out.String()+errs.String(), "\x1b")
	assert.NotContains(t, out.String()+errs.String(), "\u202e")
	assert.NotContains(t, out.String()+errs.String(), "\u009b")
}
