package preflight

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/config"
	"atlaskeybot/internal/config/configtest"
)

var policyOf = configtest.PolicyFile

func TestCheckNamesProxyThatRefuses(t *testing.T) {
	t.Parallel()
	proxyURL, host := refusingProxy(t)
	l := newCheckEnv(t)
	l.set("HTTPS_PROXY", `"`+proxyURL+`"`) // docker keeps the quotes
	l.set("SLACK_API_URL", "https://slack.com/api/")
	l.set("ATLAS_BASE_URL", "https://cloud.mongodb.com")
	code, found := l.check()
	assert.Equal(t, 1, code)
	assert.Contains(t, found, Finding{"proxy", OK, "Calls to Slack go through " + host + ", calls to Socket Mode go through " + host + ", calls to Atlas go through " + host + ".", ""})
	for _, who := range []string{"slack", "atlas"} {
		assert.Contains(t, messagesOf(found, who+" connection"), "The proxy "+host+" refused: 407 Proxy Authentication Required.")
	}
	for _, f := range found {
		assert.NotContains(t, f.Message+f.Hint, "hunter2")
	}
}

func TestCheckReportsCallsThroughProxy(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.set("https_proxy", "proxy.example:3128")
	l.set("no_proxy", "cloud.mongodb.com,127.0.0.1")
	c, err := config.Read(l.environ)
	require.NoError(t, err)
	c.SlackAPIURL, c.AtlasBaseURL = "https://slack.com/api/", "https://cloud.mongodb.com"
	up := &checker{config: c}
	up.proxies(t.Context())
	assert.Equal(t, []Finding{{"proxy", OK, "Calls to Slack go through proxy.example:3128, calls to Socket Mode go through proxy.example:3128.", ""}}, up.findings)

	up = &checker{}
	up.proxies(t.Context())
	assert.Empty(t, up.findings, "without one nothing is said")
}

// messagesOf is what was found by one check.
func messagesOf(found []Finding, check string) string {
	var all []string
	for _, f := range found {
		if f.Check == check {
			all = append(all, f.Message)
		}
	}
	return strings.Join(all, "\n")
}

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
