package approval_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/store"
)

// TestModel lets people press, time pass, things break and the bot be
// restarted, at random, and checks after every step what has to hold. The long
// run: go test -run Model -rapid.checks=5000. It is not parallel: rapid's flags
// are the process's.
func TestModel(t *testing.T) {
	checks, steps := given("rapid.checks", 40), given("rapid.steps", 60)
	t.Run("in memory", func(t *testing.T) {
		set(t, checks, steps)
		model(t, func(*rapid.T) func() (approval.Store, func() error) {
			memory := &approvaltest.Memory{}
			return func() (approval.Store, func() error) { return memory, func() error { return nil } }
		})
	})
	t.Run("on SQLite", func(t *testing.T) {
		set(t, max(checks/8, 1), steps)
		dir, files := t.TempDir(), 0
		model(t, func(t *rapid.T) func() (approval.Store, func() error) {
			files++
			url := fmt.Sprintf("sqlite:%s/%d.db", dir, files)
			return func() (approval.Store, func() error) { // every restart opens it again
				s, err := store.Open(context.Background(), url, store.Options{})
				require.NoError(t, err)
				return s, s.Close
			}
		})
	})
}

// given is what the command line says, or else the default.
func given(name string, byDefault int) int {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == name {
			byDefault, _ = strconv.Atoi(f.Value.String())
		}
	})
	return byDefault
}

func set(t *testing.T, checks, steps int) {
	for name, n := range map[string]int{"rapid.checks": checks, "rapid.steps": steps} {
		before := flag.Lookup(name).Value.String()
		require.NoError(t, flag.Set(name, strconv.Itoa(n)))
		t.Cleanup(func() { require.NoError(t, flag.Set(name, before)) })
	}
}

func model(t *testing.T, newStore func(*rapid.T) func() (approval.Store, func() error)) {
	tally := &tally{t: t}
	defer tally.log()
	rapid.Check(t, func(t *rapid.T) {
		open := newStore(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			lags, latencies := []time.Duration{0, 2 * time.Minute, 20 * time.Minute}, []time.Duration{0, time.Second, 4 * time.Second}
			tr := newTrial(t, open, pick(t, "lag", lags), pick(t, "latency", latencies))
			tr.tally = tally
			t.Cleanup(tr.end)
			t.Cleanup(func() { tally.failed(t.Failed(), tr.journal) })
			t.Repeat(map[string]func(*rapid.T){"": func(*rapid.T) { tr.check() }, "step": tr.step})
			tr.finish()
			tally.add(tr.trail)
		})
	})
}

// A trial is one run of the model: the bot, what is around it, and what people
// were told.
type trial struct {
	t         rapid.TB
	tally     *tally
	policy    approval.Policy
	keys      *approvaltest.Keys
	screens   *approvaltest.Screens
	directory *approvaltest.Directory
	faults    *faults
	standings map[approval.UserID]approval.Standing
	process   *process

	open  func() (approval.Store, func() error)
	store approval.Store // without what may go wrong
	close func() error

	forms  []approval.UserID   // who filled them in
	asked  map[int]approval.ID // what people were told that became of them
	before map[approval.ID]approval.Request
	trail  []approval.Entry
	ids    int

	mu      sync.Mutex // guards what follows: a press may come in the middle of work
	told    map[press]account
	wrong   []string
	waiting []*surprise
	journal []string
}

// Short times make short trials, but each is longer than a rest.
const (
	shortLife = 3 * time.Hour
	longLife  = 25 * time.Hour
)

// A surprise is a press in the middle of something.
type surprise struct {
	calls int // after so many
	do    func()
}

// newTrial starts the bot. Atlas's lists lag, and each call takes its time.
func newTrial(t rapid.TB, open func() (approval.Store, func() error), lag, latency time.Duration) *trial {
	tr := &trial{
		t: t, open: open,
		keys:    &approvaltest.Keys{Now: time.Now, Lag: lag},
		screens: &approvaltest.Screens{}, directory: &approvaltest.Directory{},
		faults:    newFaults(latency),
		standings: map[approval.UserID]approval.Standing{},
		asked:     map[int]approval.ID{}, before: map[approval.ID]approval.Request{}, told: map[press]account{},
		policy: policy(func(p *approval.Policy) {
			p.ApproverUsers, p.ApproverGroups = []approval.UserID{bob}, []approval.GroupID{"S1"}
			p.PendingLapsesAfter, p.CollectWithin, p.ConfirmWithin = 4*time.Hour, 4*time.Hour, time.Hour
			p.Lifetimes = []time.Duration{shortLife, longLife}
		}),
	}
	tr.keys.OnCall, tr.screens.OnCall, tr.directory.OnCall = tr.faults.into(&tr.keys.Script), tr.faults.into(&tr.screens.Script), tr.faults.into(&tr.directory.Script)
	tr.directory.SetGroup("S1", alice, dana)
	for _, u := range people {
		tr.stand(u, map[approval.UserID]approval.Standing{gil: approval.Guest, eve: approval.Outsider}[u])
	}
	tr.store, tr.close = open()
	tr.start()
	return tr
}

// stand says what somebody is from now on; by default a member.
func (tr *trial) stand(u approval.UserID, s approval.Standing) {
	if s == "" {
		s = approval.Member
	}
	tr.standings[u] = s
	tr.directory.Set(s, u)
}

// newID gives every other request a name that is taken.
func (tr *trial) newID() approval.ID {
	tr.ids++
	return approval.ID(fmt.Sprintf("AKR-%05d", tr.ids/2))
}

// reopen opens the store again and drops the leases, as at a start.
func (tr *trial) reopen() {
	require.NoError(tr.t, tr.close())
	tr.store, tr.close = tr.open()
	for _, r := range tr.requests() {
		require.NoError(tr.t, tr.store.ReleaseWork(context.Background(), r.ID, -1, time.Time{}))
		require.NoError(tr.t, tr.store.ReleaseDrawing(context.Background(), r.ID, -1, time.Time{}))
	}
}

func (tr *trial) end() {
	tr.process.crash()
	tr.process.stop()
	<-tr.process.done
	tr.close()
}

func (tr *trial) get(id approval.ID) approval.Request {
	r, err := tr.store.Get(context.Background(), id)
	require.NoError(tr.t, err)
	return r
}

// requests lists all requests, in the order of their names.
func (tr *trial) requests() []approval.Request {
	var all []approval.Request
	for _, u := range []approval.UserID{alice, carol} {
		theirs, err := tr.store.ByRequester(context.Background(), u)
		require.NoError(tr.t, err)
		all = append(all, theirs...)
	}
	slices.SortFunc(all, func(a, b approval.Request) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (tr *trial) entries() []approval.Entry {
	var all []approval.Entry
	require.NoError(tr.t, tr.store.Audit(context.Background(), func(e approval.Entry) error {
		all = append(all, e)
		return nil
	}))
	return all
}

// interrupt lets a surprise happen whose time has come.
func (tr *trial) interrupt() {
	tr.mu.Lock()
	var now []*surprise
	tr.waiting = slices.DeleteFunc(tr.waiting, func(s *surprise) bool {
		s.calls--
		if s.calls <= 0 {
			now = append(now, s)
		}
		return s.calls <= 0
	})
	tr.mu.Unlock()
	for _, s := range now {
		s.do()
	}
}

// write notes what happens, for the case that it went wrong.
func (tr *trial) write(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.journal = append(tr.journal, time.Now().Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// isQuiet reports whether the answer to a press can be foreseen.
func (tr *trial) isQuiet() bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.process.mu.Lock()
	defer tr.process.mu.Unlock()
	return len(tr.waiting) == 0 && tr.process.fuse.calls == 0 && !tr.faults.areOfClicks()
}

// pass lets d go by, and everything happen that happens in it.
func (tr *trial) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// rest repairs everything and waits until nothing is under way any more: the
// longest pause between two tries is 10 minutes, and so is the one between two
// comparisons with Atlas. In the end no call takes time, so that none is under
// way because something was due just now.
func (tr *trial) rest() {
	tr.calm()
	tr.pass(44 * time.Minute)
	defer tr.faults.take(tr.faults.take(0))
	tr.pass(time.Minute)
	tr.checkAtRest()
}

// calm takes back what is to go wrong.
func (tr *trial) calm() {
	tr.faults.heal()
	tr.mu.Lock()
	tr.waiting = nil
	tr.mu.Unlock()
	tr.process.mu.Lock()
	tr.process.fuse = fuse{}
	tr.process.mu.Unlock()
}

// finish settles, lets patient people collect what they may still collect, and
// waits until everything has come to its end.
func (tr *trial) finish() {
	tr.calm()
	tr.faults.take(0)
	tr.rest()
	tr.stand(alice, approval.Member)
	tr.stand(carol, approval.Member)
	for _, r := range tr.requests() {
		if r.State != approval.Approved {
			continue
		}
		tr.pressNow(press{r.ID, approval.Collect, r.Requester})
		tr.pass(time.Second)
		require.Equal(tr.t, approval.Delivered, tr.get(r.ID).State, "a patient person gets the key")
	}
	tr.rest()
	tr.pass(longLife)
	tr.checkAtRest()
	for _, r := range tr.requests() {
		require.True(tr.t, r.State.Final(), "%s is %s for ever", r.ID, r.State)
	}
	require.Empty(tr.t, tr.keys.Alive())
}

// A tally counts what trials did, so that a run that did nothing is seen.
type tally struct {
	t      *testing.T
	mu     sync.Mutex
	trials int
	steps  map[string]int
	events map[string]int
	story  string
}

func (c *tally) step(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps == nil {
		c.steps = map[string]int{}
	}
	c.steps[kind]++
}

// failed prints the story of the first trial that fails. The worker's
// goroutines do not always take turns in the same way, so that the trial may
// not fail again.
func (c *tally) failed(isFailed bool, journal []string) {
	if isFailed && c.story == "" {
		c.story = strings.Join(journal[max(0, len(journal)-400):], "\n")
		c.t.Log("the first failure:\n" + c.story)
	}
}

func (c *tally) add(trail []approval.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events == nil {
		c.events = map[string]int{}
	}
	c.trials++
	for _, e := range trail {
		if e.Refused != "" {
			c.events["refused "+e.Refused]++
			continue
		}
		c.events[fmt.Sprintf("%s %s %s", e.From, e.Event, e.To)]++
	}
}

func (c *tally) log() {
	total := 0
	for _, n := range c.steps {
		total += n
	}
	c.t.Logf("%d trials, %d steps", c.trials, total)
	for _, counts := range []map[string]int{c.steps, c.events} {
		line := ""
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			line += fmt.Sprintf("  %s: %d\n", kind, counts[kind])
		}
		c.t.Log("\n" + line)
	}
}
