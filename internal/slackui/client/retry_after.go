package client

import (
	"net/http"
	"strconv"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/retryafter"
)

// A RetryAfterReader rewrites the Retry-After header of answers as a number of
// seconds of at most [approval.MaxWait]. slack-go reads nothing else: a date, as
// proxies send it, is an unknown error to it, and a long number overflows.
type RetryAfterReader struct {
	Next http.RoundTripper // nil: the default
	Now  func() time.Time
}

// RoundTrip implements [http.RoundTripper].
func (t *RetryAfterReader) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.Next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err != nil {
		return res, err
	}
	said := res.Header.Get("Retry-After")
	if wait := min(retryafter.Parse(said, t.Now()), approval.MaxWait); wait > 0 {
		res.Header.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	} else if said != "0" {
		res.Header.Del("Retry-After")
	}
	return res, nil
}
