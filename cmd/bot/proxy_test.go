package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestCheckNamesAProxyThatRefuses(t *testing.T) {
	t.Parallel()
	proxyURL, host := refusingProxy(t)
	l := newLookout(t)
	l.set("HTTPS_PROXY", `"`+proxyURL+`"`) // docker keeps the quotes
	l.set("SLACK_API_URL", "https://slack.com/api/")
	l.set("ATLAS_BASE_URL", "https://cloud.mongodb.com")
	code, found := l.finds()
	assert.Equal(t, 1, code)
	assert.Contains(t, found, finding{"proxy", allOK, "Calls to Slack go through " + host + ", calls to Socket Mode go through " + host + ", calls to Atlas go through " + host + ".", ""})
	for _, who := range []string{"slack", "atlas"} {
		assert.Contains(t, saysOf(found, who+" connection"), "The proxy "+host+" refused: 407 Proxy Authentication Required.")
	}
	for _, f := range found {
		assert.NotContains(t, f.Says+f.Do, "hunter2")
	}
}

func TestCheckSaysWhichCallsGoThroughAProxy(t *testing.T) {
	t.Parallel()
	l := newLookout(t)
	l.set("https_proxy", "proxy.example:3128")
	l.set("no_proxy", "cloud.mongodb.com,127.0.0.1")
	c, err := readConfig(l.environ)
	require.NoError(t, err)
	c.SlackAPIURL, c.AtlasBaseURL = "https://slack.com/api/", "https://cloud.mongodb.com"
	up := &checkup{config: c}
	up.proxies()
	assert.Equal(t, []finding{{"proxy", allOK, "Calls to Slack go through proxy.example:3128, calls to Socket Mode go through proxy.example:3128.", ""}}, up.findings)

	up = &checkup{}
	up.proxies()
	assert.Empty(t, up.findings, "without one nothing is said")
}

func TestABadProxyEndsTheStart(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"HTTPS_PROXY": "http://ana:hunter2@proxy example:3128", "https_proxy": "ftp://ana:hunter2@proxy.example", "HTTP_PROXY": "http://proxy.example:port",
	} {
		_, err := readConfig(environment(set(name, value)))
		require.ErrorContains(t, err, name+": ")
		require.NotContains(t, err.Error(), "hunter2")
	}
	c, err := readConfig(environment(set("ALL_PROXY", "http://proxy.example:3128")))
	require.NoError(t, err)
	require.Equal(t, []string{"ALL_PROXY is set, and the bot does not read it: is HTTPS_PROXY meant?"}, c.warnings)
}

func TestStartNamesAProxyThatRefuses(t *testing.T) {
	t.Parallel()
	proxyURL, host := refusingProxy(t)
	config, err := readConfig(environment(set("HTTPS_PROXY", proxyURL), set("DATABASE_URL", "sqlite::memory:")))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	log := &journal{}
	w := &town{t: t, log: log}
	b := &bot{config: config, now: time.Now, log: newLog(log, config), listener: listener}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.run(ctx) }()
	w.until("/readyz names it", func() bool {
		return missing(t, listener.Addr().String(), "atlas") == "it does not answer: the proxy "+host+" refused: 407 Proxy Authentication Required"
	})
	cancel()
	require.NoError(t, <-ended)
	require.Contains(t, log.String(), "the proxy "+host+" refused: 407 Proxy Authentication Required")
	require.NotContains(t, log.String(), "hunter2")
}

func TestHealthDoesNotAskAProxy(t *testing.T) {
	// HTTP_PROXY of the process itself: only an address of this machine that is
	// not a loopback one would be asked through it.
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	asked := false
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked = true; w.WriteHeader(http.StatusBadGateway) }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	require.Nil(t, direct.Transport.(*http.Transport).Proxy)
	for _, a := range addresses {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.To4() == nil {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(network.IP.String(), "0"))
		if err != nil {
			continue
		}
		server := &http.Server{Handler: answers("ok\n")}
		go server.Serve(listener)
		code, _, errs := runs(t, map[string]string{"LISTEN": listener.Addr().String(), "HTTP_PROXY": proxy.URL}, "health")
		server.Close()
		require.Zero(t, code, errs)
	}
	require.False(t, asked)
}
