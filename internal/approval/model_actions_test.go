package approval_test

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"atlaskeybot/internal/approval"
)

func compare(a, b approval.ID) int { return cmp.Compare(a, b) }

// actions are the steps of a trial. What happens more often in life, or leads
// further, is there more than once.
func (tr *trial) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){
		"":                        func(*rapid.T) { tr.check() },
		"submit":                  tr.submitForm,
		"press":                   tr.pressAnything,
		"press what is next":      tr.pressNext,
		"press what is next 2":    tr.pressNext,
		"press what is next 3":    tr.pressNext,
		"press in the middle":     tr.pressLater,
		"a moment passes":         tr.passMoment,
		"a while passes":          tr.passWhile,
		"a call will fail":        tr.failCall,
		"the store will fail":     tr.failStore,
		"calls become slow":       tr.slowDown,
		"the bot will crash":      tr.lightFuse,
		"the bot is restarted":    tr.restartNow,
		"a key is touched":        tr.touchKey,
		"a person leaves":         tr.leave,
		"everything settles down": func(*rapid.T) { tr.rest() },
	}
	for name, do := range actions {
		if name == "" {
			continue
		}
		actions[name] = func(t *rapid.T) {
			do(t)
			tr.tally.step(name)
			synctest.Wait()
			tr.revive()
		}
	}
	return actions
}

// revive starts the bot again if its fuse has burnt down.
func (tr *trial) revive() {
	if tr.process.isDead() {
		tr.restart(true, tr.process.fuse.down)
		synctest.Wait()
	}
}

func (tr *trial) submitForm(t *rapid.T) {
	origin := rapid.SampledFrom([]string{"V1", "V2", "V3"}).Draw(t, "form")
	who := forms[origin]
	if tr.asked[origin] == "" && rapid.IntRange(0, 9).Draw(t, "by a guest") == 0 {
		who = gil
	}
	tr.submit(origin, who)
}

// anyRequest picks one of the requests; the step is no step without one.
func (tr *trial) anyRequest(t *rapid.T) approval.Request {
	all := tr.requests()
	if len(all) == 0 {
		t.Skip("nobody asked yet")
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(t, "request")]
}

func (tr *trial) pressAnything(t *rapid.T) {
	r := tr.anyRequest(t)
	tr.pressNow(press{r.ID, rapid.SampledFrom(clicks).Draw(t, "button"), rapid.SampledFrom(people).Draw(t, "who")})
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
	r := tr.anyRequest(t)
	if len(next[r.State]) == 0 {
		t.Skip("nothing is next")
	}
	on := rapid.SampledFrom(next[r.State]).Draw(t, "button")
	who := r.Requester
	if on == approval.Approve || on == approval.Deny {
		who = bob
	}
	return press{r.ID, on, who}
}

func (tr *trial) pressNext(t *rapid.T) { tr.pressNow(tr.drawNext(t)) }

// pressLater presses something in the middle of what the bot does next.
func (tr *trial) pressLater(t *rapid.T) {
	r := tr.anyRequest(t)
	p := press{r.ID, rapid.SampledFrom(clicks).Draw(t, "button"), rapid.SampledFrom([]approval.UserID{r.Requester, r.Requester, bob}).Draw(t, "who")}
	calls := rapid.IntRange(1, 12).Draw(t, "calls")
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.waiting = append(tr.waiting, &surprise{calls, func() { tr.press(p) }})
}

func (tr *trial) passMoment(t *rapid.T) {
	tr.pass(time.Duration(rapid.IntRange(1, 130).Draw(t, "seconds")) * time.Second)
}

func (tr *trial) passWhile(t *rapid.T) {
	tr.pass(rapid.SampledFrom([]time.Duration{
		6 * time.Minute, 11 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 8 * time.Hour, 24 * time.Hour,
	}).Draw(t, "while"))
}

func (tr *trial) failCall(t *rapid.T) {
	call := rapid.SampledFrom(faultyCalls).Draw(t, "call")
	for range rapid.IntRange(1, 4).Draw(t, "times") {
		tr.faults.add(call, drawMishap(t))
	}
}

func (tr *trial) failStore(t *rapid.T) {
	method := rapid.SampledFrom(storeMethods).Draw(t, "method")
	tr.faults.addStore(method, rapid.SliceOfN(rapid.Bool(), 1, 3).Draw(t, "applied")...)
}

func (tr *trial) slowDown(t *rapid.T) {
	tr.faults.delay(rapid.SampledFrom(faultyCalls).Draw(t, "call"), time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds"))*time.Second)
}

func (tr *trial) lightFuse(t *rapid.T) {
	f := fuse{rapid.IntRange(1, 15).Draw(t, "calls"), rapid.Bool().Draw(t, "happens"), drawDown(t)}
	tr.process.mu.Lock()
	defer tr.process.mu.Unlock()
	tr.process.fuse = f
}

func (tr *trial) restartNow(t *rapid.T) { tr.restart(rapid.Bool().Draw(t, "crash"), drawDown(t)) }

func drawDown(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{0, 0, time.Second, time.Minute, time.Hour, 9 * time.Hour}).Draw(t, "down")
}

// touchKey lets somebody use a key, change it by hand, or delete it.
func (tr *trial) touchKey(t *rapid.T) {
	r := tr.anyRequest(t)
	if r.State != approval.Delivered && r.State != approval.Active {
		t.Skip("nobody holds a key")
	}
	switch rapid.SampledFrom([]string{"use", "use", "change", "restore", "delete"}).Draw(t, "how") {
	case "use":
		tr.keys.Use(r.Key.ID)
	case "change":
		tr.keys.Change(r.Key.ID, approval.Drift{
			NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			Renamed: rapid.Bool().Draw(t, "renamed"),
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

// leave deactivates somebody, or takes them back.
func (tr *trial) leave(t *rapid.T) {
	u := rapid.SampledFrom([]approval.UserID{alice, bob, carol}).Draw(t, "who")
	if tr.standings[u] == approval.Member {
		tr.stand(u, approval.Deactivated)
	} else {
		tr.stand(u, approval.Member)
	}
}

var _ = slices.Contains[[]int]
