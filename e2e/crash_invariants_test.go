package e2e

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
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

// The invariants: at most one key per request is alive, it may do what its row says
// and no more, and the requester was shown it; what was decided stays; what is
// said is so. Unresolved creates are the exception: for minutes there may be a key that
// no one saw.

var markOf = regexp.MustCompile(`keybot (AKR-[0-9A-Z]+) attempt `)

// botKeys are the keys that the bot made, in all organizations.
func (w *crashRun) botKeys() []atlas.Key {
	var made []atlas.Key
	for _, o := range w.Atlases {
		for _, k := range o.Snapshot().Keys {
			if markOf.MatchString(k.Desc) {
				made = append(made, k)
			}
		}
	}
	return made
}

// alive groups the keys that the bot made and that are alive by request.
func (w *crashRun) alive() map[policy.ID][]atlas.Key {
	all := map[policy.ID][]atlas.Key{}
	for _, k := range w.botKeys() {
		all[madeFor(k.Desc)] = append(all[madeFor(k.Desc)], k)
	}
	return all
}

// madeFor is the request that a key's description names.
func madeFor(desc string) policy.ID { return policy.ID(firstIn(desc, markOf)) }

// violations collects what seems not to hold.
type violations []string

// Errorf implements assert.TestingT.
func (d *violations) Errorf(format string, args ...any) {
	*d = append(*d, fmt.Sprintf(format, args...))
}

// checkIdle is asked whenever the bot has nothing to do for the moment. What
// Slack delivers again can stir it at any time: a doubt counts if nothing has
// moved meanwhile.
func (w *crashRun) checkIdle(r report) {
	w.t.Helper()
	var d violations
	w.checkInvariants(&d, r)
	if len(d) == 0 {
		return
	}
	again, err := w.current().waitIdle()
	if err == nil && again.Idle && again.isLike(r) {
		assert.Empty(w.t, d)
	}
}

// isLike reports whether no request has moved.
func (r report) isLike(o report) bool {
	return slices.EqualFunc(r.Requests, o.Requests, func(a, b approval.Request) bool { return a.ID == b.ID && a.Version == b.Version })
}

func (w *crashRun) checkInvariants(d *violations, r report) {
	assert.GreaterOrEqual(d, len(r.Requests), w.people.asked, "a form was taken and there is no request")
	assert.LessOrEqual(d, len(r.Requests), len(w.flow.ends), "one form is one request")
	alive := w.alive()
	for _, q := range r.Requests {
		w.checkKeys(d, r, q, alive[q.ID])
		w.checkExpiry(d, q)
		w.checkReview(d, r, q)
		delete(alive, q.ID)
		if r.isSynced(q) {
			w.checkScreens(d, r, q, r.MessageRefs[q.ID])
		}
	}
	assert.Empty(d, alive, "keys of no request")
}

func (w *crashRun) checkKeys(d *violations, r report, q approval.Request, keys []atlas.Key) {
	var current []atlas.Key
	shown := w.shown()[q.ID]
	for _, k := range keys {
		switch {
		case k.ID == q.Key.ID:
			current = append(current, k)
		default:
			begun := q.State == approval.StateIssuing && q.Issuance.Stage == approval.StageStarted // the disk was full when it was made
			assert.True(d, begun || len(q.UnresolvedCreates) > 0, "%s: key %s is active and belongs to no request", q.State, k.PublicKey)
			assert.NotContains(d, shown, k.PublicKey, "%s: a key that was shown is unknown", q.State)
		}
	}
	switch q.State {
	case approval.StateDelivered, approval.StateActive:
		if assert.Len(d, current, 1, "%s: the key of %s", q.State, q.ID) {
			w.checkGrant(d, r, q, current[0])
			assert.True(d, len(shown) > 0 && shown[len(shown)-1] == current[0].PublicKey, "%s: the last key shown of %v is not %s", q.State, shown, current[0].PublicKey)
		}
	case approval.StateIssuing, approval.StateRevoking: // on its way
	default:
		assert.Empty(d, current, "%s: there should be no key", q.State)
	}
}

// shown lists the public halves of the keys that Slack showed, by request and in
// order.
func (w *crashRun) shown() map[policy.ID][]string {
	all := map[policy.ID][]string{}
	for _, c := range w.Wire.Calls() {
		if c.Operation == "chat.postEphemeral" && strings.Contains(c.Response, `"ok":true`) {
			words := said(c)
			if key := firstIn(words, keyInNote); key != "" {
				id := policy.ID(firstIn(words, idInButton))
				all[id] = append(all[id], key)
			}
		}
	}
	return all
}

// wasShown reports whether a key was shown to any user.
func (w *crashRun) wasShown(publicKey string) bool {
	for _, keys := range w.shown() {
		if slices.Contains(keys, publicKey) {
			return true
		}
	}
	return false
}

// said is what a call to Slack says, in one string.
func said(c wire.Call) string {
	if plain, err := url.QueryUnescape(c.Request); err == nil && !strings.HasPrefix(c.Request, "{") {
		return plain
	}
	return c.Request
}

// isSynced reports whether every message shows the request as it is.
func (r report) isSynced(q approval.Request) bool {
	return r.Synced[q.ID] && !slices.ContainsFunc(q.Messages, func(name approval.MessageName) bool {
		at := r.MessageRefs[q.ID][name]
		return at.TS == "" || at.Digest == ""
	})
}

var (
	saysDeleted    = regexp.MustCompile("key `([a-z]{8})` was deleted")
	saysUsableFrom = regexp.MustCompile(`IP access list of (AKR-[0-9A-Z]+) updated: .([0-9a-f.:/, ]+)` + "`")
)

// check compares what is said with what is so at that very moment.
func (w *crashRun) check(c wire.Call) {
	if c.Side == wire.Atlas {
		return
	}
	words := said(c)
	if zeroTime.MatchString(words) {
		w.violation("a time is said that was never recorded: %s", words)
	}
	for _, found := range saysDeleted.FindAllStringSubmatch(words, -1) {
		if _, there := w.living(found[1]); there {
			w.violation("key %s is said to be deleted and is alive", found[1])
		}
	}
	if key := firstIn(words, keyInNote); key != "" {
		if k, there := w.living(key); !there || w.grantOf(k) != w.flow.shownWith() {
			w.violation("key %s is shown and is not there or not whole: %+v", key, k)
		}
	}
	for _, found := range saysUsableFrom.FindAllStringSubmatch(words, -1) {
		for _, k := range w.alive()[policy.ID(found[1])] {
			if from := sorted(strings.Split(found[2], ", ")); from != w.grantOf(k).from {
				w.violation("key %s is said to be usable from %s: %+v", k.PublicKey, from, k)
			}
		}
	}
	if strings.Contains(words, "didn't open in time") && w.allFormsOpened() {
		w.violation("a form is open, and is said not to be")
	}
	if strings.Contains(words, "No key was created") {
		for _, id := range idsIn(words) {
			if len(w.alive()[id]) > 0 {
				w.violation("there is a key of %s, and people are told that there is none", id)
			}
		}
	}
}

// allFormsOpened reports whether a user has a form open, and the bot has never
// tried to open one in vain: that it uses a trigger twice is no such try.
func (w *crashRun) allFormsOpened() bool {
	inVain := slices.ContainsFunc(w.Wire.Calls(), func(c wire.Call) bool {
		opened := strings.Contains(c.Response, `"ok":true`) || strings.Contains(c.Response, "exchanged_trigger_id")
		return c.Operation == "views.open" && !opened
	})
	return !inVain && slices.ContainsFunc(w.flow.people, func(p person) bool { return w.Slack.Screen(p.who).Modal != nil })
}

func (w *crashRun) violation(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

func (w *crashRun) living(publicKey string) (atlas.Key, bool) {
	for _, k := range w.botKeys() {
		if k.PublicKey == publicKey {
			return k, true
		}
	}
	return atlas.Key{}, false
}

// orphanLimit is how long a key that no one was shown may live beside another.
const orphanLimit = 10 * time.Minute

// checkOneKeyAtATime reads the organization's own history. Two keys of one request are
// alive together only if lists lag, one of them was never shown, and not for
// long.
func (w *crashRun) checkOneKeyAtATime() {
	w.t.Helper()
	made := w.made()
	for _, o := range w.Atlases {
		w.checkOneKeyAtATimeIn(o, made)
	}
}

// made says for which request Atlas made a key, by its public half.
func (w *crashRun) made() map[string]policy.ID {
	made := map[string]policy.ID{}
	for _, c := range w.Wire.Calls() {
		var key struct{ Desc, PublicKey string }
		if c.Operation == createKey && json.Unmarshal([]byte(c.Response), &key) == nil && markOf.MatchString(key.Desc) {
			made[key.PublicKey] = madeFor(key.Desc)
		}
	}
	return made
}

func (w *crashRun) checkOneKeyAtATimeIn(o *atlas.Organization, made map[string]policy.ID) {
	w.t.Helper()
	since := map[string]time.Time{}
	for _, e := range o.Events() {
		switch e.Type {
		case "API_KEY_CREATED":
			for other := range since {
				if made[other] == made[e.Target] {
					w.mayCoexist(other, e.Target)
				}
			}
			since[e.Target] = e.At
		case "API_KEY_DELETED":
			if !w.wasShown(e.Target) {
				assert.LessOrEqual(w.t, e.At.Sub(since[e.Target]), orphanLimit+w.rateLimitWaits(), "a key that was never shown existed too long")
			}
			delete(since, e.Target)
		}
	}
}

func (w *crashRun) mayCoexist(a, b string) {
	w.t.Helper()
	both := w.wasShown(a) && w.wasShown(b)
	assert.True(w.t, w.flow.lag.Create > 0 && !both, "keys %s and %s of one request were alive together", a, b)
}
