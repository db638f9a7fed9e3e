package slackui

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"atlaskeybot/internal/approval"
)

// A doing is what somebody does, for how fast they may do it. Each has a bucket
// of its own: whoever opens Home too often can still revoke.
type doing string

const (
	asking   doing = "asking"   // acts, and is looked up for it
	pressing doing = "pressing" // presses a button, or types a command, that changes something or opens the form for it
	sending  doing = "sending"  // sends a form
	showing  doing = "showing"  // opens, or draws again, what only shows
	choosing doing = "choosing" // chooses in a modal that follows
	typing   doing = "typing"   // types into a menu: nothing is asked of Slack
)

// paces are how fast one person may do each: so many at once, and one more
// after each pause.
var paces = map[doing]struct {
	burst int
	pause time.Duration
}{
	asking:   {15, 3 * time.Second},
	pressing: {100, time.Second},
	sending:  {30, 3 * time.Second},
	showing:  {20, 3 * time.Second},
	choosing: {30, time.Second},
	typing:   {60, 200 * time.Millisecond},
}

const (
	pacesFor = 5 * time.Minute // for at least which somebody is remembered
	pacesMax = 10_000          // buckets in each half
)

// paced bounds what one person can have the bot do, before anything is asked of
// Slack: Slack's limits are the workspace's, and one person must not use up
// everybody's.
type paced struct {
	now func() time.Time

	mu    sync.Mutex
	young map[paceKey]*pace
	old   map[paceKey]*pace
	since time.Time // of young
}

type paceKey struct {
	user approval.UserID
	what doing
}

type pace struct {
	left   *rate.Limiter
	toldAt time.Time // when the person was last told to wait
}

// tellEvery is how often somebody in a hurry is told in a way that costs a call.
const tellEvery = 5 * time.Second

func newPaced(now func() time.Time) *paced { return &paced{now: now, young: map[paceKey]*pace{}} }

// take uses up one of what user may do. If there is none left it returns how
// long it takes until there is, and whether they should be told even at the
// price of a call.
func (p *paced) take(user approval.UserID, what doing) (wait time.Duration, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	of := p.of(paceKey{user, what}, now)
	if wait = waitFor(of.left, now); wait == 0 {
		return 0, false
	}
	if since := now.Sub(of.toldAt); since < 0 || since >= tellEvery {
		of.toldAt, tell = now, true
	}
	return wait, tell
}

// of finds a bucket. Who is not seen for a while is forgotten: their bucket has
// filled up by then.
func (p *paced) of(key paceKey, now time.Time) *pace {
	if age := now.Sub(p.since); age < 0 || age >= pacesFor || len(p.young) >= pacesMax {
		p.old, p.young, p.since = p.young, map[paceKey]*pace{}, now
	}
	of := p.young[key]
	if of == nil {
		if of = p.old[key]; of == nil {
			speed := paces[key.what]
			of = &pace{left: rate.NewLimiter(rate.Every(speed.pause), speed.burst)}
		}
		p.young[key] = of
	}
	return of
}

// waitFor takes one from l and returns zero, or takes none and returns how long
// it takes until there is one.
func waitFor(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}
