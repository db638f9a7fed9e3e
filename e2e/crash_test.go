package e2e

import (
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

// parallelTrials is how many trials are played at once: most of a trial is waiting.
const parallelTrials = 8

// sampleSize returns how many trials are drawn, by default or as CRASH_TRIALS
// says: "full" is all of them, which takes an hour. Four of five kill the bot.
// There are fewer with -short, and under the race detector, which is slow.
func sampleSize(t *testing.T, trials string) int {
	t.Helper()
	switch {
	case trials == "full":
		return math.MaxInt
	case trials != "":
		n, err := strconv.Atoi(trials)
		require.NoError(t, err, "CRASH_TRIALS is full, or the number of trials")
		return n
	case testing.Short():
		return 10
	case raceEnabled:
		return 30
	}
	return 60
}

// defaultSeed draws the same sample in every run that does not set CRASH_SEED.
const defaultSeed = 20261128

// crashSeed reads CRASH_SEED: a number, or "random".
func crashSeed(t *testing.T) uint64 {
	t.Helper()
	switch seed := os.Getenv("CRASH_SEED"); seed {
	case "":
		return defaultSeed
	case "random":
		return rand.Uint64N(1_000_000) + 1
	default:
		n, err := strconv.ParseUint(seed, 10, 64)
		require.NoError(t, err, "CRASH_SEED is random, or a number")
		return n
	}
}

// TestCrashInjection plays every flow once without faults, which discovers the
// injection points, and then plays a sample of the flows with a fault at one of
// those points, or at two. CRASH_FLOW is a pattern of flows.
func TestCrashInjection(t *testing.T) {
	seed := crashSeed(t)
	t.Logf("CRASH_SEED=%d", seed)
	size := sampleSize(t, os.Getenv("CRASH_TRIALS"))

	began := time.Now()
	rows := discoverAll(t, chosen(t, os.Getenv("CRASH_FLOW")))
	pairs := samplePairs(rows, pairSampleSize(t, os.Getenv("CRASH_PAIRS")), seed)
	jobs := append(sample(jobsOf(rows), size, rand.New(rand.NewPCG(seed, 0))), pairs...)
	inParallel(jobs, func(j job) { runTrial(t, j) })
	t.Logf("%d trials in %s\n%s", len(jobs), time.Since(began).Round(time.Second), table(rows))
}

// chosen are the flows whose names a regular expression matches.
func chosen(t *testing.T, names string) []flow {
	t.Helper()
	match, err := regexp.Compile(names)
	require.NoError(t, err)
	return slices.DeleteFunc(flows(), func(f flow) bool { return !match.MatchString(f.name) })
}

// discoverAll plays every flow without faults.
func discoverAll(t *testing.T, all []flow) []*flowResult {
	rows := make([]*flowResult, len(all))
	for i, f := range all {
		rows[i] = &flowResult{flow: f}
	}
	inParallel(rows, func(r *flowResult) { discover(t, r) })
	return rows
}

// discover plays a flow without faults, lists its injection points and remembers what people
// read.
func discover(t *testing.T, r *flowResult) {
	t.Run(r.flow.name+"/no faults", func(t *testing.T) {
		w := newCrashRun(t, r.flow)
		w.WaitIdle()
		lastEarly := len(w.Wire.Calls())
		last := w.play()
		require.Zero(t, w.died)
		r.points, r.flow.withoutFaults = injectionPointsOf(w.Wire.Calls(), lastEarly, last.Commits), w.messages()
		r.flow.took = w.took
	})
}

// jobsOf lists all trials there are. The start is the same for all flows of one
// configuration, and is disturbed in the first of them only.
func jobsOf(rows []*flowResult) []job {
	var jobs []job
	started := map[string]bool{}
	for _, r := range rows {
		configuration := fmt.Sprint(r.flow.overHTTP, r.flow.policy, r.flow.orgs)
		for _, p := range r.points {
			if p.early && started[configuration] {
				continue
			}
			for _, d := range faultsAt(p) {
				jobs = append(jobs, job{r, []injection{{p, d}}})
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
	row  *flowResult
	plan []injection
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
	for range parallelTrials {
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

func runTrial(t *testing.T, j job) {
	happened := false
	held := t.Run(j.name(), func(t *testing.T) {
		w := newCrashRun(t, j.row.flow, j.plan...)
		w.play()
		happened = w.happened()
	})
	j.row.record(happened, held, len(j.plan) > 1)
}

// A flowResult is a flow and what came of it.
type flowResult struct {
	flow   flow
	points []injectionPoint

	mu      sync.Mutex
	singles stats
	pairs   stats
}

// A stats counts trials, those in which everything came about, and those that
// held.
type stats struct{ tried, reached, held int }

func (r *flowResult) record(happened, held, isPair bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := &r.singles
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

func table(rows []*flowResult) string {
	var b strings.Builder
	to := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(to, "flow\tpoints\ttried\treached\theld\tpairs\treached\theld")
	var sum [2]stats
	for _, r := range rows {
		fmt.Fprintf(to, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", r.flow.name, len(r.points), r.singles.tried, r.singles.reached, r.singles.held, r.pairs.tried, r.pairs.reached, r.pairs.held)
		for i, t := range []stats{r.singles, r.pairs} {
			sum[i] = stats{sum[i].tried + t.tried, sum[i].reached + t.reached, sum[i].held + t.held}
		}
	}
	fmt.Fprintf(to, "all\t\t%d\t%d\t%d\t%d\t%d\t%d\n", sum[0].tried, sum[0].reached, sum[0].held, sum[1].tried, sum[1].reached, sum[1].held)
	to.Flush()
	return b.String()
}
