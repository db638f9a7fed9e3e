package atlas

import (
	"net/http"
	"strconv"
	"time"
)

// A limit is the token bucket of a set of endpoints. The numbers are those of
// the rate limit page in the Atlas documentation.
type limit struct {
	set      string
	capacity int
	refill   int // tokens per interval
	interval time.Duration
}

var (
	keyLimit      = limit{"Programmatic API Keys, organization", 500, 250, time.Minute}
	groupKeyLimit = limit{"Programmatic API Keys, project", 1200, 500, time.Minute}
	orgLimit      = limit{"Organizations", 500, 250, time.Minute}
	settingsLimit = limit{"Organization Settings", 10, 5, time.Minute}
	eventLimit    = limit{"Events", 500, 250, time.Minute}
	rootLimit     = limit{"Root", 300, 100, time.Minute}
	orgListLimit  = limit{"Organizations, user", 300, 100, time.Minute}
	groupLimit    = limit{"Projects, organization", 500, 250, time.Minute}
	groupsLimit   = limit{"Projects, user", 1200, 500, time.Minute}
	unlimited     = limit{}
)

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes one token of l's bucket and sets the headers in h. If there is none it
// refuses, with the wait in whole seconds, rounded down: 0 is possible.
func (o *Organization) take(l limit, path string, h http.Header) *refusal {
	if l.capacity == 0 {
		return nil
	}
	b := o.buckets[l.set]
	if b == nil {
		b = &bucket{tokens: float64(l.capacity), at: o.now()}
		o.buckets[l.set] = b
	}
	perToken := l.interval / time.Duration(l.refill)
	b.tokens = min(float64(l.capacity), b.tokens+float64(o.now().Sub(b.at))/float64(perToken))
	b.at = o.now()
	h.Set("RateLimit-Limit", strconv.Itoa(l.capacity))
	if b.tokens < 1 {
		wait := int(time.Duration((1 - b.tokens) * float64(perToken)).Seconds())
		h.Set("RateLimit-Remaining", "0")
		h.Set("Retry-After", strconv.Itoa(wait))
		return rateLimited.of(path[1:], wait, l.capacity, l.refill, int(l.interval.Seconds()))
	}
	b.tokens--
	h.Set("RateLimit-Remaining", strconv.Itoa(int(b.tokens)))
	return nil
}
