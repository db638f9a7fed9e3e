package service

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cache"
)

// A caller who is refused again and again must not fill the audit trail, which is
// never cut. Their next line counts the refusals that were left out.
const (
	refusalsAtOnce = 1000
	refusalsEvery  = time.Minute
	maxRefused     = 5_000 // callers in each generation
)

// refusalPace bounds the recorded refusals of each caller. The zero value is ready.
type refusalPace struct {
	mu      sync.Mutex
	callers *cache.Cache[policy.UserID, *refusedCaller]
}

type refusedCaller struct {
	pace    *rate.Limiter
	leftOut int
}

// take reports whether a refusal of user is recorded now, and how many before it
// were left out.
func (p *refusalPace) take(user policy.UserID, now time.Time) (recorded bool, leftOut int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.callers == nil {
		p.callers = cache.New[policy.UserID, *refusedCaller](cache.Limits{TTL: refusalsAtOnce * refusalsEvery, Entries: maxRefused})
	}
	of, ok := p.callers.Get(user, now)
	if !ok {
		of = &refusedCaller{pace: rate.NewLimiter(rate.Every(refusalsEvery), refusalsAtOnce)}
	}
	p.callers.Put(user, of, now)
	if !of.pace.AllowN(now, 1) {
		of.leftOut++
		return false, 0
	}
	leftOut, of.leftOut = of.leftOut, 0
	return true, leftOut
}

// noteLeftOut adds to a note how many refusals were left out before it.
func noteLeftOut(note string, n int) string {
	if n == 0 {
		return note
	}
	if note != "" {
		note += ", "
	}
	return note + fmt.Sprintf("%d refusals before were left out", n)
}
