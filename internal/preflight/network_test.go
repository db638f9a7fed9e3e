package preflight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/sandbox/wire"
)

func TestCheckWithoutNetwork(t *testing.T) {
	testSetups(t, map[string]setup{
		"nothing listens": {
			func(l *checkEnv) {
				l.set("SLACK_API_URL", "http://127.0.0.1:1/api/")
				l.set("ATLAS_BASE_URL", "http://127.0.0.1:1")
			},
			Finding{"slack connection", NotOK, "Nothing listens at 127.0.0.1:1.", "Check SLACK_API_URL, and HTTPS_PROXY if there is one."},
			[]Finding{
				{"atlas connection", NotOK, "Nothing listens at 127.0.0.1:1.", "Check ATLAS_BASE_URL, and HTTPS_PROXY if there is one."},
				{"slack clock", NotChecked, "There was no answer to read the time from.", ""},
				{"slack bot token", NotChecked, "Slack was not reached.", ""},
				{"slack app token", NotChecked, "Slack was not reached.", ""},
				{"approvers", NotChecked, "Slack was not reached.", ""},
				{"atlas login", NotChecked, "Atlas was not reached.", ""},
				{"atlas address", NotChecked, "Atlas was not reached.", ""},
			},
		},
		"the connection is cut": {
			func(l *checkEnv) {
				require.NoError(l.t, l.Wire.Set(wire.Fault{Side: wire.Slack, Operation: "api.test", Mode: wire.ResetBefore, Count: -1}))
			},
			Finding{"slack connection", NotOK, "The connection to {host} broke off.", "Try again; if it stays so, something between here and there cuts it: look at firewalls and proxies."}, nil,
		},
	})
}

func TestCheckTLS(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of every refused handshake
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }

	l := newCheckEnv(t)
	l.set("SLACK_API_URL", "https://"+host(secure)+"/api/")
	l.set("ATLAS_BASE_URL", "https://"+host(plain))
	code, found := l.check()
	assert.Equal(t, 1, code)
	assert.Contains(t, found, Finding{"slack connection", NotOK, "The certificate of " + host(secure) + " is not trusted here.", "If a proxy opens TLS, tell Go its certificate with SSL_CERT_FILE."})
	assert.Contains(t, found, Finding{"atlas connection", NotOK, host(plain) + " does not speak TLS.", "Check ATLAS_BASE_URL."})
}

func TestNetworkProblem(t *testing.T) {
	t.Parallel()
	u := &url.URL{Scheme: "https", Host: "slack.com"}
	for name, tt := range map[string]struct {
		err  error
		says string
	}{
		"no such name": {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "slack.com", IsNotFound: true}}, "The name slack.com cannot be looked up."},
		"refused":      {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "Nothing listens at slack.com."},
		"too slow":     {&url.Error{Op: "Get", Err: context.DeadlineExceeded}, "slack.com did not answer within 10s."},
		"reset":        {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "The connection to slack.com broke off."},
		"anything":     {errors.New("malformed HTTP response xoxb-secret"), "The connection to slack.com broke off."},
	} {
		message, hint := networkProblem(u, "SLACK_API_URL", fmt.Errorf("calling: %w", tt.err))
		assert.Equal(t, tt.says, message, name)
		assert.NotEmpty(t, hint, name)
	}
}

func TestAtlasProblem(t *testing.T) {
	t.Parallel()
	c := &checker{config: config.Config{Variables: config.Variables{AtlasBaseURL: "https://cloud.mongodb.com"}}}
	for name, tt := range map[string]struct {
		err  error
		says string
	}{
		"a limit":             {&atlas.Error{Kind: atlas.Transient, Status: 429, Code: "RATE_LIMITED_TOKEN_BUCKET"}, "Atlas asks to wait."},
		"a refusal":           {&atlas.Error{Kind: atlas.Permanent, Status: 402, Code: "ACCOUNT_SUSPENDED"}, "Atlas refuses with ACCOUNT_SUSPENDED (status 402)."},
		"a failure":           {&atlas.Error{Kind: atlas.Transient, Status: 503}, "Atlas, or something before it, answers with status 503 and no reason."},
		"a stray 401":         {&atlas.Error{Kind: atlas.Transient, Status: 401}, "Atlas, or something before it, answers with status 401 and no reason."},
		"a page of a proxy's": {&atlas.Error{Kind: atlas.Transient, Status: 200, Err: errors.New("the answer is not JSON")}, "The answer is not one of Atlas."},
		"no answer":           {&atlas.Error{Kind: atlas.Transient, Err: context.DeadlineExceeded}, "cloud.mongodb.com did not answer within 10s."},
		"a broken connection": {&atlas.Error{Kind: atlas.Transient, Err: io.ErrUnexpectedEOF}, "The connection to cloud.mongodb.com broke off."},
		"anything":            {errors.New("secret"), "Atlas could not be asked."},
	} {
		message, hint := AtlasProblem(c.config.AtlasBaseURL, tt.err)
		assert.Equal(t, tt.says, message, name)
		assert.NotEmpty(t, hint, name)
	}
}

func TestCheckClock(t *testing.T) {
	t.Parallel()
	const theirs = "Mon, 02 Mar 2026 10:00:00 GMT"
	noon := time.Date(2026, time.March, 2, 10, 0, 0, 500_000_000, time.UTC) // the middle of that second
	const ntp = "Synchronize the clock of this machine with NTP: signatures and the expiry of keys depend on it."
	for name, tt := range map[string]struct {
		date   string
		ahead  time.Duration
		waited time.Duration
		want   Finding
	}{
		"the same":                      {theirs, 0, 0, Finding{"slack clock", OK, "This machine's clock agrees.", ""}},
		"no more than can be seen":      {theirs, 3 * time.Second, 0, Finding{"slack clock", OK, "This machine's clock agrees.", ""}},
		"a little ahead":                {theirs, 4 * time.Second, 0, Finding{"slack clock", OK, "This machine's clock is 4s ahead.", ""}},
		"thirty seconds":                {theirs, -30 * time.Second, 0, Finding{"slack clock", OK, "This machine's clock is 30s behind.", ""}},
		"more than thirty seconds":      {theirs, -31 * time.Second, 0, Finding{"slack clock", Warning, "This machine's clock is 31s behind.", ntp}},
		"four minutes":                  {theirs, 4 * time.Minute, 0, Finding{"slack clock", Warning, "This machine's clock is 4m0s ahead.", ntp}},
		"more than four minutes":        {theirs, 241 * time.Second, 0, Finding{"slack clock", NotOK, "This machine's clock is 4m1s ahead.", ntp}},
		"more than four minutes behind": {theirs, -time.Hour, 0, Finding{"slack clock", NotOK, "This machine's clock is 1h0m0s behind.", ntp}},
		"the same, after a long wait":   {theirs, 0, 8 * time.Second, Finding{"slack clock", OK, "This machine's clock agrees.", ""}},
		"no Date":                       {"", 0, 0, Finding{"slack clock", NotChecked, "The answer does not tell the time.", ""}},
	} {
		c := &checker{}
		middle := noon.Add(tt.ahead)
		c.clock("slack clock", tt.date, middle.Add(-tt.waited/2), middle.Add(tt.waited/2))
		assert.Equal(t, []Finding{tt.want}, c.findings, name)
	}
}

// Both clocks are read from real answers. Atlas's is the sandbox's, Slack's the
// one of this machine.
func TestCheckComparesClocksOfBothPlatforms(t *testing.T) {
	t.Parallel()
	l := newCheckEnv(t)
	l.Clock.Advance(2 * time.Minute)
	now := func() time.Time { return time.Now().Add(-10 * time.Minute) }
	found := RunChecks(t.Context(), l.environ, now)
	for check, starts := range map[string]string{
		"slack clock": "This machine's clock is 10m",
		"atlas clock": "This machine's clock is 12m",
	} {
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Check == check })
		require.NotEqual(t, -1, i)
		assert.Equal(t, NotOK, found[i].Result, check)
		assert.True(t, strings.HasPrefix(found[i].Message, starts) || strings.Contains(found[i].Message, "59s"), found[i].Message)
		assert.True(t, strings.HasSuffix(found[i].Message, "behind."), found[i].Message)
	}
}
