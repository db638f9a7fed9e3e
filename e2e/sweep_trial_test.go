package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// A trial is one flow played once by patient people, with at most two things
// going wrong in it. The bot is a child; what it does is judged from outside.
type trial struct {
	*town
	flow flow
	plan []strike // what goes wrong, if it comes to that

	door    *os.File
	logFile string
	died    int // how often the bot had to be started again

	mu     sync.Mutex // guards what the hook shares
	child  *child
	counts map[point]int
	doomed int // number of the call at whose end the child is killed
	struck bool
	lies   []string
	skew   time.Duration // of the child's clock, against the sandbox's
	began  time.Time
	took   time.Duration

	people  people
	keyEnds map[policy.ID][]time.Time // when its key is to end, as that moved
	known   []policy.ID               // the requests, in the order in which they were made
}

const (
	// trialLimit is in real time.
	trialLimit = 90 * time.Second

	// ackWithin stands for Slack's three seconds.
	ackWithin = time.Second
)

// onCall kills the child where the trial wants it, and judges what it says.
func (w *trial) onCall(phase wire.Phase, call wire.Call) {
	switch {
	case phase == wire.BeforeEffect && w.strikes(call):
		w.current().kill()
		panic(http.ErrAbortHandler) // and so it never happens
	case phase == wire.AfterEffect:
		w.witness(call)
		if w.isDoomed(call) {
			w.current().kill()
		}
	}
}

// strikes reports whether the child dies before this call has an effect.
func (w *trial) strikes(call wire.Call) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := kindOf(call)
	w.counts[p]++
	p.nth = w.counts[p]
	for _, s := range w.plan {
		p.early = s.at.early
		if p != s.at || !s.what.kills() {
			continue
		}
		w.struck = true
		if s.what.how == killedBefore {
			return true
		}
		w.doomed = call.Seq
	}
	return false
}

func (w *trial) isDoomed(call wire.Call) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doomed != 0 && w.doomed == call.Seq
}

func (w *trial) current() *child {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.child
}

// revive starts the bot if it is not running, as whatever supervises it would.
// A fate comes true once.
func (w *trial) revive() {
	w.t.Helper()
	c := w.current()
	if c != nil && !c.isGone() {
		return
	}
	var f fate
	if c == nil {
		f = w.fate()
	} else {
		w.died++
		require.LessOrEqual(w.t, w.died, 3, "the bot does not stay up")
	}
	c = startChild(w.t, w.environ, w.door, w.logFile, w.Clock.Offset(), f)
	w.mu.Lock()
	w.child = c
	w.mu.Unlock()
}

// fate is what happens at a commit.
func (w *trial) fate() fate {
	for _, s := range w.plan {
		if s.at.commit != "" {
			return fate{s.at.commit, s.at.nth, s.what.how, s.what.jump}
		}
	}
	return fate{}
}

// botNow is what the bot's clock says.
func (w *trial) botNow() time.Time { return w.Clock.Now().Add(w.skew) }

// live plays the flow to its end.
func (w *trial) live() report {
	w.t.Helper()
	for deadline := time.Now().Add(trialLimit); time.Now().Before(deadline); {
		w.revive()
		r, err := w.current().rest()
		if err != nil || !r.Rest {
			continue
		}
		w.known, w.skew = r.ids(), r.Skew
		w.holdsAtRest(r)
		w.people.waiting = false
		if w.someoneActs() {
			continue
		}
		if w.isOver(r) {
			return r
		}
		w.letTimePass(r)
	}
	w.t.Fatal("the flow does not come to its end")
	return report{}
}

// isOver reports whether all that was to come has come, and nobody waits.
func (w *trial) isOver(r report) bool {
	final := !slices.ContainsFunc(r.Requests, func(q approval.Request) bool { return !q.State.Final() })
	all := len(r.Requests) >= len(w.flow.ends) || w.skew > 0 // what lapsed early is not changed any more
	return final && all && r.Due.IsZero() && !w.people.waiting
}

// letTimePass moves the clock to when something is due, or to when somebody
// loses their patience.
func (w *trial) letTimePass(r report) {
	w.t.Helper()
	wait := r.Due.Sub(w.botNow()) + 2*time.Millisecond
	if r.Due.IsZero() {
		wait = patienceOfPeople
		require.True(w.t, w.people.waiting, "nothing is due, nobody has anything to press, and it is not over")
	}
	if w.people.waiting {
		wait = min(wait, patienceOfPeople)
	}
	w.passes(max(wait, 0))
}

// passes moves the clock of everybody, unless something came in meanwhile.
func (w *trial) passes(d time.Duration) {
	if held, err := w.current().hold(); err == nil && !held {
		return
	}
	w.Clock.Advance(d)
	_ = w.current().moveClock(w.Clock.Offset()) // a child that is gone learns it at its start
}

// happened reports whether the disturbance came about: with another order of
// things a point may not be reached.
func (w *trial) happened() bool {
	w.mu.Lock()
	struck, skew := w.struck, w.skew
	w.mu.Unlock()
	journal, faults := w.journalNow(), 0
	for _, c := range w.Wire.Calls() {
		if c.Fault != "" {
			faults++
		}
	}
	for _, s := range w.plan {
		switch {
		case s.what.fault.Mode != "":
			faults--
		case s.what.how == clockJumps && skew == 0,
			s.what.fillsDisk() && !strings.Contains(journal, errDiskFull.Error()),
			s.what.kills() && s.at.commit != "" && w.died == 0,
			s.what.kills() && s.at.commit == "" && !struck:
			return false
		}
	}
	return faults >= 0
}

func (w *trial) journalNow() string {
	content, err := os.ReadFile(w.logFile)
	assert.NoError(w.t, err)
	return string(content)
}

// ends is what must hold when all is over. The child is dead then, so that what
// is on disk is all there is.
func (w *trial) ends(r report) {
	w.t.Helper()
	audit, err := w.current().audit()
	require.NoError(w.t, err)
	w.current().kill()
	fmt.Fprint(w.log, w.journalNow())
	assert.NotContains(w.t, w.log.String(), "DATA RACE")
	assert.NotContains(w.t, w.log.String(), "panicked")

	w.endedAsItShould(r)
	assert.Empty(w.t, w.botKeys(), "keys that are alive after all is over")
	w.oneAtATime()
	w.nothingSaidTooEarly(audit)
	w.endsMovedOnlyIf(audit)
	w.postsHold(audit)
	w.takesNoLongerThan()
	w.toWhomItBelongs(r)
	w.saidOnce()
	w.mu.Lock()
	assert.Empty(w.t, w.lies, "what people were told and was not true")
	w.mu.Unlock()
	w.nothingLeaked()
	w.foundNothing()
}

// foundNothing is noOptions, but that a menu stays empty if the bot is dead
// or hears nothing.
func (w *trial) foundNothing() {
	w.t.Helper()
	found := slices.DeleteFunc(w.Slack.Findings(), func(f slack.Finding) bool { return len(w.plan) > 0 && f.Kind == slack.FoundOptions })
	assert.Empty(w.t, found)
}

// play is a whole trial.
func (w *trial) play() report {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.explain()
		}
	}()
	r := w.pressesLeftovers(w.live())
	w.ends(r)
	return r
}

// explain prints what is known about a trial that failed.
func (w *trial) explain() {
	for _, p := range w.flow.people {
		w.t.Logf("%s sees:\n%s", p.who, told(w.Slack.Screen(p.who)))
	}
	for _, c := range w.Wire.Calls() {
		w.t.Logf("%d %s %s %s auth=%v status=%d fault=%s", c.Seq, c.At.Format(time.TimeOnly), c.Side, c.Operation, c.Auth, c.Status, c.Fault)
	}
	w.t.Log(w.journalNow())
}

// within is a context for what a person waits for; it ends with the child.
func (w *trial) within(d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(w.ctx(), d)
	c := w.current()
	go func() {
		select {
		case <-c.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
