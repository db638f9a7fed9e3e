package model_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"atlaskeybot/internal/approval"
)

// A stats counts what runs did, so that a run that did nothing is seen.
type stats struct {
	t      *testing.T
	mu     sync.Mutex
	trials int
	steps  map[string]int
	events map[string]int
	story  string
}

func (c *stats) step(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps == nil {
		c.steps = map[string]int{}
	}
	c.steps[kind]++
}

// failed prints the history of the first run that fails. The worker's
// goroutines do not always take turns in the same way, so that the run may
// not fail again.
func (c *stats) failed(isFailed bool, journal []string) {
	if isFailed && c.story == "" {
		c.story = strings.Join(journal[max(0, len(journal)-400):], "\n")
		c.t.Log("the first failure:\n" + c.story)
	}
}

func (c *stats) add(trail []approval.AuditEntry) {
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

func (c *stats) log() {
	total := 0
	for _, n := range c.steps {
		total += n
	}
	c.t.Logf("%d runs, %d steps", c.trials, total)
	for _, counts := range []map[string]int{c.steps, c.events} {
		line := ""
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			line += fmt.Sprintf("  %s: %d\n", kind, counts[kind])
		}
		c.t.Log("\n" + line)
	}
}
