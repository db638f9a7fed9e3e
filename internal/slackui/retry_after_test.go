package slackui

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
)

type limitedBy string

func (said limitedBy) RoundTrip(*http.Request) (*http.Response, error) {
	h := http.Header{}
	if said != "-" {
		h.Set("Retry-After", string(said))
	}
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: h, Body: io.NopCloser(strings.NewReader("slow down"))}, nil
}

// Whatever Slack, or a proxy before it, says about when to come back: nothing
// was done, and the wait is at most ten minutes.
func TestRetryAfterOfSlackIsCapped(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.August, 10, 3, 0, 0, 0, time.UTC)
	for said, want := range map[string]time.Duration{
		"30":                            30 * time.Second,
		"600":                           10 * time.Minute,
		"86400":                         10 * time.Minute,
		"9223372036854775807":           10 * time.Minute,
		"99999999999999999999999":       10 * time.Minute,
		"Mon, 10 Aug 2026 03:00:30 GMT": 30 * time.Second,
		"Fri, 31 Dec 9999 23:59:59 GMT": 10 * time.Minute,
		"Mon, 10 Aug 2020 03:00:30 GMT": 0,
		"-5":                            0,
		"0":                             0,
		"soon":                          0,
		"-":                             0,
	} {
		s := &client.Slack{Config: client.Config{Token: secret.New("xoxb-1"), APIURL: "https://slack.test/api/"}}
		caller := &http.Client{Transport: &client.RetryAfterReader{Next: limitedBy(said), Now: func() time.Time { return now }}}
		s.API = client.NewAPI(s.Config, caller)
		_, _, err := s.API.PostMessageContext(context.Background(), "C1", slack.MsgOptionText("x", false))
		f := client.CallError(err)
		require.NotNil(t, f, said)
		require.Equal(t, approval.Transient, f.Class, said)
		require.Equal(t, want, f.RetryAfter, said)
	}
}
