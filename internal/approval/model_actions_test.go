package approval_test

import (
	"context"
	"net/netip"
	"slices"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
)

// A kind of step, and how often it is taken among the others. It needs a
// request that is somehow, or nothing.
type kind struct {
	weight int
	name   string
	needs  func(approval.Request) bool
	do     func(*rapid.T)
}

// GoString is what a failed trial prints.
func (k kind) GoString() string { return k.name }

func (tr *trial) kinds() []kind {
	return []kind{
		{20, "press what is next", isOpen, tr.pressNext},
		{3, "press anything", isAny, tr.pressAnything},
		{5, "press in the middle", isOpen, tr.pressLater},
		{5, "submit", nil, tr.submitForm},
		{8, "a moment passes", nil, tr.passMoment},
		{1, "a while passes", nil, tr.passWhile},
		{7, "a call will fail", nil, tr.failCall},
		{2, "the store will fail", nil, tr.failStore},
		{1, "calls become slow", nil, tr.slowDown},
		{2, "the bot will crash", nil, tr.lightFuse},
		{1, "the bot is restarted", nil, tr.restartNow},
		{2, "a key is touched", holdsKey, tr.touchKey},
		{1, "people leave or return", nil, tr.leave},
		{1, "everything settles down", nil, func(*rapid.T) { tr.rest() }},
	}
}

// step takes a step that can be taken now.
func (tr *trial) step(t *rapid.T) {
	var all []kind
	for _, k := range tr.kinds() {
		if k.needs == nil || len(tr.among(k.needs)) > 0 {
			all = append(all, slices.Repeat([]kind{k}, k.weight)...)
		}
	}
	k := pick(t, "step", all)
	k.do(t)
	tr.tally.step(k.name)
	synctest.Wait()
	tr.revive()
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

// revive starts the bot again if its fuse has burnt down.
func (tr *trial) revive() {
	if tr.process.isDead() {
		tr.restart(true, tr.process.fuse.down)
		synctest.Wait()
	}
}

// submitForm sends a new form, or one that was sent before.
func (tr *trial) submitForm(t *rapid.T) {
	n := len(tr.forms)
	isNew := n == 0 || len(tr.among(isOpen)) < openAtMost && number(t, "form", 4) > 1
	if isNew {
		tr.forms = append(tr.forms, pick(t, "who", []approval.UserID{alice, alice, alice, carol, carol, gil}))
	} else {
		n = number(t, "again", n) - 1
	}
	tr.submit(n)
}

// openAtMost keeps trials small: more requests at once are only slower.
const openAtMost = 4

func isAny(approval.Request) bool { return true }

func isOpen(r approval.Request) bool { return !r.State.Final() }

func holdsKey(r approval.Request) bool {
	return r.State == approval.Delivered || r.State == approval.Active
}

func (tr *trial) among(is func(approval.Request) bool) []approval.Request {
	return slices.DeleteFunc(tr.requests(), func(r approval.Request) bool { return !is(r) })
}

func (tr *trial) one(t *rapid.T, is func(approval.Request) bool) approval.Request {
	all := tr.among(is)
	return all[number(t, "request", len(all))-1]
}

func (tr *trial) pressAnything(t *rapid.T) {
	r := tr.one(t, isAny)
	tr.pressNow(press{r.ID, pick(t, "button", clicks), pick(t, "who", people)})
}

// next is what leads a request on, mostly.
var next = map[approval.State][]approval.Event{
	approval.Pending:   {approval.Approve, approval.Approve, approval.Approve, approval.Deny, approval.Withdraw},
	approval.Approved:  {approval.Collect, approval.Collect, approval.Collect, approval.Collect, approval.Withdraw},
	approval.Minting:   {approval.Collect, approval.Withdraw},
	approval.Delivered: {approval.Confirm, approval.Replace, approval.Replace, approval.Revoke},
	approval.Active:    {approval.Confirm, approval.Revoke},
	approval.Revoking:  {approval.Revoke},
}

func (tr *trial) drawNext(t *rapid.T) press {
	r := tr.one(t, isOpen)
	on := pick(t, "button", next[r.State])
	who := r.Requester
	if on == approval.Approve || on == approval.Deny {
		who = bob
	}
	return press{r.ID, on, who}
}

func (tr *trial) pressNext(t *rapid.T) { tr.pressNow(tr.drawNext(t)) }

// pressLater presses something in the middle of what the bot does next.
func (tr *trial) pressLater(t *rapid.T) {
	r := tr.one(t, isOpen)
	p := press{r.ID, pick(t, "button", clicks), pick(t, "who", []approval.UserID{r.Requester, r.Requester, bob})}
	calls := number(t, "calls", 12)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.waiting = append(tr.waiting, &surprise{calls, func() { tr.press(p) }})
}

func (tr *trial) passMoment(t *rapid.T) {
	tr.pass(time.Duration(number(t, "seconds", 130)) * time.Second)
}

func (tr *trial) passWhile(t *rapid.T) {
	tr.pass(pick(t, "while", []time.Duration{
		6 * time.Minute, 11 * time.Minute, 30 * time.Minute, 40 * time.Minute, time.Hour, 3 * time.Hour, 8 * time.Hour,
	}))
}

func (tr *trial) failCall(t *rapid.T) {
	call := pick(t, "call", faultyCalls)
	for range number(t, "times", 4) {
		tr.faults.add(call, drawMishap(t))
	}
}

func (tr *trial) failStore(t *rapid.T) {
	method := pick(t, "method", storeMethods)
	for range number(t, "times", 3) {
		tr.faults.addStore(method, flip(t, "it happens"))
	}
}

func (tr *trial) slowDown(t *rapid.T) {
	tr.faults.delay(pick(t, "call", faultyCalls), time.Duration(number(t, "seconds", 200))*time.Second)
}

func (tr *trial) lightFuse(t *rapid.T) {
	f := fuse{calls: number(t, "calls", 15), happens: flip(t, "happens"), down: drawDown(t)}
	tr.process.mu.Lock()
	defer tr.process.mu.Unlock()
	tr.process.fuse = f
}

func (tr *trial) restartNow(t *rapid.T) { tr.restart(flip(t, "crash"), drawDown(t)) }

func drawDown(t *rapid.T) time.Duration {
	return pick(t, "down", []time.Duration{0, 0, time.Second, time.Minute, time.Hour, 26 * time.Hour})
}

// touchKey lets somebody use a key, change it by hand, or delete it.
func (tr *trial) touchKey(t *rapid.T) {
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
		onCall := tr.keys.OnCall
		tr.keys.OnCall = nil
		require.NoError(tr.t, tr.keys.Remove(context.Background(), "org", r.Key.ID))
		tr.keys.OnCall = onCall
	}
}

// leave deactivates somebody, or brings back whoever was.
func (tr *trial) leave(t *rapid.T) {
	u := pick(t, "who", []approval.UserID{alice, bob, carol})
	for who, s := range tr.standings {
		if s == approval.Deactivated {
			tr.stand(who, approval.Member)
			u = ""
		}
	}
	if u != "" {
		tr.stand(u, approval.Deactivated)
	}
}
