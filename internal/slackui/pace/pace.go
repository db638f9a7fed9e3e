package pace

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cache"
)

// An Action is a kind of thing that a user does. Each has a bucket of its own:
// a user who opens Home too often can still revoke.
type Action string

const (
	Asking     Action = "asking"   // acts, and is looked up for it
	Acting     Action = "pressing" // presses a button, or types a command, that changes something or opens the form for it
	Submitting Action = "sending"  // sends a form
	Viewing    Action = "showing"  // opens, or draws again, what only shows
	Choosing   Action = "choosing" // chooses in a modal that follows
	Typing     Action = "typing"   // types into a menu: nothing is asked of Slack
)

// paces are how fast one person may do each: so many at once, and one more
// after each pause.
var paces = map[Action]struct {
	burst int
	pause time.Duration
}{
	Asking:     {15, 3 * time.Second},
	Acting:     {100, time.Second},
	Submitting: {30, 3 * time.Second},
	Viewing:    {20, 3 * time.Second},
	Choosing:   {30, time.Second},
	Typing:     {60, 200 * time.Millisecond},
}

const (
	rememberFor = 5 * time.Minute // at least, for each user
	rememberMax = 10_000          // buckets in each generation
)

// A Limiter bounds what one person can have the bot do, before anything is asked of
// Slack: Slack's limits are the workspace's, and one person must not use up
// everybody's.
type Limiter struct {
	now func() time.Time

	mu      sync.Mutex
	buckets *cache.Cache[paceKey, *pace]
}

type paceKey struct {
	user policy.UserID
	what Action
}

type pace struct {
	left   *rate.Limiter
	toldAt time.Time // when the person was last told to wait
}

// tellEvery is how often a user who is too fast is told so, if that costs a call.
const tellEvery = 5 * time.Second

// New returns a Limiter by the clock now.
func New(now func() time.Time) *Limiter {
	return &Limiter{now: now, buckets: cache.New[paceKey, *pace](cache.Limits{TTL: rememberFor, Entries: rememberMax})}
}

// Take uses up one of what user may do. If there is none left it returns how
// long it takes until there is, and whether they should be told even at the
// price of a call.
func (p *Limiter) Take(user policy.UserID, what Action) (wait time.Duration, tell bool) {
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
func (p *Limiter) of(key paceKey, now time.Time) *pace {
	of, ok := p.buckets.Get(key, now)
	if !ok {
		speed := paces[key.what]
		of = &pace{left: rate.NewLimiter(rate.Every(speed.pause), speed.burst)}
	}
	p.buckets.Put(key, of, now)
	return of
}

// WaitFor takes one from l and returns zero, or takes none and returns how long
// it takes until there is one.
func WaitFor(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
