package model_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/approval/worker"
	"atlaskeybot/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A concurrentEnv is many people on several instances of the service, with two workers,
// on one SQLite file.
type concurrentEnv struct {
	t        *testing.T
	store    *store.Store
	keys     *approvaltest.Keys
	screens  *approvaltest.Messenger
	services []*service.Service
	people   []*approvaltest.Directory
	rounds   int
	winners  map[approval.Event]int // of the moves that were raced for
}

// inConcurrentEnv runs a story in a bubble: goroutines that wait for the same moment get
// there at once, on as many processors as there are. Afterwards nothing runs.
func inConcurrentEnv(t *testing.T, story func(c *concurrentEnv), edit ...func(*policy.Policy)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		require.NoError(t, err)
		c := &concurrentEnv{
			t: t, store: s, keys: &approvaltest.Keys{Now: time.Now}, screens: &approvaltest.Messenger{},
			winners: map[approval.Event]int{},
		}
		ctx, stop := context.WithCancel(context.Background())
		var workers sync.WaitGroup
		for range 2 {
			worker := c.newInstance(testPolicy(append(edit, shortWaits)...))
			workers.Go(func() { worker.Run(ctx) })
		}
		story(c)
		c.pass(15 * time.Minute)
		c.check()
		stop()
		workers.Wait()
		require.NoError(t, s.Close())
		t.Logf("who was first: %v", c.winners)
	})
	goleak.VerifyNone(t)
}

// shortWaits keeps the nights away, which cost real time on a real file.
func shortWaits(p *policy.Policy) {
	p.ExpireAfter, p.IssueWithin, p.ConfirmWithin = 5*time.Minute, 5*time.Minute, 8*time.Minute
}

// newInstance adds a worker with three services that wake it.
func (c *concurrentEnv) newInstance(p policy.Policy) *worker.Worker {
	everybody := &approvaltest.Directory{}
	everybody.Set(policy.Member, alice, bob, dana)
	everybody.Set(policy.Member, p.Approvers().Users...)
	c.people = append(c.people, everybody)
	w := worker.NewWorker(orgs(p), c.store, c.keys.Of, c.screens, everybody, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for range 3 {
		c.services = append(c.services, &service.Service{
			Store: c.store, Directory: everybody, Orgs: orgs(p), Now: time.Now, NewID: approval.NewID, Wake: w.Wake,
		})
	}
	return w
}

func (c *concurrentEnv) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// asked is a new request of alice's.
func (c *concurrentEnv) asked() approval.Request {
	c.rounds++
	r, err := c.services[0].Submit(c.t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = fmt.Sprintf("V%d", c.rounds) }))
	require.NoError(c.t, err)
	c.pass(time.Second)
	return r
}

// after is a new request after some presses.
func (c *concurrentEnv) after(presses ...approval.Event) approval.Request {
	r := c.asked()
	for _, on := range presses {
		who := alice
		if on == approval.EventApprove {
			who = bob
		}
		_, err := click{ID: r.ID, On: on, Who: who}.with(c.services[0])
		require.NoError(c.t, err)
		c.pass(time.Second)
	}
	return c.get(r.ID)
}

func (c *concurrentEnv) get(id policy.ID) approval.Request {
	r, err := c.store.Get(c.t.Context(), id)
	require.NoError(c.t, err)
	return r
}

// race lets everybody press at one moment, and asserts that of all that could
// end the state in which the request is exactly one did, and that everybody
// was told the truth.
func (c *concurrentEnv) race(r approval.Request, at time.Time, presses []click) {
	answers := c.all(at, presses)
	told := map[snapshot]int{}
	for i, err := range answers {
		require.True(c.t, err == nil || isRefusal(err), "%+v was answered with %v", presses[i], err)
		if err == nil {
			told[snapshotOf(r.ID, presses[i].On, presses[i].Who)]++
		}
	}
	recorded, refused, ends := map[snapshot]int{}, 0, []approval.Event{}
	for _, e := range c.since(r) {
		switch {
		case e.Refused != "":
			refused++
			continue
		case e.By != "":
			recorded[snapshotOf(e.Request, e.Event, e.By)]++
		}
		if e.From == r.State && e.To != r.State {
			ends = append(ends, e.Event)
		}
	}
	require.Equal(c.t, told, recorded, "what people were told is what is recorded")
	accepted := 0
	for _, n := range told {
		accepted += n
	}
	require.Equal(c.t, len(presses), accepted+refused, "everybody is in the trail once")
	require.NotEmpty(c.t, ends)
	c.winners[ends[0]]++
	if on := c.get(r.ID); on.State != approval.StateDelivered && on.Attempt == r.Attempt {
		require.Len(c.t, ends, 1)
	}
}

// all lets everybody press at one moment, and returns what they are told.
func (c *concurrentEnv) all(at time.Time, presses []click) []error {
	answers := make([]error, len(presses))
	var all sync.WaitGroup
	for i, p := range presses {
		all.Go(func() {
			<-time.After(time.Until(at))
			_, answers[i] = p.with(c.services[i%len(c.services)])
		})
	}
	all.Wait()
	c.pass(time.Second)
	return answers
}

// since lists what was recorded of a request after it was read.
func (c *concurrentEnv) since(r approval.Request) []approval.AuditEntry {
	var all []approval.AuditEntry
	version := int64(0)
	require.NoError(c.t, c.store.Audit(c.t.Context(), func(e approval.AuditEntry) error {
		if e.Request == r.ID && version >= r.Version {
			all = append(all, e)
		} else if e.Request == r.ID && e.Refused == "" {
			version++
		}
		return nil
	}))
	return all
}

// rows lists all requests.
func (c *concurrentEnv) rows() []approval.Request {
	var all []approval.Request
	for _, u := range []policy.UserID{alice, bob, dana} {
		theirs, err := c.store.ListByRequester(c.t.Context(), u)
		require.NoError(c.t, err)
		all = append(all, theirs...)
	}
	return all
}

// check asserts that the trail leads to what is stored, and that the keys that
// are alive are those that people hold.
func (c *concurrentEnv) check() {
	rows := c.rows()
	var entries []approval.AuditEntry
	require.NoError(c.t, c.store.Audit(c.t.Context(), func(e approval.AuditEntry) error { entries = append(entries, e); return nil }))
	replay(c.t, entries, rows)
	var held, alive []string
	for _, r := range rows {
		if holdsKey(r) {
			held = append(held, r.Key.ID)
		}
	}
	for _, k := range c.keys.Alive() {
		require.True(c.t, k.Restricted)
		alive = append(alive, k.ID)
	}
	slices.Sort(held)
	require.Equal(c.t, held, alive)
	shown := map[policy.ID]string{}
	for _, s := range c.screens.Revealed() {
		shown[s.Request] = s.Key.ID
	}
	for _, id := range held {
		require.Contains(c.t, slices.Collect(maps.Values(shown)), id, "the key that is held is the last one shown")
	}
}

// each repeats the presses n times, mixed.
func each(n int, presses ...click) []click {
	return slices.Repeat(presses, n)
}

func TestConcurrentDecisions(t *testing.T) {
	fifty := make([]policy.UserID, 50)
	for i := range fifty {
		fifty[i] = policy.UserID(fmt.Sprintf("U_%02d", i))
	}
	inConcurrentEnv(t, func(c *concurrentEnv) {
		for range 3 {
			r := c.asked()
			var presses []click
			for i, who := range fifty {
				presses = append(presses, click{ID: r.ID, On: []approval.Event{approval.EventApprove, approval.EventDeny}[i%2], Who: who})
			}
			c.race(r, time.Now().Add(time.Minute), presses)
		}
	}, func(p *policy.Policy) { p.Requirements = anyOf(append(fifty, bob)...) })
}

func TestConcurrentClicksIssueOneKey(t *testing.T) {
	inConcurrentEnv(t, func(c *concurrentEnv) {
		for i := range 3 {
			r := c.after(approval.EventApprove)
			c.race(r, time.Now().Add(time.Minute), each(20, click{ID: r.ID, On: approval.EventIssue, Who: alice}))
			require.Equal(c.t, i+1, c.keys.Made())
			require.Equal(c.t, approval.StateDelivered, c.get(r.ID).State)
		}
	})
}

func TestConcurrentClicksAtExpiry(t *testing.T) {
	for name, tt := range map[string]struct {
		given   []approval.Event
		at      func(approval.Request) time.Time
		presses map[approval.Event]policy.UserID
	}{
		"approve, withdraw, expire": {
			nil, func(r approval.Request) time.Time { return r.ExpiresAt },
			map[approval.Event]policy.UserID{approval.EventApprove: bob, approval.EventWithdraw: alice},
		},
		"issue, withdraw, expire": {
			[]approval.Event{approval.EventApprove}, func(r approval.Request) time.Time { return r.ExpiresAt },
			map[approval.Event]policy.UserID{approval.EventIssue: alice, approval.EventWithdraw: alice},
		},
		"confirm, replace, revoke, expire": {
			[]approval.Event{approval.EventApprove, approval.EventIssue}, func(r approval.Request) time.Time { return r.Confirmation.ConfirmBy },
			map[approval.Event]policy.UserID{approval.EventConfirm: alice, approval.EventReplace: alice, approval.EventRevoke: bob},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inConcurrentEnv(t, func(c *concurrentEnv) {
				for range 4 {
					r := c.after(tt.given...)
					at := tt.at(r)
					if r.State == approval.StateDelivered {
						c.pass(time.Until(r.Confirmation.RemindAt)) // with its reminder, a line of its own
						r = c.get(r.ID)
					}
					var presses []click
					for on, who := range tt.presses {
						presses = append(presses, click{ID: r.ID, On: on, Who: who})
					}
					c.race(r, at, each(4, presses...))
				}
			})
		})
	}
}
