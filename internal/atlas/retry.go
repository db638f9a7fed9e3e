package atlas

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"

	"atlaskeybot/internal/backoff"
	"atlaskeybot/internal/retryafter"
)

const (
	// maxTries bounds one call. The worker tries again later.
	maxTries = 3

	// maxWait bounds the waiting within one call, because a person may be waiting
	// for it.
	maxWait = 20 * time.Second

	// minWait is the shortest wait. Atlas may send "Retry-After: 0".
	minWait = time.Second
)

// A retryBudget tracks the waiting within one call.
type retryBudget struct{ last, total time.Duration }

// add sets last to the wait before the next try. It returns false if the total
// would exceed maxWait.
func (p *retryBudget) add(err *Error, try int) bool {
	wait := max(err.RetryAfter, backoff.Exponential(minWait, maxWait, try))
	if wait > maxWait { // also so that the sum below cannot overflow
		return false
	}
	p.last = wait + rand.N(wait/2) // jitter
	p.total += p.last
	return p.total <= maxWait
}

// retryAfter reads how long to wait from the header, or else from the second
// parameter of a rate limit error.
func (c *Client) retryAfter(h http.Header, body errorBody) time.Duration {
	if s := h.Get("Retry-After"); s != "" {
		if wait := retryafter.Parse(s, c.now()); wait > 0 {
			return wait
		}
	}
	if body.ErrorCode != "RATE_LIMITED_TOKEN_BUCKET" || len(body.Parameters) < 2 {
		return 0
	}
	var seconds uint32
	if json.Unmarshal(body.Parameters[1], &seconds) != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
