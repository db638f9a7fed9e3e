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

// A crashRun is one flow played once by patient people, with at most two things
// going wrong in it. The bot is a process; what it does is judged from outside.
type crashRun struct {
	*Env
	flow flow
	plan []injection // what goes wrong, if it comes to that

	listener *os.File
	logFile  string
	died     int // how often the bot had to be started again

	mu            sync.Mutex // guards what the hook shares
	process       *process
	counts        map[injectionPoint]int
	killAfterCall int // number of the call at whose end the process is killed
	triggered     bool
	violations    []string
	skew          time.Duration // of the process's clock, against the sandbox's
	began         time.Time
	took          time.Duration

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

// onCall kills the process where the trial wants it, and judges what it says.
func (w *crashRun) onCall(phase wire.Phase, call wire.Call) {
	switch {
	case phase == wire.BeforeEffect && w.triggers(call):
		w.current().kill()
		panic(http.ErrAbortHandler) // and so it never happens
	case phase == wire.AfterEffect:
		w.check(call)
		if w.isKilledAfter(call) {
			w.current().kill()
		}
	}
}

// triggers reports whether the process dies before this call has an effect.
func (w *crashRun) triggers(call wire.Call) bool {
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
		w.triggered = true
		if s.what.how == killedBefore {
			return true
		}
		w.killAfterCall = call.Seq
	}
	return false
}

func (w *crashRun) isKilledAfter(call wire.Call) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.killAfterCall != 0 && w.killAfterCall == call.Seq
}

func (w *crashRun) current() *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.process
}

// startIfExited starts the bot if it is not running, as whatever supervises it would.
// A crash point triggers once.
func (w *crashRun) startIfExited() {
	w.t.Helper()
	c := w.current()
	if c != nil && !c.isGone() {
		return
	}
	var f crashPoint
	if c == nil {
		f = w.crashPoint()
	} else {
		w.died++
		require.LessOrEqual(w.t, w.died, 3, "the bot does not stay up")
	}
	c = startProcess(w.t, w.environ, w.listener, w.logFile, w.Clock.Offset(), f)
	w.mu.Lock()
	w.process = c
	w.mu.Unlock()
}

// crashPoint is what happens at a commit.
func (w *crashRun) crashPoint() crashPoint {
	for _, s := range w.plan {
		if s.at.commit != "" {
			return crashPoint{s.at.commit, s.at.nth, s.what.how, s.what.jump}
		}
	}
	return crashPoint{}
}

// botNow is what the bot's clock says.
func (w *crashRun) botNow() time.Time { return w.Clock.Now().Add(w.skew) }

// playToEnd plays the flow to its end.
func (w *crashRun) playToEnd() report {
	w.t.Helper()
	for deadline := time.Now().Add(trialLimit); time.Now().Before(deadline); {
		w.startIfExited()
		r, err := w.current().waitIdle()
		if err != nil || !r.Idle {
			continue
		}
		w.known, w.skew = r.ids(), r.Skew
		w.checkIdle(r)
		w.people.waiting = false
		if w.personActs() {
			continue
		}
		// What Slack delivers again can have moved a request since r.
		if again, err := w.current().waitIdle(); err != nil || !again.Idle || !again.isLike(r) {
			continue
		}
		if w.isOver(r) {
			return r
		}
		w.advanceToNextDue(r)
	}
	w.t.Fatal("the flow does not come to its end")
	return report{}
}

// isOver reports whether all that was to come has come, and no one waits.
func (w *crashRun) isOver(r report) bool {
	final := !slices.ContainsFunc(r.Requests, func(q approval.Request) bool { return !q.State.Final() })
	all := len(r.Requests) >= len(w.flow.ends) || w.skew > 0 // what expired early is not changed any more
	return final && all && r.Due.IsZero() && !w.people.waiting
}

// advanceToNextDue moves the clock to when something is due, or to when a user
// loses their patience.
func (w *crashRun) advanceToNextDue(r report) {
	w.t.Helper()
	wait := r.Due.Sub(w.botNow()) + 2*time.Millisecond
	if r.Due.IsZero() {
		wait = retryAfter
		require.True(w.t, w.people.waiting, "nothing is due, no person has a button to click, and the flow is not over")
	}
	if w.people.waiting {
		wait = min(wait, retryAfter)
	}
	w.Advance(max(wait, 0))
}

// Advance moves the clock of everyone, unless something came in meanwhile.
func (w *crashRun) Advance(d time.Duration) {
	if held, err := w.current().hold(); err == nil && !held {
		return
	}
	w.Clock.Advance(d)
	_ = w.current().moveClock(w.Clock.Offset()) // a process that is gone learns it at its start
}

// happened reports whether the disturbance came about: with another order of
// things a point may not be reached.
func (w *crashRun) happened() bool {
	w.mu.Lock()
	struck, skew := w.triggered, w.skew
	w.mu.Unlock()
	journal, faults := w.logNow(), 0
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

func (w *crashRun) logNow() string {
	content, err := os.ReadFile(w.logFile)
	assert.NoError(w.t, err)
	return string(content)
}

// checkEnd is what must hold when all is over. The process is dead then, so that what
// is on disk is all there is.
func (w *crashRun) checkEnd(r report) {
	w.t.Helper()
	audit, err := w.current().audit()
	require.NoError(w.t, err)
	w.current().kill()
	fmt.Fprint(w.log, w.logNow())
	assert.NotContains(w.t, w.log.String(), "DATA RACE")
	assert.NotContains(w.t, w.log.String(), "panicked")

	w.checkOutcomes(r)
	assert.Empty(w.t, w.botKeys(), "keys that are alive after all is over")
	w.checkOneKeyAtATime()
	w.checkMessagesFollowStore(audit)
	w.checkExpiryChanges(audit)
	w.checkPosts(audit)
	w.checkDuration()
	w.checkRecipients(r)
	w.checkMessagesOnce()
	w.mu.Lock()
	assert.Empty(w.t, w.violations, "what people were told and was not true")
	w.mu.Unlock()
	w.requireNoSecretLeaked()
	w.requireNoFindings()
}

// requireNoFindings is noOptions, but that a menu stays empty if the bot is dead
// or hears nothing.
func (w *crashRun) requireNoFindings() {
	w.t.Helper()
	found := slices.DeleteFunc(w.Slack.Findings(), func(f slack.Finding) bool { return len(w.plan) > 0 && f.Kind == slack.FoundOptions })
	assert.Empty(w.t, found)
}

// play is a whole trial.
func (w *crashRun) play() report {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.explain()
		}
	}()
	r := w.clickLeftovers(w.playToEnd())
	w.checkEnd(r)
	return r
}

// explain prints what is known about a trial that failed.
func (w *crashRun) explain() {
	for _, p := range w.flow.people {
		w.t.Logf("%s sees:\n%s", p.who, describe(w.Slack.Screen(p.who)))
	}
	for _, c := range w.Wire.Calls() {
		w.t.Logf("%d %s %s %s auth=%v status=%d fault=%s", c.Seq, c.At.Format(time.TimeOnly), c.Side, c.Operation, c.Auth, c.Status, c.Fault)
	}
	w.t.Log(w.logNow())
}

// within is a context for what a person waits for; it ends with the process.
func (w *crashRun) within(d time.Duration) (context.Context, context.CancelFunc) {
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
