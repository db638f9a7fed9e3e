package approval

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval/policy"
)

// One person who is refused again and again must not fill the audit trail: it is
// kept for ever. What is left out is counted in their next line.
const (
	refusalsAtOnce = 1000
	refusalsEvery  = time.Minute
	refusersMax    = 10_000 // people remembered
)

// refusalPace bounds the recorded refusals of each person. The zero value is
// ready.
type RefusalPace struct {
	mu     sync.Mutex
	people map[policy.UserID]*refuser
}

type refuser struct {
	pace    *rate.Limiter
	leftOut int
}

// take reports whether a refusal of user is recorded now, and how many before it
// were left out.
func (p *RefusalPace) Take(user policy.UserID, now time.Time) (recorded bool, leftOut int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.people == nil || len(p.people) >= refusersMax {
		p.people = map[policy.UserID]*refuser{}
	}
	of := p.people[user]
	if of == nil {
		of = &refuser{pace: rate.NewLimiter(rate.Every(refusalsEvery), refusalsAtOnce)}
		p.people[user] = of
	}
	if !of.pace.AllowN(now, 1) {
		of.leftOut++
		return false, 0
	}
	leftOut, of.leftOut = of.leftOut, 0
	return true, leftOut
}

// noteLeftOut adds to a note how many refusals were left out before it.
func NoteLeftOut(note string, n int) string {
	if n == 0 {
		return note
	}
	if note != "" {
		note += ", "
	}
	return note + fmt.Sprintf("%d refusals before were left out", n)
}
