package e2e

import (
	"cmp"
	"fmt"
	"math"
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

// sampleSize reads SWEEP: how many trials chance chooses, most of them ways to
// be killed. "full" is every one, which takes an hour. Under the race detector,
// which is slow, there are fewer.
func sampleSize(t *testing.T, sweep string) int {
	t.Helper()
	switch {
	case sweep == "full":
		return math.MaxInt
	case sweep != "":
		n, err := strconv.Atoi(sweep)
		require.NoError(t, err, "SWEEP is full, or how many trials")
		return n
	case raceEnabled:
		return 40
	}
	return 160
}

// TestSweep plays every flow once undisturbed, and then again for every point
// at which it can be disturbed and every way to do so. SWEEP_SEED repeats what
// chance chose, and SWEEP_FLOW is a pattern of flows.
func TestSweep(t *testing.T) {
	given, _ := strconv.ParseUint(os.Getenv("SWEEP_SEED"), 10, 64)
	seed := cmp.Or(given, rand.Uint64N(1_000_000)+1)
	t.Logf("SWEEP_SEED=%d", seed)
	size := sampleSize(t, os.Getenv("SWEEP"))

	began := time.Now()
	rows := discoverAll(t, chosen(t, os.Getenv("SWEEP_FLOW")))
	pairs := samplePairs(rows, pairsToTry(t, os.Getenv("SWEEP_PAIRS")), cmp.Or(given, pairsSeed))
	jobs := append(sample(jobsOf(rows), size, rand.New(rand.NewPCG(seed, 0))), pairs...)
	inParallel(jobs, func(j job) { try(t, j) })
	t.Logf("%d trials in %s\n%s", len(jobs), time.Since(began).Round(time.Second), table(rows))
}

// chosen are the flows whose names a regular expression matches.
func chosen(t *testing.T, names string) []flow {
	t.Helper()
	match, err := regexp.Compile(names)
	require.NoError(t, err)
	return slices.DeleteFunc(flows(), func(f flow) bool { return !match.MatchString(f.name) })
}

// discoverAll plays every flow undisturbed.
func discoverAll(t *testing.T, all []flow) []*row {
	rows := make([]*row, len(all))
	for i, f := range all {
		rows[i] = &row{flow: f}
	}
	inParallel(rows, func(r *row) { discover(t, r) })
	return rows
}

// discover plays a flow undisturbed, lists its points and remembers what people
// read.
func discover(t *testing.T, r *row) {
	t.Run(r.flow.name+"/undisturbed", func(t *testing.T) {
		w := newTrial(t, r.flow)
		w.rest()
		lastEarly := len(w.Wire.Calls())
		last := w.play()
		require.Zero(t, w.died)
		r.points, r.flow.undisturbed = pointsOf(w.Wire.Calls(), lastEarly, last.Commits), w.messages()
		r.flow.took = w.took
	})
}

// jobsOf lists all trials there are. The start is the same for all flows of one
// configuration, and is disturbed in the first of them only.
func jobsOf(rows []*row) []job {
	var jobs []job
	started := map[string]bool{}
	for _, r := range rows {
		configuration := fmt.Sprint(r.flow.overHTTP, r.flow.policy, r.flow.orgs)
		for _, p := range r.points {
			if p.early && started[configuration] {
				continue
			}
			for _, d := range disturbances(p) {
				jobs = append(jobs, job{r, []strike{{p, d}}})
			}
		}
		started[configuration] = true
	}
	return jobs
}

// sample has chance choose so many jobs, four of five of them ways to be killed.
func sample(jobs []job, size int, chance *rand.Rand) []job {
	chance.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	if size >= len(jobs) {
		return jobs
	}
	left := map[bool]int{true: size - size/5, false: size / 5}
	return slices.DeleteFunc(jobs, func(j job) bool {
		kills := j.plan[0].what.kills()
		left[kills]--
		return left[kills] < 0
	})
}

// A job is one trial to come.
type job struct {
	row  *row
	plan []strike
}

// name says in which flow what goes wrong, and where.
func (j job) name() string {
	var all []string
	for _, s := range j.plan {
		all = append(all, strings.ReplaceAll(s.at.String(), "/", "_")+"/"+s.what.how)
	}
	return j.row.flow.name + "/" + strings.Join(all, " and ")
}

// inParallel does all the jobs, a few at a time.
func inParallel[T any](jobs []T, do func(T)) {
	queue := make(chan T)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for j := range queue {
				do(j)
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
	held := t.Run(j.name(), func(t *testing.T) {
		w := newTrial(t, j.row.flow, j.plan...)
		w.play()
		happened = w.happened()
	})
	j.row.note(happened, held, len(j.plan) > 1)
}

// A row is a flow and what came of it.
type row struct {
	flow   flow
	points []point

	mu    sync.Mutex
	ones  tally
	pairs tally
}

// A tally counts trials, those in which everything came about, and those that
// held.
type tally struct{ tried, reached, held int }

func (r *row) note(happened, held, isPair bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := &r.ones
	if isPair {
		to = &r.pairs
	}
	to.tried++
	if happened {
		to.reached++
	}
	if held {
		to.held++
	}
}

func table(rows []*row) string {
	var b strings.Builder
	to := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(to, "flow\tpoints\ttried\treached\theld\tpairs\treached\theld")
	var sum [2]tally
	for _, r := range rows {
		fmt.Fprintf(to, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", r.flow.name, len(r.points), r.ones.tried, r.ones.reached, r.ones.held, r.pairs.tried, r.pairs.reached, r.pairs.held)
		for i, t := range []tally{r.ones, r.pairs} {
			sum[i] = tally{sum[i].tried + t.tried, sum[i].reached + t.reached, sum[i].held + t.held}
		}
	}
	fmt.Fprintf(to, "all\t\t%d\t%d\t%d\t%d\t%d\t%d\n", sum[0].tried, sum[0].reached, sum[0].held, sum[1].tried, sum[1].reached, sum[1].held)
	to.Flush()
	return b.String()
}
