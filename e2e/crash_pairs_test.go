package e2e

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/wire"
)

// Two things go wrong in one trial: a call to Slack or Atlas, and anything else
// that can. There are too many pairs to try all; chance chooses.

// pairSampleSize returns how many pairs are drawn, by default or as CRASH_PAIRS
// says.
func pairSampleSize(t *testing.T, pairs string) int {
	t.Helper()
	switch {
	case pairs != "":
		n, err := strconv.Atoi(pairs)
		require.NoError(t, err, "CRASH_PAIRS is the number of pairs")
		return n
	case testing.Short():
		return 2
	case raceEnabled:
		return 6
	}
	return 20
}

const (
	listLag            = "lists lag"
	rateLimitedForADay = "429 for a day"
)

// jumps are how far the bot's clock goes from one moment to the next.
var jumps = []time.Duration{-time.Hour, -24 * time.Hour, 25 * time.Minute, time.Hour, 24 * time.Hour}

// samplePairs has chance choose n pairs, as many of each flow. Each is chosen by
// itself, so that it is the same if -run leaves the other flows out.
func samplePairs(rows []*flowResult, n int, seed uint64) []job {
	var jobs []job
	for i := range n {
		r := rows[i%len(rows)]
		if len(r.points) == 0 {
			continue // it was not played
		}
		p := faultPair{r, rand.New(rand.NewPCG(seed, uint64(i)))}
		jobs = append(jobs, job{r, []injection{p.fault(), p.second()}})
	}
	return jobs
}

// A faultPair chooses the two strikes of one trial.
type faultPair struct {
	row    *flowResult
	chance *rand.Rand
}

// fault is a call that goes wrong, one in four of them because it is limited
// for a day.
func (p faultPair) fault() injection {
	at := p.point(func(at injectionPoint) bool { return at.commit == "" && !at.early })
	if p.chance.IntN(4) == 0 {
		return injection{at, fault{how: rateLimitedForADay, fault: wire.Fault{
			Side: at.side, Operation: at.operation, FirstLeg: at.bare, Skip: at.nth - 1, Mode: wire.RateLimited, RetryAfter: 24 * 60 * 60,
		}}}
	}
	return injection{at, p.disturbance(at, func(d fault) bool { return d.fault.Mode != "" })}
}

func (p faultPair) second() injection {
	commit := func(at injectionPoint) bool { return at.commit != "" }
	write := func(at injectionPoint) bool { return commit(at) && !strings.HasPrefix(at.commit, "claim") }
	switch p.chance.IntN(6) {
	case 0, 1:
		at := p.point(func(at injectionPoint) bool { return !at.early })
		return injection{at, p.disturbance(at, fault.kills)}
	case 2:
		return p.fault()
	case 3:
		return injection{what: fault{how: listLag}}
	case 4:
		return injection{p.point(write), fault{how: []string{diskFull, diskStaysFull}[p.chance.IntN(2)]}}
	}
	if p.row.flow.overHTTP { // where Slack's requests are too old for a clock that is wrong
		return p.fault()
	}
	return injection{p.point(commit), fault{how: clockJumps, jump: jumps[p.chance.IntN(len(jumps))]}}
}

func (p faultPair) point(fits func(injectionPoint) bool) injectionPoint {
	all := slices.DeleteFunc(slices.Clone(p.row.points), func(at injectionPoint) bool { return !fits(at) })
	return all[p.chance.IntN(len(all))]
}

func (p faultPair) disturbance(at injectionPoint, fits func(fault) bool) fault {
	all := slices.DeleteFunc(faultsAt(at), func(d fault) bool { return !fits(d) })
	return all[p.chance.IntN(len(all))]
}

func (d fault) fillsDisk() bool { return d.how == diskFull || d.how == diskStaysFull }

// longestWait is what the bot makes of a wait that others ask for.
const longestWait = 10 * time.Minute

// rateLimitWaits is how long the bot was asked to wait, as far as it does.
func (w *crashRun) rateLimitWaits() time.Duration {
	var all time.Duration
	for _, s := range w.plan {
		if s.what.how == rateLimitedForADay {
			all += longestWait
		}
	}
	return all
}

func (w *crashRun) leeway() time.Duration { return leeway + w.rateLimitWaits() }

// ownersAreLookedAt is how often the bot asks whether the owners of keys are
// still there.
const ownersAreLookedAt = time.Hour

// checkDuration asserts that no one waited for long: a flow in which things
// went wrong ends hardly later than one in which nothing did.
func (w *crashRun) checkDuration() {
	w.t.Helper()
	w.took = w.Clock.Now().Sub(w.began)
	if w.flow.took > 0 && w.skew == 0 {
		assert.Less(w.t, w.took, w.flow.took+2*w.leeway()+time.Duration(len(w.plan))*ownersAreLookedAt, "how long it lasted; without faults %s", w.flow.took)
	}
}
