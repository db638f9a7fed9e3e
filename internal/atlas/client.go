// Package atlas talks to the MongoDB Atlas Administration API: organization API
// keys, their access lists, and the little around them that the bot reads.
//
// It is thin on purpose. What it adds to HTTP is a classification of failed
// calls: whether a key was certainly not created, or may have been. It never
// repeats a call that may have created a key, follows no redirect, and keeps no
// response body in an error, because a body can hold a private key.
package atlas

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"atlaskeybot/internal/backoff"
	"atlaskeybot/internal/proxy"
)

// Config is what a Client needs. BaseURL, OrgID and Login must be set.
type Config struct {
	BaseURL string // https://cloud.mongodb.com, or the sandbox
	OrgID   string // 24 hexadecimal digits
	Login   Authenticator

	// HTTP sends all requests. If nil, the client makes a transport of its own.
	HTTP *http.Transport

	// Proxy configures that transport.
	Proxy proxy.Settings

	// Timeout bounds one HTTP round trip; a call takes one to three. Zero is 20
	// seconds.
	Timeout time.Duration

	// Now is the clock; nil is [time.Now].
	Now func() time.Time

	// Sleep waits between tries, or until ctx is done. Nil is [backoff.Sleep].
	Sleep func(ctx context.Context, d time.Duration) error

	// Log gets one debug line per round trip. If nil, nothing is logged.
	Log *slog.Logger
}

// A Client calls Atlas for one organization. It may be used by many goroutines.
type Client struct {
	base    *url.URL
	org     string
	login   Authenticator
	http    *http.Client
	timeout time.Duration
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	log     *slog.Logger

	ownKey atomic.Pointer[string] // the id of the bot's own key, once known
}

// New checks cfg and returns a Client. It does not call Atlas.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.BaseURL)
	switch {
	case err != nil || base.Host == "" || base.User != nil:
		return nil, errors.New("reading the address of Atlas: it is not a plain URL")
	case !isID(cfg.OrgID):
		return nil, errors.New("reading the organization id: it is not 24 hexadecimal digits")
	case cfg.Login == nil:
		return nil, errors.New("connecting to Atlas: no credential was given")
	}
	c := &Client{
		base:    base,
		org:     cfg.OrgID,
		login:   cfg.Login,
		timeout: cmp.Or(cfg.Timeout, 20*time.Second),
		now:     cfg.Now,
		sleep:   cfg.Sleep,
		log:     cfg.Log,
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = backoff.Sleep
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := http.RoundTripper(cfg.HTTP)
	if cfg.HTTP == nil {
		transport = cfg.Proxy.Transport()
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect target must not receive the credential.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// isID reports whether s is an Atlas object id.
func isID(s string) bool {
	if len(s) != 24 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}
