// Package atlas talks to the MongoDB Atlas Administration API: organization API
// keys, their access lists, and the little around them that a bot has to read.
//
// It is thin on purpose. What it adds to HTTP is knowing what a failed call has
// left behind: whether a key was certainly not made, or may have been. It never
// repeats a call that may have made a key, follows no redirect, and keeps no
// body of Atlas in an error: a body can hold a private key.
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

	"atlaskeybot/internal/proxy"
)

// Config is what a Client needs. BaseURL, OrgID and Login must be set.
type Config struct {
	BaseURL string // https://cloud.mongodb.com, or the sandbox
	OrgID   string // 24 hexadecimal digits
	Login   Authenticator

	// HTTP carries all calls. Nil is a transport of the client's own.
	HTTP *http.Transport

	// Proxy is how that transport gets out.
	Proxy proxy.Settings

	// Timeout ends one HTTP exchange, of which a call has one to three. Zero
	// is 20 seconds.
	Timeout time.Duration

	// Now is the clock; nil is the system's.
	Now func() time.Time

	// Sleep waits between tries, or until ctx is done. Nil really waits.
	Sleep func(ctx context.Context, d time.Duration) error

	// Log gets one debug line per exchange. Nil is silence.
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

	ownKey atomic.Pointer[string] // the id of the key the bot logs in with, once known
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
		c.sleep = sleep
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
		// A login must not be answered to whoever a redirect points at.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

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
