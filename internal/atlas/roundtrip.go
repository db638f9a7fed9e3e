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

	// maxBody bounds what is read of an answer: five hundred keys are a quarter
	// of a megabyte.
	maxBody = 4 << 20
)

// A call is one call of the API, however many HTTP requests it takes.
type call struct {
	op     string // what it does, as in "creating an API key"
	method string
	path   string // escaped, with a leading slash
	query  url.Values
	body   []byte

	// noRetry forbids repeating the call after a stray 401: the caller looks first.
	noRetry bool
}

// post reports whether doing the call twice makes two of something.
func (c call) post() bool { return c.method == http.MethodPost }

// A response is what came of one HTTP request.
type response struct {
	signed     bool // the request carried a login
	sent       bool // some of it may have reached Atlas
	challenged bool // a 401 that asks for a login, again or for the first time

	status int
	header http.Header
	body   []byte
	err    error // no answer, or a body that broke off; status tells which
}

// roundTrip sends one HTTP request and reads the answer to its end, so that the
// connection can be used again.
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

// request builds the request and signs it if it can. A request that only asks
// for a challenge carries no body: nothing can come of it.
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
		return nil, errors.New("the answer is too long")
	}
	return body, nil
}
