package cli

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/version"
)

func TestCheckPrintsHealthySetup(t *testing.T) {
	t.Parallel()
	l := newSandboxEnv(t)
	code, text, errs := runs(t, l.environ, "check")
	assert.Zero(t, code, errs)
	golden(t, "check.txt", l.timeless(text))
	code, text, errs = runs(t, l.environ, "check", "--output", "json")
	assert.Zero(t, code, errs)
	golden(t, "check.json", l.timeless(text))
	assert.Zero(t, l.Atlas.Count(), "a key was created")
}

func TestCheckRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--loud"}, {"slack"}, {"--output", "json", "slack"}} {
		var out, errs bytes.Buffer
		code := Main(t.Context(), append([]string{"check"}, args...), Env{Environ: map[string]string{}, Stdout: &out, Stderr: &errs})
		assert.Equal(t, 2, code, args)
		assert.Empty(t, out.String(), args)
	}
}

// timeless replaces what differs from run to run.
func (l *sandboxEnv) timeless(text string) string {
	u, err := url.Parse(l.URL())
	require.NoError(l.t, err)
	return strings.NewReplacer(
		u.Host, "sandbox.example", l.dir, "/var/lib/bot", version.String(), "atlas-key-bot VERSION",
	).Replace(text)
}
