package model_test

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A kind of step, and how often it is taken among the others. It needs a
// request that is somehow, or nothing.
type kind struct {
	weight  int
	name    string
	needs   func(approval.Request) bool
	do      func(*rapid.T)
	isFault bool
}

// GoString is what a failed run prints.
func (k kind) GoString() string { return k.name }

func (tr *run) kinds() []kind {
	return []kind{
		{weight: 24, name: "press what is next", needs: isOpen, do: tr.clickNext},
		{weight: 4, name: "press anything", needs: isAny, do: tr.clickAnything},
		{weight: 6, name: "press in the middle", needs: isOpen, do: tr.clickLater},
		{weight: 5, name: "submit", do: tr.submitForm},
		{weight: 2, name: "review", needs: isAwaitingReview, do: tr.review},
		{weight: 8, name: "a moment passes", do: tr.passMoment},
		{weight: 2, name: "a while passes", do: tr.passWhile},
		{weight: 7, name: "a call will fail", do: tr.failCall, isFault: true},
		{weight: 2, name: "the store will fail", do: tr.failStore, isFault: true},
		{weight: 1, name: "calls become slow", do: tr.slowDown, isFault: true},
		{weight: 2, name: "the bot will crash", do: tr.planCrash, isFault: true},
		{weight: 1, name: "the bot is restarted", do: tr.restartNow, isFault: true},
		{weight: 2, name: "a key is touched", needs: holdsKey, do: tr.useOrChangeKey},
		{weight: 1, name: "people leave or return", do: tr.deactivate},
		{weight: 2, name: "an owner is gone for long", needs: isActive, do: tr.deactivateOwner},
		{weight: 2, name: "a group changes", do: tr.changeGroup},
		{weight: 1, name: "a project goes or comes", do: tr.moveProject},
		{weight: 1, name: "everything settles down", do: func(*rapid.T) { tr.waitIdle() }},
	}
}

// step takes a step that can be taken now.
func (tr *run) step(t *rapid.T) {
	var all []kind
	for _, k := range tr.kinds() {
		if !(k.isFault && tr.isCalm) && (k.needs == nil || len(tr.among(k.needs)) > 0) {
			all = append(all, slices.Repeat([]kind{k}, k.weight)...)
		}
	}
	k := pick(t, "step", all)
	k.do(t)
	tr.stats.step(k.name)
	synctest.Wait()
	tr.reactivateSome()
}

// pick takes one of some things, each as likely as the others: rapid's own
// SampledFrom prefers the first.
func pick[T any](t *rapid.T, label string, from []T) T {
	return rapid.Custom(func(t *rapid.T) T {
		drawn := 0
		for range 10 {
			drawn *= 2
			if oneBit.Draw(t, "") {
				drawn++
			}
		}
		return from[drawn*len(from)>>10]
	}).Draw(t, label)
}

var oneBit = rapid.Bool()

func flip(t *rapid.T, label string) bool { return pick(t, label, []bool{false, true}) }

// number draws one from 1 to n.
func number(t *rapid.T, label string, n int) int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return pick(t, label, all)
}

// reactivateSome starts the bot again if its fuse has burnt down.
func (tr *run) reactivateSome() {
	if tr.process.isDead() {
		tr.restart(true, tr.process.fuse.down)
		synctest.Wait()
	}
}

func isAny(approval.Request) bool { return true }

func isOpen(r approval.Request) bool { return !r.State.Final() }

func isActive(r approval.Request) bool { return r.State == approval.StateActive }

func isAwaitingReview(r approval.Request) bool { return r.BreakGlass && r.Review.By == "" }

func holdsKey(r approval.Request) bool {
	return r.State == approval.StateDelivered || r.State == approval.StateActive
}

func (tr *run) among(is func(approval.Request) bool) []approval.Request {
	var all []approval.Request
	for _, id := range tr.known() {
		if r := tr.last(id); is(r) {
			all = append(all, r)
		}
	}
	return all
}

func (tr *run) one(t *rapid.T, is func(approval.Request) bool) approval.Request {
	all := tr.among(is)
	return all[number(t, "request", len(all))-1]
}

func (tr *run) passMoment(t *rapid.T) {
	tr.advance(time.Duration(number(t, "seconds", 130)) * time.Second)
}

func (tr *run) passWhile(t *rapid.T) {
	tr.advance(pick(t, "while", []time.Duration{
		6 * time.Minute, 11 * time.Minute, 30 * time.Minute, 40 * time.Minute, time.Hour, time.Hour, 2 * time.Hour, 3 * time.Hour, 8 * time.Hour,
	}))
}

func (tr *run) failCall(t *rapid.T) {
	call := pick(t, "call", faultyCalls)
	for range number(t, "times", 4) {
		tr.faults.add(call, drawMishap(t))
	}
}

func (tr *run) failStore(t *rapid.T) {
	method := pick(t, "method", storeMethods)
	for range number(t, "times", 3) {
		tr.faults.addStore(method, flip(t, "it happens"))
	}
}

func (tr *run) slowDown(t *rapid.T) {
	tr.faults.delay(pick(t, "call", faultyCalls), time.Duration(number(t, "seconds", 200))*time.Second)
}

func (tr *run) planCrash(t *rapid.T) {
	f := plannedCrash{calls: number(t, "calls", 15), happens: flip(t, "happens"), down: drawDown(t)}
	tr.process.mu.Lock()
	defer tr.process.mu.Unlock()
	tr.process.fuse = f
}

func (tr *run) restartNow(t *rapid.T) { tr.restart(flip(t, "crash"), drawDown(t)) }

func drawDown(t *rapid.T) time.Duration {
	return pick(t, "down", []time.Duration{0, 0, time.Second, time.Minute, time.Hour, 26 * time.Hour})
}

// useOrChangeKey uses a key, changes it manually, or deletes it.
func (tr *run) useOrChangeKey(t *rapid.T) {
	r := tr.one(t, holdsKey)
	switch pick(t, "how", []string{"use", "use", "change", "restore", "delete"}) {
	case "use":
		tr.keys.Use(r.Key.ID)
	case "change":
		tr.keys.Change(r.Key.ID, approval.Drift{
			NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			Renamed: flip(t, "renamed"),
		})
	case "restore":
		tr.keys.Change(r.Key.ID, approval.Drift{})
	case "delete":
		onCall := tr.keys.OnCall()
		tr.keys.SetOnCall(nil)
		require.NoError(tr.t, tr.keys.Of(r.Org).Delete(context.Background(), r.Key.ID))
		tr.keys.SetOnCall(onCall)
	}
}

// deactivate deactivates a user, or reactivates one.
func (tr *run) deactivate(t *rapid.T) {
	if !tr.reactivateAll() {
		tr.spec.setStatus(pick(t, "who", []policy.UserID{alice, bob, carol, dana, heidi}), policy.Deactivated)
	}
}

// reactivateAll reactivates all users, and reports whether one was deactivated.
func (tr *run) reactivateAll() bool {
	isAway := false
	for _, u := range people {
		if tr.spec.memberStatus(u) == policy.Deactivated {
			tr.spec.setStatus(u, policy.Member)
			isAway = true
		}
	}
	return isAway
}

// deactivateOwner deactivates the owner of a key until the bot has seen it, if it can.
func (tr *run) deactivateOwner(t *rapid.T) {
	r := tr.one(t, isActive)
	if tr.spec.isMember(r.Requester) {
		tr.spec.setStatus(r.Requester, policy.Deactivated)
	}
	tr.advance(noticed)
}

// changeGroup adds a user to a group, or removes one.
func (tr *run) changeGroup(t *rapid.T) {
	g := pick(t, "group", slices.Sorted(maps.Keys(movers)))
	u := pick(t, "who", movers[g])
	members := slices.Clone(tr.spec.groups[g])
	if i := slices.Index(members, u); i >= 0 {
		members = slices.Delete(members, i, i+1)
	} else {
		members = append(members, u)
	}
	tr.spec.group(g, members...)
}

// moveProject deletes a project in Atlas, or brings it back.
func (tr *run) moveProject(*rapid.T) {
	tr.searchMoved++
	if tr.searchMoved%2 == 1 {
		tr.keys.Have(org, payments)
	} else {
		tr.keys.Have(org, payments, search)
	}
}
