package atlas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// mediaType carries the version of the API that this package was written
	// for; Atlas refuses requests without one.
	mediaType = "application/vnd.atlas.2023-01-01+json"

	// maxBody bounds a response body, in bytes. A page of 500 keys has a quarter
	// of a megabyte.
	maxBody = 4 << 20
)

// A call is one API call, which may take several HTTP requests.
type call struct {
	op     string // what it does, as in "creating an API key"
	method string
	path   string // escaped, with a leading slash
	query  url.Values
	body   []byte

	// noRetry forbids repeating the call after a spurious 401: the caller checks
	// first whether it took effect.
	noRetry bool
}

// post reports whether repeating the call can create a second object.
func (c call) post() bool { return c.method == http.MethodPost }

// A response is the outcome of one HTTP request.
type response struct {
	signed     bool // the request carried a credential
	sent       bool // some of it may have reached Atlas
	challenged bool // a 401 with a digest challenge

	status int
	header http.Header
	body   []byte
	err    error // no response, or a truncated body; status tells which
}

// roundTrip sends one HTTP request and reads the response to its end, so that the
// connection can be reused.
func (s *session) roundTrip(ctx context.Context, c call) (a response) {
	start := s.client.now()
	defer func() { s.note(ctx, c, a, s.client.now().Sub(start)) }()

	ctx, cancel := context.WithTimeout(ctx, s.client.timeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, signed, err := s.request(ctx, c)
	if err != nil {
		return response{err: err}
	}
	a.signed = signed
	res, err := s.client.http.Do(req)
	a.sent = connected.Load()
	if err != nil {
		a.err = sanitize(err)
		return a
	}
	defer res.Body.Close()
	a.status, a.header = res.StatusCode, res.Header
	a.body, a.err = readBody(res.Body)
	return a
}

// request builds the request and signs it if there is a challenge. An unsigned
// request, sent to obtain one, carries no body, so that it can have no effect.
func (s *session) request(ctx context.Context, c call) (*http.Request, bool, error) {
	address, err := url.Parse(strings.TrimSuffix(s.client.base.String(), "/") + c.path)
	if err != nil {
		return nil, false, errors.New("building the address of the call")
	}
	address.RawQuery = c.query.Encode()
	req, err := http.NewRequestWithContext(ctx, c.method, address.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, false, errors.New("building the request")
	}
	req.Header.Set("Accept", mediaType)
	req.Header.Set("User-Agent", "atlas-key-bot")
	if c.body != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	signed, err := s.signer.Sign(req)
	if err != nil {
		return nil, false, fmt.Errorf("signing the request: %w", err)
	}
	if !signed {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	return req, signed, nil
}

func (s *session) note(ctx context.Context, c call, a response, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("op", c.op), slog.String("method", c.method), slog.String("path", c.path),
		slog.Bool("signed", a.signed), slog.Int("status", a.status), slog.Duration("took", took),
	}
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	s.client.log.LogAttrs(ctx, slog.LevelDebug, "atlas", attrs...)
}

func readBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return body, sanitize(err)
	}
	if len(body) > maxBody {
		return nil, errors.New("the response is too long")
	}
	return body, nil
}
