package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// call asks a method of the Web API that slack-go knows only in part, and
// decodes the answer. Its errors are those of slack-go.
func (s *Slack) call(ctx context.Context, method string, args url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Config.APIURL+method, strings.NewReader(args.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+s.Config.Token.Reveal())
	res, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	switch seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); {
	case res.StatusCode == http.StatusTooManyRequests && err == nil:
		return &slack.RateLimitedError{RetryAfter: time.Duration(seconds) * time.Second}
	case res.StatusCode != http.StatusOK:
		return slack.StatusCodeError{Code: res.StatusCode, Status: res.Status}
	}
	return json.NewDecoder(res.Body).Decode(into)
}
