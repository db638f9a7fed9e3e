package slack

import (
	"math"
	"time"
)

// bucket holds the calls that may be made at once; it fills up again evenly.
// There is one for each method, for all users of the workspace together.
type bucket struct {
	left float64
	at   time.Time
}

// spend takes one call from a bucket that holds size and fills at perSecond.
// It returns how many seconds to wait if there is none.
func (w *Workspace) spend(name string, size, perSecond float64) int {
	now := w.opts.Now()
	b, ok := w.buckets[name]
	if !ok {
		b = &bucket{left: size, at: now}
		w.buckets[name] = b
	}
	b.left = min(size, b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.left < 1 {
		return max(1, int(math.Ceil((1-b.left)/perSecond)))
	}
	b.left--
	return 0
}

func (c *call) tooFast() bool {
	if !c.w.opts.RateLimits {
		return false
	}
	perMinute := float64(c.method.tier)
	c.retryAfter = c.w.spend(c.name, perMinute, perMinute/60)
	return c.retryAfter > 0
}

func (c *call) tooFastHere() bool {
	if !c.w.opts.RateLimits {
		return false
	}
	c.retryAfter = c.w.spend("channel "+c.str("channel"), 1, 1)
	return c.retryAfter > 0
}
