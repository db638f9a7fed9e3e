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

// pairsSeed is of the pairs that are tried unless SWEEP_SEED says otherwise.
const pairsSeed = 20261128

// pairsToTry reads SWEEP_PAIRS: how many pairs chance chooses.
func pairsToTry(t *testing.T, pairs string) int {
	t.Helper()
	switch {
	case pairs != "":
		n, err := strconv.Atoi(pairs)
		require.NoError(t, err, "SWEEP_PAIRS is how many pairs")
		return n
	case raceEnabled:
		return 8
	}
	return 40
}

const (
	listsLag    = "lists lag"
	limitedLong = "429 for a day"
)

// jumps are how far the bot's clock goes from one moment to the next.
var jumps = []time.Duration{-time.Hour, -24 * time.Hour, 25 * time.Minute, time.Hour, 24 * time.Hour}

// samplePairs has chance choose n pairs, as many of each flow. Each is chosen by
// itself, so that it is the same if -run leaves the other flows out.
func samplePairs(rows []*row, n int, seed uint64) []job {
	var jobs []job
	for i := range n {
		r := rows[i%len(rows)]
		if len(r.points) == 0 {
			continue // it was not played
		}
		p := pairing{r, rand.New(rand.NewPCG(seed, uint64(i)))}
		jobs = append(jobs, job{r, []strike{p.fault(), p.second()}})
	}
	return jobs
}

// A pairing chooses the two strikes of one trial.
type pairing struct {
	row    *row
	chance *rand.Rand
}

// fault is a call that goes wrong, one in four of them because it is limited
// for a day.
func (p pairing) fault() strike {
	at := p.point(func(at point) bool { return at.commit == "" && !at.early })
	if p.chance.IntN(4) == 0 {
		return strike{at, disturbance{how: limitedLong, fault: wire.Fault{
			Side: at.side, Operation: at.operation, FirstLeg: at.bare, Skip: at.nth - 1, Mode: wire.RateLimited, RetryAfter: 24 * 60 * 60,
		}}}
	}
	return strike{at, p.disturbance(at, func(d disturbance) bool { return d.fault.Mode != "" })}
}

func (p pairing) second() strike {
	commit := func(at point) bool { return at.commit != "" }
	write := func(at point) bool { return commit(at) && !strings.HasPrefix(at.commit, "claim") }
	switch p.chance.IntN(6) {
	case 0, 1:
		at := p.point(func(at point) bool { return !at.early })
		return strike{at, p.disturbance(at, disturbance.kills)}
	case 2:
		return p.fault()
	case 3:
		return strike{what: disturbance{how: listsLag}}
	case 4:
		return strike{p.point(write), disturbance{how: []string{diskFull, diskStaysFull}[p.chance.IntN(2)]}}
	}
	if p.row.flow.overHTTP { // where Slack's requests are too old for a clock that is wrong
		return p.fault()
	}
	return strike{p.point(commit), disturbance{how: clockJumps, jump: jumps[p.chance.IntN(len(jumps))]}}
}

func (p pairing) point(fits func(point) bool) point {
	all := slices.DeleteFunc(slices.Clone(p.row.points), func(at point) bool { return !fits(at) })
	return all[p.chance.IntN(len(all))]
}

func (p pairing) disturbance(at point, fits func(disturbance) bool) disturbance {
	all := slices.DeleteFunc(disturbances(at), func(d disturbance) bool { return !fits(d) })
	return all[p.chance.IntN(len(all))]
}

func (d disturbance) fillsDisk() bool { return d.how == diskFull || d.how == diskStaysFull }

// longestWait is what the bot makes of a wait that others ask for.
const longestWait = 10 * time.Minute

// longWaits is how long the bot was asked to wait, as far as it does.
func (w *trial) longWaits() time.Duration {
	var all time.Duration
	for _, s := range w.plan {
		if s.what.how == limitedLong {
			all += longestWait
		}
	}
	return all
}

func (w *trial) leeway() time.Duration { return leeway + w.longWaits() }

// ownersAreLookedAt is how often the bot asks whether the owners of keys are
// still there.
const ownersAreLookedAt = time.Hour

// takesNoLongerThan asserts that nobody waited for long: a flow in which things
// went wrong ends hardly later than one in which nothing did.
func (w *trial) takesNoLongerThan() {
	w.t.Helper()
	w.took = w.Clock.Now().Sub(w.began)
	if w.flow.took > 0 && w.skew == 0 {
		assert.Less(w.t, w.took, w.flow.took+2*w.leeway()+time.Duration(len(w.plan))*ownersAreLookedAt, "how long it lasted; undisturbed %s", w.flow.took)
	}
}
