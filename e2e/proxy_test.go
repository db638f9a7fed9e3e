package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/config"
)

// refusingProxy answers every CONNECT with 407.
func refusingProxy(t *testing.T) (proxyURL, host string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(server.Close)
	host = server.Listener.Addr().String()
	return "http://ana:hunter2@" + host, host
}

func TestStartNamesRefusingProxy(t *testing.T) {
	t.Parallel()
	proxyURL, host := refusingProxy(t)
	config, err := config.Read(environment(set("HTTPS_PROXY", proxyURL), set("DATABASE_URL", "sqlite::memory:")))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	log := &logBuffer{}
	w := &Env{t: t, log: log}
	b := &app.App{Config: config, Now: time.Now, Log: app.NewLogger(log, config), Listener: listener}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	w.WaitUntil("/readyz names it", func() bool {
		return missing(t, listener.Addr().String(), "atlas") == "it does not answer: the proxy "+host+" refused: 407 Proxy Authentication Required"
	})
	cancel()
	require.NoError(t, <-ended)
	require.Contains(t, log.String(), "the proxy "+host+" refused: 407 Proxy Authentication Required")
	require.NotContains(t, log.String(), "hunter2")
}
