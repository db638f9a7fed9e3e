package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// SWEEP=full tries everything everywhere. Otherwise every point is tried with
// every way to be killed, and with a few others that SWEEP_SEED chooses.
const (
	atOnce    = 6
	fewOthers = 1
)

// TestSweep plays every flow once undisturbed, and then again for every point
// at which it can be disturbed and every way to do so.
func TestSweep(t *testing.T) {
	full := os.Getenv("SWEEP") == "full"
	seed, _ := strconv.ParseUint(os.Getenv("SWEEP_SEED"), 10, 64)
	seed = cmp.Or(seed, rand.Uint64N(1_000_000)+1)
	t.Logf("SWEEP_SEED=%d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))

	began := time.Now()
	var jobs []job
	var rows []*row
	for i, f := range flows() {
		points := discover(t, f)
		r := &row{flow: f.name, points: len(points)}
		rows = append(rows, r)
		for _, p := range points {
			if p.early && i > 0 {
				continue // the start is the same for all
			}
			for _, d := range chosen(disturbances(p), full, chance) {
				jobs = append(jobs, job{f, p, d, r})
			}
		}
	}
	chance.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	work(t, jobs)
	t.Logf("%d trials in %s\n%s", len(jobs), time.Since(began).Round(time.Second), table(rows))
}

// A job is one trial to come.
type job struct {
	flow flow
	at   point
	what disturbance
	row  *row
}

// chosen is what is tried at one point.
func chosen(all []disturbance, full bool, chance *rand.Rand) []disturbance {
	if full {
		return all
	}
	var some, others []disturbance
	for _, d := range all {
		if d.kills() {
			some = append(some, d)
		} else {
			others = append(others, d)
		}
	}
	chance.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	return append(some, others[:min(fewOthers, len(others))]...)
}

// discover plays a flow undisturbed and lists its points.
func discover(t *testing.T, f flow) (points []point) {
	t.Helper()
	t.Run(f.name+"/undisturbed", func(t *testing.T) {
		w := newTrial(t, f, point{}, disturbance{})
		w.revive()
		lastEarly := 0
		for lastEarly == 0 {
			if r, err := w.current().rest(); err == nil && r.Rest {
				lastEarly = len(w.Wire.Calls())
			}
		}
		r := w.play()
		require.Zero(t, w.died)
		points = pointsOf(w.Wire.Calls(), lastEarly, r.Commits)
	})
	return points
}

// work tries the jobs, a few at a time: most of a trial is waiting.
func work(t *testing.T, jobs []job) {
	queue := make(chan job)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for j := range queue {
				try(t, j)
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	workers.Wait()
}

func try(t *testing.T, j job) {
	happened := false
	held := t.Run(fmt.Sprintf("%s/%s/%s", j.flow.name, strings.ReplaceAll(j.at.String(), "/", "_"), j.what.how), func(t *testing.T) {
		w := newTrial(t, j.flow, j.at, j.what)
		w.play()
		happened = w.happened()
	})
	j.row.note(happened, held)
}

// A row is what came of one flow.
type row struct {
	flow   string
	points int

	mu                   sync.Mutex
	tried, reached, held int
}

func (r *row) note(happened, held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried++
	if happened {
		r.reached++
	}
	if held {
		r.held++
	}
}

func table(rows []*row) string {
	var b strings.Builder
	to := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(to, "flow\tpoints\ttried\treached\theld")
	for _, r := range rows {
		fmt.Fprintf(to, "%s\t%d\t%d\t%d\t%d\n", r.flow, r.points, r.tried, r.reached, r.held)
	}
	to.Flush()
	return b.String()
}
