package model_test

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"testing"
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
	checks, steps := given("rapid.checks", 32), given("rapid.steps", 60)
	if testing.Short() {
		checks, steps = given("rapid.checks", 3), given("rapid.steps", 30)
	}
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
	f := flag.Lookup(name)
	if n, err := strconv.Atoi(f.Value.String()); err == nil && f.Value.String() != f.DefValue {
		return n
	}
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
	tally := &stats{t: t}
	defer tally.log()
	rapid.Check(t, func(t *rapid.T) {
		open := newStore(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			lags, latencies := []time.Duration{0, 2 * time.Minute, 20 * time.Minute}, []time.Duration{0, time.Second, 4 * time.Second}
			tr := newRun(t, open, pick(t, "lag", lags), pick(t, "latency", latencies))
			tr.stats = tally
			tr.isCalm = number(t, "calm", 4) == 1
			t.Cleanup(tr.end)
			t.Cleanup(func() { tally.failed(t.Failed(), tr.history) })
			pick(t, "scene", scenarios).set(tr)
			t.Repeat(map[string]func(*rapid.T){"": func(*rapid.T) { tr.check() }, "step": tr.step})
			tr.finish()
			tally.add(tr.trail)
		})
	})
}
