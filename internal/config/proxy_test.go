package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvalidProxyIsAProblem(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"HTTPS_PROXY": "http://ana:hunter2@proxy example:3128", "https_proxy": "ftp://ana:hunter2@proxy.example", "HTTP_PROXY": "http://proxy.example:port",
	} {
		_, err := Read(environment(set(name, value)))
		require.ErrorContains(t, err, name+": ")
		require.NotContains(t, err.Error(), "hunter2")
	}
	c, err := Read(environment(set("ALL_PROXY", "http://proxy.example:3128")))
	require.NoError(t, err)
	require.Equal(t, []string{"ALL_PROXY is set, and the bot does not read it: is HTTPS_PROXY meant?"}, c.Warnings)
}
