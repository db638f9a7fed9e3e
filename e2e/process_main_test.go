package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/app"
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/config"
)

// The test binary, started again with these set, is the bot in a process of its
// own that can be killed.
const (
	envProcess    = "BOT_TEST_PROCESS"
	envOffset     = "BOT_TEST_OFFSET"      // of its clock, in nanoseconds
	envCrashPoint = "BOT_TEST_CRASH_POINT" // a crashPoint, in JSON
)

// processCallTimeout stands for the time after which the bot gives a call up, and
// processSpeedup divides its waits between two tries at Atlas: no one wants to wait
// ten real seconds for each call that hangs.
const (
	processCallTimeout = 600 * time.Millisecond
	processSpeedup     = 20
)

// The process compares Atlas with its rows as soon as that is due, of which it is
// told by its clock: it looks at that all the time.
const (
	processTick  = 5 * time.Millisecond
	compareEvery = 10 * time.Minute
)

func TestMain(m *testing.M) {
	if os.Getenv(envProcess) != "" {
		os.Exit(processMain())
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		parallel.Value.Set(parallelScenarios)
	}
	os.Exit(m.Run())
}

// parallelScenarios is how many scenarios are told at the same time: most of one is
// waiting for a user.
const parallelScenarios = "6"

// A botProcess is the bot in its own process, with a clock that its parent moves.
// It ends when its parent closes stdin.
type botProcess struct {
	bot    *app.App
	offset atomic.Int64
	skew   atomic.Int64 // by which its clock has jumped
	next   atomic.Int64 // when the next comparison with Atlas is due, in Unix nanoseconds

	mu    sync.Mutex
	wake  func() // nil until there is a worker
	store *countingStore
}

// processMain is `atlas-key-bot run`, but for the clock, the listener, the shorter waits and
// the store that counts.
func processMain() int {
	offset, _ := strconv.ParseInt(os.Getenv(envOffset), 10, 64)
	config, err := config.Read(env.ToMap(os.Environ()))
	if err == nil {
		err = runProcess(config, time.Duration(offset))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		return 1
	}
	return 0
}

func runProcess(config config.Config, offset time.Duration) error {
	door, err := net.FileListener(os.NewFile(3, "door"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &botProcess{}
	c.offset.Store(int64(offset))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = processCallTimeout
	c.bot = &app.App{
		Config: config, Now: c.now, Log: app.NewLogger(os.Stderr, config), Listener: door,
		WrapStore: c.wrapStore, Transport: transport, Sleep: sleepFaster, ReconcileTick: processTick,
		OnReconciled: func(at time.Time) { c.next.Store(at.Add(compareEvery).UnixNano()) },
		OnStart: func(wake func()) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.wake = wake
		},
	}
	go c.serve(os.Stdin, os.Stdout, cancel)
	return c.bot.Run(ctx)
}

func (c *botProcess) now() time.Time {
	return time.Now().Add(time.Duration(c.offset.Load() + c.skew.Load()))
}

// jump moves the clock of this machine alone.
func (c *botProcess) jump(d time.Duration) {
	c.skew.Store(int64(d))
	c.next.Store(0) // whether the comparison with Atlas is due has to be looked at again
	if kept, wake := c.parts(); wake != nil {
		kept.changed()
		wake()
	}
}

func (c *botProcess) wrapStore(s approval.Store) approval.Store {
	c.mu.Lock()
	defer c.mu.Unlock()
	var f crashPoint
	if json.Unmarshal([]byte(os.Getenv(envCrashPoint)), &f) != nil {
		f = crashPoint{}
	}
	c.store = &countingStore{inner: s, crashPoint: f, jump: c.jump, counts: map[string]int{}, changes: 1}
	return c.store
}

func sleepFaster(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d / processSpeedup)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// serve answers one line of its parent with one line.
func (c *botProcess) serve(in io.Reader, out io.Writer, end func()) {
	defer end()
	answers := json.NewEncoder(out)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "offset":
			n, _ := strconv.ParseInt(rest, 10, 64)
			c.moveClock(time.Duration(n))
			answers.Encode("ok")
		case "hold":
			answers.Encode(c.hold())
		case "rest":
			answers.Encode(c.waitIdle())
		case "audit":
			answers.Encode(c.audit())
		}
	}
}

func (c *botProcess) moveClock(offset time.Duration) {
	kept, wake := c.parts()
	if kept != nil {
		kept.changed()
	}
	c.offset.Store(int64(offset))
	if kept != nil {
		kept.release()
	}
	if wake != nil {
		wake()
	}
}

func (c *botProcess) hold() bool {
	kept, _ := c.parts()
	return kept == nil || kept.hold()
}

func (c *botProcess) parts() (*countingStore, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.store, c.wake
}

// A report is what a process knows when it is at rest: nothing is in hand, and
// nothing is due before Due.
type report struct {
	Idle        bool                                                       `json:"rest"`
	Due         time.Time                                                  `json:"due"`  // zero: never
	Skew        time.Duration                                              `json:"skew"` // by which the clock has jumped
	Requests    []approval.Request                                         `json:"requests"`
	MessageRefs map[policy.ID]map[approval.MessageName]approval.MessageRef `json:"places"`
	Synced      map[policy.ID]bool                                         `json:"synced"` // whose messages are in sync
	Commits     map[string]int                                             `json:"commits"`
}

func (r report) ids() []policy.ID {
	var all []policy.ID
	for _, q := range r.Requests {
		all = append(all, q.ID)
	}
	return all
}

// find is the request with an id, or none.
func (r report) find(id policy.ID) approval.Request {
	for _, q := range r.Requests {
		if q.ID == id {
			return q
		}
	}
	return approval.Request{}
}

// waitIdle waits until the bot is ready and at rest, but not for long.
func (c *botProcess) waitIdle() report {
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		if kept, wake := c.parts(); wake != nil {
			now := c.now()
			compared := c.next.Load() > now.UnixNano()
			if due, resting := kept.idle(now); resting && compared && len(c.bot.Pending()) == 0 {
				return c.report(kept, due)
			}
		}
		<-time.After(3 * time.Millisecond)
	}
	return report{}
}

// report lists every request that the audit trail knows, in the order in which
// they were made.
func (c *botProcess) report(kept *countingStore, due time.Time) report {
	r := report{Idle: true, Due: due, Skew: time.Duration(c.skew.Load()), MessageRefs: map[policy.ID]map[approval.MessageName]approval.MessageRef{}, Synced: map[policy.ID]bool{}, Commits: kept.stats()}
	for _, e := range c.audit() {
		if _, known := r.MessageRefs[e.Request]; known || e.Request == "" {
			continue
		}
		q, err := kept.inner.Get(context.Background(), e.Request)
		if err != nil {
			return report{}
		}
		r.Requests = append(r.Requests, q)
		r.MessageRefs[q.ID] = q.MessageRefs
		r.Synced[q.ID] = kept.isSynced(q.ID)
	}
	return r
}

func (c *botProcess) audit() []approval.AuditEntry {
	var all []approval.AuditEntry
	if kept, _ := c.parts(); kept != nil {
		kept.inner.Audit(context.Background(), func(e approval.AuditEntry) error { all = append(all, e); return nil })
	}
	return all
}
