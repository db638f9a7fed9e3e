package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

// The promise: at most one key per request is alive, it has its whole access
// list, and whoever asked was shown it; what was decided stays; what is said is
// so. Debts are the exception: for minutes there may be a key that nobody saw.

// approvedFrom is the access list that wish asks for.
var approvedFrom = []string{"198.51.100.0/24", "203.0.113.7"}

var markOf = regexp.MustCompile(`keybot (AKR-[0-9A-Z]+) attempt `)

// alive groups the keys that the bot made and that are alive by request.
func (w *trial) alive() map[approval.ID][]atlas.Key {
	all := map[approval.ID][]atlas.Key{}
	for _, k := range w.botKeys() {
		id := approval.ID(markOf.FindStringSubmatch(k.Desc)[1])
		all[id] = append(all[id], k)
	}
	return all
}

func isWhole(k atlas.Key) bool {
	from := networksOf(k)
	slices.Sort(from)
	return slices.Equal(from, approvedFrom) && len(k.Roles) == 1 && k.Roles[0].Name == "ORG_BILLING_READ_ONLY"
}

// doubts collects what seems not to hold.
type doubts []string

// Errorf implements assert.TestingT.
func (d *doubts) Errorf(format string, args ...any) { *d = append(*d, fmt.Sprintf(format, args...)) }

// holdsAtRest is asked whenever the bot has nothing to do for the moment. What
// Slack delivers again can stir it at any time: a doubt counts if nothing has
// moved meanwhile.
func (w *trial) holdsAtRest(r report) {
	w.t.Helper()
	var d doubts
	w.judge(&d, r)
	if len(d) == 0 {
		return
	}
	again, err := w.current().rest()
	if err == nil && again.Rest && again.isLike(r) {
		assert.Empty(w.t, d)
	}
}

// isLike reports whether no request has moved.
func (r report) isLike(o report) bool {
	return slices.EqualFunc(r.Requests, o.Requests, func(a, b approval.Request) bool { return a.ID == b.ID && a.Version == b.Version })
}

func (w *trial) judge(d *doubts, r report) {
	if w.people.asked {
		assert.Len(d, r.Requests, 1, "one form is one request")
	}
	alive := w.alive()
	for _, q := range r.Requests {
		w.keysHold(d, q, alive[q.ID])
		delete(alive, q.ID)
		if isDrawn(q, r.Places[q.ID]) {
			w.screensHold(d, q, r.Places[q.ID])
		}
	}
	assert.Empty(d, alive, "keys of no request")
}

func (w *trial) keysHold(d *doubts, q approval.Request, keys []atlas.Key) {
	var current []atlas.Key
	for _, k := range keys {
		switch {
		case k.ID == q.Key.ID:
			current = append(current, k)
		default:
			assert.NotEmpty(d, q.Debts, "%s: key %s is alive and nobody's business", q.State, k.PublicKey)
			assert.NotContains(d, w.shown(), k.PublicKey, "%s: a key that was shown is unknown", q.State)
		}
	}
	switch q.State {
	case approval.Delivered, approval.Active:
		if assert.Len(d, current, 1, "%s: the key of the request", q.State) {
			assert.True(d, isWhole(current[0]), "%s: %+v", q.State, current[0])
			shown := w.shown()
			assert.True(d, len(shown) > 0 && shown[len(shown)-1] == current[0].PublicKey, "%s: the last key shown of %v is not %s", q.State, shown, current[0].PublicKey)
		}
	case approval.Minting, approval.Revoking: // on its way
	default:
		assert.Empty(d, current, "%s: there should be no key", q.State)
	}
}

// shown lists the public halves of the keys that Slack showed, in order.
func (w *trial) shown() []string {
	var all []string
	for _, c := range w.Wire.Calls() {
		if c.Operation == "chat.postEphemeral" && strings.Contains(c.Response, `"ok":true`) {
			if found := keyInNote.FindStringSubmatch(said(c)); found != nil {
				all = append(all, found[1])
			}
		}
	}
	return all
}

// said is what a call to Slack says, in one string.
func said(c wire.Call) string {
	if plain, err := url.QueryUnescape(c.Request); err == nil && !strings.HasPrefix(c.Request, "{") {
		return plain
	}
	return c.Request
}

// isDrawn reports whether every message shows the request as it is.
func isDrawn(q approval.Request, places map[approval.MessageName]approval.Place) bool {
	return !slices.ContainsFunc(q.Messages, func(name approval.MessageName) bool {
		return places[name].TS == "" || places[name].Shown < q.Version
	})
}

var saidToBeGone = regexp.MustCompile("key `([a-z]{8})` was deleted")

// witness compares what is said with what is so at that very moment.
func (w *trial) witness(c wire.Call) {
	if c.Side == wire.Atlas {
		return
	}
	words := said(c)
	for _, found := range saidToBeGone.FindAllStringSubmatch(words, -1) {
		if _, there := w.living(found[1]); there {
			w.lie("key %s is said to be deleted and is alive", found[1])
		}
	}
	if found := keyInNote.FindStringSubmatch(words); found != nil {
		if k, there := w.living(found[1]); !there || !isWhole(k) {
			w.lie("key %s is shown and is not there or not whole: %+v", found[1], k)
		}
	}
	if strings.Contains(words, "could not be opened") && (w.Slack.Screen(alice).Modal != nil || w.Slack.Screen(bob).Modal != nil) {
		w.lie("a form is open, and is said not to be")
	}
	if strings.Contains(words, "There is no key") && len(w.botKeys()) > 0 {
		w.lie("there is a key, and people are told that there is none")
	}
}

func (w *trial) lie(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lies = append(w.lies, fmt.Sprintf(format, args...))
}

func (w *trial) living(publicKey string) (atlas.Key, bool) {
	for _, k := range w.botKeys() {
		if k.PublicKey == publicKey {
			return k, true
		}
	}
	return atlas.Key{}, false
}

// debtLimit is how long a key that nobody was shown may live beside another.
const debtLimit = 10 * time.Minute

// oneAtATime reads the organization's own history. Two keys of one request are
// alive together only if lists lag, one of them was never shown, and not for
// long.
func (w *trial) oneAtATime() {
	w.t.Helper()
	made := map[string]approval.ID{}
	for _, c := range w.Wire.Calls() {
		var key struct{ Desc, PublicKey string }
		if c.Operation == createKey && json.Unmarshal([]byte(c.Response), &key) == nil && markOf.MatchString(key.Desc) {
			made[key.PublicKey] = approval.ID(markOf.FindStringSubmatch(key.Desc)[1])
		}
	}
	since := map[string]time.Time{}
	for _, e := range w.Atlas.Events() {
		switch e.Type {
		case "API_KEY_CREATED":
			for other := range since {
				if made[other] == made[e.Target] {
					w.mayCoexist(other, e.Target)
				}
			}
			since[e.Target] = e.At
		case "API_KEY_DELETED":
			if !slices.Contains(w.shown(), e.Target) {
				assert.LessOrEqual(w.t, e.At.Sub(since[e.Target]), debtLimit, "a key that nobody was shown lived too long")
			}
			delete(since, e.Target)
		}
	}
}

func (w *trial) mayCoexist(a, b string) {
	w.t.Helper()
	shown := w.shown()
	both := slices.Contains(shown, a) && slices.Contains(shown, b)
	assert.True(w.t, w.flow.lag.Create > 0 && !both, "keys %s and %s of one request were alive together", a, b)
}
