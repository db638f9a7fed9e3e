package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStartWarnsOfMisspelledVariables(t *testing.T) {
	t.Parallel()
	e := environment(set("LOGLEVEL", "debug"), set("LISTEN", "203.0.113.9:8080"))
	code, _, errs := runs(t, e, "run")
	require.Equal(t, 1, code)
	require.Contains(t, errs, `"level":"WARN","msg":"the configuration: LOGLEVEL is set, and the bot does not read it: is LOG_LEVEL meant?"`)
}
