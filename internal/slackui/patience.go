package slackui

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	patienceMin = time.Second
	patienceMax = 30 * time.Second

	// lasting is how long a connection must have stood for the next one to be
	// opened at once.
	lasting = time.Minute
)

// patience keeps connections from being opened in a storm. slack-go opens the
// next one with no delay whenever Slack says to disconnect; with too many
// connections that is thousands of calls a second. Openings are at least a
// second apart, and further with each one that did not last.
type patience struct {
	next http.RoundTripper // nil: the default
	now  func() time.Time

	mu       sync.Mutex
	openedAt time.Time
	helloAt  time.Time // zero: not since openedAt
	pause    time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (p *patience) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/apps.connections.open") {
		timer := time.NewTimer(p.wait())
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		p.opening()
	}
	if p.next == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return p.next.RoundTrip(r)
}

// wait returns how long the next opening has to wait, and lets the one after it
// wait longer.
func (p *patience) wait() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	switch {
	case p.openedAt.IsZero():
		return 0
	case !p.helloAt.IsZero() && now.Sub(p.helloAt) >= lasting:
		p.pause = patienceMin
	default:
		p.pause = min(max(2*p.pause, patienceMin), patienceMax)
	}
	return max(0, p.openedAt.Add(p.pause).Sub(now))
}

func (p *patience) opening() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.openedAt, p.helloAt = p.now(), time.Time{}
}

// hello notes that Slack has greeted us on the connection of now.
func (p *patience) hello() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.helloAt = p.now()
}
