package transport

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"atlaskeybot/internal/backoff"
)

const (
	reconnectMin = time.Second
	reconnectMax = 30 * time.Second

	// stableAfter is how long a connection must have stood for the next one to be
	// opened at once.
	stableAfter = time.Minute
)

// ReconnectBackoff keeps connections from being opened in a storm. slack-go opens the
// next one with no delay whenever Slack says to disconnect; with too many
// connections that is thousands of calls a second. Openings are at least a
// second apart, and further with each one that did not last.
type ReconnectBackoff struct {
	Next http.RoundTripper // nil: the default
	Now  func() time.Time

	mu          sync.Mutex
	openedAt    time.Time
	connectedAt time.Time // zero: not since openedAt
	failed      int       // connections in a row that did not last
}

// RoundTrip implements [http.RoundTripper].
func (p *ReconnectBackoff) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/apps.connections.open") {
		if err := backoff.Sleep(r.Context(), p.wait()); err != nil {
			return nil, err
		}
		p.connecting()
	}
	if p.Next == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return p.Next.RoundTrip(r)
}

// wait returns how long the next opening has to wait, and lets the one after it
// wait longer.
func (p *ReconnectBackoff) wait() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	switch {
	case p.openedAt.IsZero():
		return 0
	case !p.connectedAt.IsZero() && now.Sub(p.connectedAt) >= stableAfter:
		p.failed = 1
	default:
		p.failed++
	}
	pause := backoff.Exponential(reconnectMin, reconnectMax, p.failed)
	return max(0, p.openedAt.Add(pause).Sub(now))
}

func (p *ReconnectBackoff) connecting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.openedAt, p.connectedAt = p.Now(), time.Time{}
}

// Connected notes that Slack has greeted us on the connection of now.
func (p *ReconnectBackoff) Connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connectedAt = p.Now()
}
