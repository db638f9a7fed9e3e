package model_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
)

// A run is one run of the model: the bot, what is around it, and what people
// were told.
type run struct {
	t         rapid.TB
	stats     *stats
	isCalm    bool // nothing goes wrong but what people do
	orgs      policy.Orgs
	spec      *spec
	keys      *approvaltest.Keys
	screens   *approvaltest.Messenger
	directory *approvaltest.Directory
	faults    *faults
	process   *process

	open  func() (approval.Store, func() error)
	store approval.Store // without what may go wrong
	close func() error

	forms   []sentForm        // what people filled in
	asked   map[int]policy.ID // what people were told that became of it
	trail   []approval.AuditEntry
	chain   approval.Chain
	ids     int
	changes int // forms for changes of live keys

	searchMoved int // how often Atlas's project was deleted or came back

	storing sync.Mutex // one change of the store at a time
	mu      sync.Mutex // guards what follows: a press may come in the middle of work
	expectations
	told     map[snapshot]account
	wrong    []string
	waiting  []*concurrentAction
	counting int // what is being counted and stored
	history  []string
}

// A concurrentAction is a press in the middle of something.
type concurrentAction struct {
	calls  int // after so many
	counts bool
	do     func()
}

// A witness writes down what failed, too: the next run may go
// otherwise.
type witness struct {
	rapid.TB
	run *run
}

func (w witness) Errorf(format string, args ...any) {
	w.run.write(format, args...)
	w.TB.Errorf(format, args...)
}

// newRun starts the bot. Atlas's lists lag, and each call takes its time.
func newRun(t rapid.TB, open func() (approval.Store, func() error), lag, latency time.Duration) *run {
	tr := &run{
		open: open, orgs: specPolicies(), expectations: newExpectations(),
		keys:    &approvaltest.Keys{Now: time.Now, Lag: lag},
		screens: &approvaltest.Messenger{}, directory: &approvaltest.Directory{},
		faults: newFaults(latency),
		asked:  map[int]policy.ID{}, told: map[snapshot]account{},
	}
	tr.t = witness{t, tr}
	tr.keys.SetOnCall(tr.faults.into(&tr.keys.Script))
	tr.screens.SetOnCall(tr.faults.into(&tr.screens.Script))
	tr.directory.SetOnCall(tr.faults.into(&tr.directory.Script))
	tr.spec = newHouse(tr.directory)
	tr.keys.Have(org, payments, search)
	tr.keys.Have(org2)
	tr.store, tr.close = open()
	tr.start()
	return tr
}

// newID gives every other request a name that is taken.
func (tr *run) newID() policy.ID {
	tr.ids++
	return policy.ID(fmt.Sprintf("AKR-%05d", tr.ids/2))
}

// reopen opens the store again and drops the leases, as at a start.
func (tr *run) reopen() {
	require.NoError(tr.t, tr.close())
	tr.store, tr.close = tr.open()
	for _, r := range tr.requests() {
		require.NoError(tr.t, tr.store.ReleaseWork(context.Background(), r.ID, -1, time.Time{}))
		require.NoError(tr.t, tr.store.ReleaseSync(context.Background(), r.ID, -1, time.Time{}, nil))
	}
}

func (tr *run) end() {
	tr.process.crash()
	tr.process.stop()
	<-tr.process.done
	tr.close()
}

func (tr *run) get(id policy.ID) approval.Request {
	r, err := tr.store.Get(context.Background(), id)
	require.NoError(tr.t, err)
	return r
}

// requests lists all requests, in the order of their names.
func (tr *run) requests() []approval.Request {
	var all []approval.Request
	for _, id := range tr.known() {
		all = append(all, tr.get(id))
	}
	return all
}

// last is a request as it was stored last.
func (tr *run) last(id policy.ID) approval.Request {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.rows[id]
}

func (tr *run) entries() []approval.AuditEntry {
	var all []approval.AuditEntry
	require.NoError(tr.t, tr.store.Audit(context.Background(), func(e approval.AuditEntry) error {
		all = append(all, e)
		return nil
	}))
	return all
}

// interrupt lets a concurrent action happen whose time has come. One that is counted against
// a limit waits until no other is being counted: the service counts one by one,
// and what interrupts runs inside of what it interrupts.
func (tr *run) interrupt() {
	tr.mu.Lock()
	var now []*concurrentAction
	tr.waiting = slices.DeleteFunc(tr.waiting, func(s *concurrentAction) bool {
		s.calls--
		isDue := s.calls <= 0 && (!s.counts || tr.counting == 0)
		if isDue {
			now = append(now, s)
		}
		return isDue
	})
	tr.mu.Unlock()
	for _, s := range now {
		s.do()
	}
}

// countOne marks, while it lasts, that requests or keys are being counted and stored:
// see interrupt.
func (tr *run) countOne() (counted func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.counting++
	return func() {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.counting--
	}
}

// write notes what happens, for the case that it went wrong.
func (tr *run) write(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.history = append(tr.history, time.Now().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// isQuiet reports whether the answer to a press can be foreseen.
func (tr *run) isQuiet() bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.process.mu.Lock()
	defer tr.process.mu.Unlock()
	return len(tr.waiting) == 0 && tr.process.fuse.calls == 0 && !tr.faults.areOfClicks()
}

// advance lets d go by, and everything happen that happens in it.
func (tr *run) advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// waitIdle repairs everything and waits until nothing is under way any more: the
// longest pause between two tries is 10 minutes, and so is the one between two
// comparisons with Atlas. In the end no call takes time, so that none is under
// way because something was due just now.
func (tr *run) waitIdle() {
	tr.calm()
	tr.advance(43 * time.Minute)
	for _, u := range people {
		if tr.spec.isMember(u) {
			tr.process.service.UserActive(context.Background(), u)
		}
	}
	tr.advance(time.Minute)
	defer tr.faults.take(tr.faults.take(0))
	tr.advance(time.Minute)
	tr.checkIdle()
}

// calm takes back what is to go wrong.
func (tr *run) calm() {
	tr.faults.heal()
	tr.mu.Lock()
	tr.waiting = nil
	tr.mu.Unlock()
	tr.process.mu.Lock()
	tr.process.fuse = plannedCrash{}
	tr.process.mu.Unlock()
}

// finish settles, lets patient people have the keys issued that they may still have, and
// waits until everything has come to its end.
func (tr *run) finish() {
	tr.calm()
	tr.faults.take(0)
	tr.waitIdle()
	tr.reactivateAll()
	tr.keys.Have(org, payments, search)
	for _, r := range tr.requests() {
		if r.State != approval.StateApproved {
			continue
		}
		issue := click{ID: r.ID, On: approval.EventIssue, Who: r.Requester}
		tr.clickNow(issue)
		tr.advance(time.Second)
		if len(tr.whyNotOwn(issue, r)) > 0 {
			continue // the key before it is gone
		}
		require.Equal(tr.t, approval.StateDelivered, tr.get(r.ID).State, "a patient person gets the key")
	}
	tr.waitIdle()
	for range 30 {
		if tr.advance(longLife); len(tr.among(isOpen)) == 0 {
			break
		}
	}
	tr.checkIdle()
	for _, r := range tr.requests() {
		require.True(tr.t, r.State.Final(), "%s is %s for ever", r.ID, r.State)
	}
	require.Empty(tr.t, tr.keys.Alive())
}
