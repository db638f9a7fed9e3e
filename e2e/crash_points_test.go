package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/sandbox/wire"
)

// A injectionPoint is one moment of a flow at which something can go wrong: the nth call
// of a kind, or the nth commit of a name. Points are found by watching a flow
// that nothing disturbs, and are written down nowhere.
type injectionPoint struct {
	side, operation string // of a call
	bare            bool   // without a login: it asks for a challenge
	commit          string // of a commit
	nth             int    // from 1
	early           bool   // before any user acted
}

func (p injectionPoint) String() string {
	switch {
	case p.commit != "":
		return fmt.Sprintf("commit %s %d", p.commit, p.nth)
	case p.bare:
		return fmt.Sprintf("%s %s unsigned %d", p.side, p.operation, p.nth)
	}
	return fmt.Sprintf("%s %s %d", p.side, p.operation, p.nth)
}

// kindOf is the point of a call without its number.
func kindOf(c wire.Call) injectionPoint {
	return injectionPoint{side: c.Side, operation: c.Operation, bare: c.Side == wire.Atlas && !c.Auth}
}

// injectionPointsOf lists the calls and commits of a flow. Calls up to the given one
// belong to the start of the bot, and so do none of the commits.
func injectionPointsOf(calls []wire.Call, lastEarly int, commits map[string]int) []injectionPoint {
	var all []injectionPoint
	seen := map[injectionPoint]int{}
	for _, c := range calls {
		p := kindOf(c)
		seen[p]++
		p.nth = seen[p]
		p.early = c.Seq <= lastEarly
		all = append(all, p)
	}
	for name, n := range commits {
		for nth := 1; nth <= n; nth++ {
			all = append(all, injectionPoint{commit: name, nth: nth})
		}
	}
	slices.SortFunc(all, func(a, b injectionPoint) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// A fault is one way for a point to go wrong.
type fault struct {
	how   string // killedBefore, killedAfter, diskFull and its like, or the mode of the fault
	fault wire.Fault
	jump  time.Duration // of the bot's clock, for clockJumps
}

// A injection is one thing that goes wrong in a trial: what, and where.
type injection struct {
	at   injectionPoint
	what fault
}

// faultsAt lists what can happen at p, killing first. Every mode of the
// sandbox is among them that needs nothing to be said.
func faultsAt(p injectionPoint) []fault {
	if p.commit != "" {
		if strings.HasPrefix(p.commit, "claim") { // nothing comes before a claim
			return []fault{{how: killedAfter}}
		}
		return []fault{{how: killedBefore}, {how: killedAfter}, {how: diskFull}}
	}
	all := []fault{{how: killedBefore}, {how: killedAfter}}
	for _, m := range wire.Modes {
		f := wire.Fault{Side: p.side, Operation: p.operation, FirstLeg: p.bare, Skip: p.nth - 1, Mode: m.Mode}
		switch m.Mode {
		case wire.AtlasError, wire.Freeze, wire.FreezeAfter: // not by themselves
			continue
		case wire.SlackError, wire.SlackErrorAfter:
			f.Error = "fatal_error"
		}
		if p.side == wire.Atlas && slices.Contains([]wire.Mode{wire.SlackError, wire.SlackErrorAfter, wire.OKFalse}, m.Mode) {
			continue
		}
		all = append(all, fault{how: string(m.Mode), fault: f})
	}
	return all
}

func (d fault) kills() bool { return d.how == killedBefore || d.how == killedAfter }
