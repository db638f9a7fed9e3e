package pace

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cache"
)

// A doing is what somebody does, for how fast they may do it. Each has a bucket
// of its own: whoever opens Home too often can still revoke.
type Doing string

const (
	Asking   Doing = "asking"   // acts, and is looked up for it
	Pressing Doing = "pressing" // presses a button, or types a command, that changes something or opens the form for it
	Sending  Doing = "sending"  // sends a form
	Showing  Doing = "showing"  // opens, or draws again, what only shows
	Choosing Doing = "choosing" // chooses in a modal that follows
	Typing   Doing = "typing"   // types into a menu: nothing is asked of Slack
)

// paces are how fast one person may do each: so many at once, and one more
// after each pause.
var paces = map[Doing]struct {
	burst int
	pause time.Duration
}{
	Asking:   {15, 3 * time.Second},
	Pressing: {100, time.Second},
	Sending:  {30, 3 * time.Second},
	Showing:  {20, 3 * time.Second},
	Choosing: {30, time.Second},
	Typing:   {60, 200 * time.Millisecond},
}

const (
	pacesFor = 5 * time.Minute // for at least which somebody is remembered
	pacesMax = 10_000          // buckets in each generation
)

// paced bounds what one person can have the bot do, before anything is asked of
// Slack: Slack's limits are the workspace's, and one person must not use up
// everybody's.
type Paced struct {
	now func() time.Time

	mu      sync.Mutex
	buckets *cache.Cache[paceKey, *pace]
}

type paceKey struct {
	user policy.UserID
	what Doing
}

type pace struct {
	left   *rate.Limiter
	toldAt time.Time // when the person was last told to wait
}

// tellEvery is how often somebody in a hurry is told in a way that costs a call.
const tellEvery = 5 * time.Second

func NewPaced(now func() time.Time) *Paced {
	return &Paced{now: now, buckets: cache.New[paceKey, *pace](cache.Limits{TTL: pacesFor, Entries: pacesMax})}
}

// take uses up one of what user may do. If there is none left it returns how
// long it takes until there is, and whether they should be told even at the
// price of a call.
func (p *Paced) Take(user policy.UserID, what Doing) (wait time.Duration, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	of := p.of(paceKey{user, what}, now)
	if wait = WaitFor(of.left, now); wait == 0 {
		return 0, false
	}
	if !approval.IsWithin(of.toldAt, now, tellEvery) {
		of.toldAt, tell = now, true
	}
	return wait, tell
}

// of finds a bucket. Who is not seen for a while is forgotten: their bucket has
// filled up by then.
func (p *Paced) of(key paceKey, now time.Time) *pace {
	of, ok := p.buckets.Get(key, now)
	if !ok {
		speed := paces[key.what]
		of = &pace{left: rate.NewLimiter(rate.Every(speed.pause), speed.burst)}
	}
	p.buckets.Put(key, of, now)
	return of
}

// retryUntilReady takes one from l and returns zero, or takes none and returns how long
// it takes until there is one.
func WaitFor(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
