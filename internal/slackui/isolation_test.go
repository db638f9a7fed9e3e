package slackui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

func TestCallErrorsAreClassified(t *testing.T) {
	t.Parallel()
	said := func(code string) error { return slack.SlackErrorResponse{Err: code} }
	for name, tt := range map[string]struct {
		err   error
		want  approval.FailureClass
		code  string
		after time.Duration
	}{
		"429 with a time":           {&slack.RateLimitedError{RetryAfter: 7 * time.Second}, approval.Transient, "ratelimited", 7 * time.Second},
		"429 without":               {slack.StatusCodeError{Code: 429}, approval.Transient, "http_429", 0},
		"200 with ratelimited":      {said("ratelimited"), approval.Transient, "ratelimited", 0},
		"an error of the server":    {slack.StatusCodeError{Code: 503}, approval.Indeterminate, "http_503", 0},
		"Slack's own failure":       {said("internal_error"), approval.Indeterminate, "internal_error", 0},
		"a broken connection":       {io.ErrUnexpectedEOF, approval.Indeterminate, "", 0},
		"not in the channel":        {said("not_in_channel"), approval.Permanent, "not_in_channel", 0},
		"an archived channel":       {said("is_archived"), approval.Permanent, "is_archived", 0},
		"the messages tab is off":   {said("messages_tab_disabled"), approval.Permanent, "messages_tab_disabled", 0},
		"blocks that Slack refuses": {said("invalid_blocks"), approval.Permanent, "invalid_blocks", 0},
		"a wrapped fault":           {fmt.Errorf("around: %w", client.MalformedResponse("chat.update")), approval.Indeterminate, "unclear_answer", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := client.CallError(fmt.Errorf("calling: %w", tt.err))
			require.Equal(t, tt.want, f.Class)
			require.Equal(t, tt.code, f.Code)
			require.Equal(t, tt.after, f.RetryAfter)
		})
	}
	require.Nil(t, client.CallError(nil))
	require.Empty(t, client.CodeOf(nil))
}

func TestResponseURLMustBeSlacks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		api, link string
		want      bool
	}{
		"Slack":                           {"https://slack.com/api/", "https://hooks.slack.com/actions/T1/1/x", true},
		"Slack without TLS":               {"https://slack.com/api/", "http://hooks.slack.com/actions/T1/1/x", false},
		"a host that looks like Slack":    {"https://slack.com/api/", "https://hooks.slack.com.evil.example/x", false},
		"a host behind Slack's name":      {"https://slack.com/api/", "https://hooks.slack.com@evil.example/x", false},
		"Slack on another port":           {"https://slack.com/api/", "https://hooks.slack.com:8443/x", false},
		"this machine":                    {"https://slack.com/api/", "http://127.0.0.1:8080/x", false},
		"a cloud's metadata":              {"https://slack.com/api/", "http://169.254.169.254/latest", false},
		"nothing":                         {"https://slack.com/api/", "", false},
		"the sandbox":                     {"http://127.0.0.1:4000/api/", "http://127.0.0.1:4000/response/1", true},
		"another port beside the sandbox": {"http://127.0.0.1:4000/api/", "http://127.0.0.1:4001/response/1", false},
		"a proxy of the API":              {"https://slack.corp.example/api/", "https://slack.corp.example/response/1", true},
		"GovSlack":                        {"https://slack-gov.com/api/", "https://hooks.slack-gov.com/actions/T1/1/x", true},
		"GovSlack by its www":             {"https://www.slack-gov.com/api/", "https://hooks.slack-gov.com/commands/T1/1/x", true},
		"GovSlack without TLS":            {"https://slack-gov.com/api/", "http://hooks.slack-gov.com/x", false},
		"GovSlack on another port":        {"https://slack-gov.com/api/", "https://hooks.slack-gov.com:444/x", false},
		"GovSlack for Slack":              {"https://slack.com/api/", "https://hooks.slack-gov.com/x", false},
		"Slack for GovSlack":              {"https://slack-gov.com/api/", "https://hooks.slack.com/x", false},
		"a host whose name ends like it":  {"https://slack-gov.com/api/", "https://hooks.evilslack-gov.com/x", false},
		"a host that has its name inside": {"https://slack-gov.com/api/", "https://hooks.slack-gov.com.evil.example/x", false},
		"below hooks":                     {"https://slack-gov.com/api/", "https://x.hooks.slack-gov.com/x", false},
		"beside hooks":                    {"https://slack-gov.com/api/", "https://files.slack-gov.com/x", false},
		"behind its name":                 {"https://slack-gov.com/api/", "https://hooks.slack-gov.com@evil.example/x", false},
		"hooks of a public suffix":        {"https://slack.co.uk/api/", "https://hooks.co.uk/x", false},
		"hooks of a proxy's domain":       {"https://slack.corp.example/api/", "https://hooks.corp.example/x", true},
		"Slack behind a proxy":            {"https://slack.corp.example/api/", "https://hooks.slack.com/x", true},
		"hooks of an address":             {"https://10.0.0.1/api/", "https://hooks.0.1/x", false},
		"a proxy of the API without TLS":  {"http://slack.corp.example/api/", "http://slack.corp.example/response/1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, client.NewResponder(tt.api, nil).Follows(tt.link))
		})
	}
}

func TestKeyMessageRemovalIsRetriedAFewTimes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		statuses []int
		calls    int
		fails    bool
	}{
		"at once":               {[]int{200}, 1, false},
		"at the third try":      {[]int{500, 503, 200}, 3, false},
		"never":                 {[]int{500, 500, 500, 500, 500}, 4, true},
		"the link is used up":   {[]int{404}, 1, true},
		"Slack asks for a rest": {[]int{429, 200}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				caller := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					body, _ := io.ReadAll(r.Body)
					assert.JSONEq(t, `{"delete_original":true}`, string(body))
					calls++
					return &http.Response{StatusCode: tt.statuses[calls-1], Body: io.NopCloser(strings.NewReader(""))}, nil
				})}
				err := client.NewResponder("https://slack.com/api/", caller).DeleteOriginal(t.Context(), "https://hooks.slack.com/x-secret")
				require.Equal(t, tt.fails, err != nil)
				require.Equal(t, tt.calls, calls)
				if err != nil {
					require.NotContains(t, err.Error(), "x-secret")
				}
			})
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestConnectionsOpenWithBackoff: slack-go would call without a pause.
func TestConnectionsOpenWithBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened []time.Duration
		start := time.Now()
		p := &transport.ReconnectBackoff{Now: time.Now, Next: roundTrip(func(*http.Request) (*http.Response, error) {
			opened = append(opened, time.Since(start))
			return nil, errors.New("too_many_websockets")
		})}
		call := func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://slack.com/api/apps.connections.open", nil)
			require.NoError(t, err)
			_, err = p.RoundTrip(r)
			require.Error(t, err)
		}
		for range 8 {
			call()
		}
		s := time.Second
		require.Equal(t, []time.Duration{0, 1 * s, 3 * s, 7 * s, 15 * s, 31 * s, 61 * s, 91 * s}, opened)

		p.Connected()
		synctest.Wait()
		<-time.After(2 * time.Minute) // of the bubble: the connection lasts
		call()
		require.Equal(t, 91*s+2*time.Minute, opened[8], "after one that lasted, at once")
		call()
		require.Equal(t, opened[8]+2*s, opened[9])
	})
}

func TestPanicIsIsolated(t *testing.T) {
	t.Parallel()
	var log safeBuilder
	a := &App{log: slog.New(slog.NewTextHandler(&log, nil)), semaphore: make(chan struct{}, maxInFlight)}
	require.True(t, a.Start(t.Context(), func(ctx context.Context) { panic("typed: hunter2") }))
	a.Wait()
	require.Contains(t, log.String(), "a delivery panicked")
	require.NotContains(t, log.String(), "hunter2")

	release := make(chan struct{})
	for range maxInFlight {
		require.True(t, a.Start(t.Context(), func(context.Context) { <-release }))
	}
	require.False(t, a.Start(t.Context(), func(context.Context) {}), "what is in hand is bounded")
	close(release)
	a.Wait()
	require.True(t, a.Start(t.Context(), func(context.Context) {}))
	a.Wait()
}

// The goroutines that look ahead for a form end by themselves, and the form is
// opened without what they would have found.
func TestPanicOfPrefetchIsIsolated(t *testing.T) {
	t.Parallel()
	var log safeBuilder
	a := &App{log: slog.New(slog.NewTextHandler(&log, nil))} // without a service
	k := view.KeyTarget{Org: policy.Org{ID: "o"}}
	looked := make(chan view.FormPreview, 2)
	go func() { looked <- a.previewOf(t.Context(), policy.Actor{}, policy.Form{}, time.Second) }()
	go func() { looked <- a.previewChange(t.Context(), policy.Actor{}, k, time.Hour) }()
	require.True(t, (<-looked).Unknown)
	require.True(t, (<-looked).Unknown)
	require.Contains(t, log.String(), "level=ERROR")
}

func TestPanicOfHTTPRequestIsIsolated(t *testing.T) {
	t.Parallel()
	var log safeBuilder
	h := transport.NewHTTP(&client.Slack{Config: client.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}}, nil)
	h.Routes.HandleFunc("POST /slack/broken", func(http.ResponseWriter, *http.Request) { panic("typed: hunter2") })
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/slack/broken", nil))
	require.Equal(t, http.StatusInternalServerError, answer.Code)
	require.Contains(t, log.String(), "level=ERROR")
	require.NotContains(t, log.String(), "hunter2")
}

// A frame whose handling panics costs neither the connection nor the process.
func TestPanicOfSocketFrameIsIsolated(t *testing.T) {
	t.Parallel()
	var log safeBuilder
	d := &transport.Socket{Log: slog.New(slog.NewTextHandler(&log, nil))}
	d.Handle(t.Context(), nil, socketmode.Event{Type: socketmode.EventTypeSlashCommand}, nil) // without a request
	require.Contains(t, log.String(), "level=ERROR")
}

type safeBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuilder) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
