package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// atOnce is how many trials are played at once: most of a trial is waiting.
const atOnce = 8

// A share says how much of all there is is tried: one in so many, by chance.
type share struct{ kills, others int }

// shareOf reads SWEEP. "full" tries everything everywhere, which takes minutes.
// Otherwise chance chooses, with a seed that is printed: mostly ways to be
// killed, and fewer under the race detector, which is slow.
func shareOf(sweep string) share {
	switch {
	case sweep == "full":
		return share{1, 1}
	case raceEnabled:
		return share{16, 320}
	}
	return share{3, 60}
}

// TestSweep plays every flow once undisturbed, and then again for every point
// at which it can be disturbed and every way to do so. SWEEP_SEED repeats what
// chance chose.
func TestSweep(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SWEEP_SEED"), 10, 64)
	seed = cmp.Or(seed, rand.Uint64N(1_000_000)+1)
	t.Logf("SWEEP_SEED=%d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	some := shareOf(os.Getenv("SWEEP"))

	began := time.Now()
	var jobs []job
	var rows []*row
	for i, f := range chosen(t, os.Getenv("SWEEP_FLOW")) {
		points, read := discover(t, f)
		f.undisturbed = read
		r := &row{flow: f.name, points: len(points)}
		rows = append(rows, r)
		for _, p := range points {
			if p.early && i > 0 {
				continue // the start is the same for all
			}
			for _, d := range disturbances(p) {
				if some.chooses(d, chance) {
					jobs = append(jobs, job{f, p, d, r})
				}
			}
		}
	}
	chance.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	work(t, jobs)
	t.Logf("%d trials in %s\n%s", len(jobs), time.Since(began).Round(time.Second), table(rows))
}

// chosen are the flows whose names a regular expression matches.
func chosen(t *testing.T, names string) []flow {
	t.Helper()
	match, err := regexp.Compile(names)
	require.NoError(t, err)
	return slices.DeleteFunc(flows(), func(f flow) bool { return !match.MatchString(f.name) })
}

func (s share) chooses(d disturbance, chance *rand.Rand) bool {
	if d.kills() {
		return chance.IntN(s.kills) == 0
	}
	return chance.IntN(s.others) == 0
}

// A job is one trial to come.
type job struct {
	flow flow
	at   point
	what disturbance
	row  *row
}

// discover plays a flow undisturbed and lists its points.
func discover(t *testing.T, f flow) (points []point, read map[string]int) {
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
		points, read = pointsOf(w.Wire.Calls(), lastEarly, r.Commits), w.messages()
	})
	return points, read
}

// work tries the jobs, a few at a time.
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
