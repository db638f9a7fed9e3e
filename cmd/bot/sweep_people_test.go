package main

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// A flow is what people want. They do not follow a script: they look at their
// screens and press what is offered and what they want, again if nothing came
// of it.
type flow struct {
	name     string
	overHTTP bool
	lag      atlas.Lag
	bob      string   // the button he presses on a card; none if empty
	alice    []string // what she presses when it is offered; see aliceActs
	ends     approval.State
}

// flows are all the ways through the machine that people take.
func flows() []flow {
	lag := atlas.Lag{Create: 20 * time.Second, Delete: 20 * time.Second}
	return []flow{
		{name: "saved, until its end date", bob: "card.approve", alice: []string{create, saved}, ends: approval.Ended},
		{name: "not seen, then revoked", overHTTP: true, bob: "card.approve", alice: []string{create, unseen, saved, revoke}, ends: approval.Ended},
		{name: "not seen, and Atlas lags", lag: lag, bob: "card.approve", alice: []string{create, unseen, saved, revoke}, ends: approval.Ended},
		{name: "never confirmed", bob: "card.approve", alice: []string{create}, ends: approval.Ended},
		{name: "denied", overHTTP: true, bob: "card.deny", ends: approval.Denied},
		{name: "withdrawn", alice: []string{withdraw}, ends: approval.Withdrawn},
		{name: "never decided", overHTTP: true, ends: approval.Expired},
		{name: "approved, never collected", bob: "card.approve", ends: approval.Expired},
	}
}

// What Alice may want.
const (
	create   = "create"
	unseen   = "unseen" // once
	saved    = "saved"
	revoke   = "revoke"
	withdraw = "withdraw"
)

// people is what Alice and Bob remember.
type people struct {
	asked    bool                 // Alice's form was taken
	pressed  map[string]time.Time // what was pressed, and when
	times    map[string]int       // how often, for whatever name
	waiting  bool                 // somebody pressed, and still waits for what comes of it
	seen     []string             // the public halves of the keys that Alice saw, in order
	replaced string               // the key for which she said that she did not see it
}

// patienceOfPeople is after how long people press again, and enoughOfIt how
// often they do.
const (
	patienceOfPeople = 30 * time.Second
	enoughOfIt       = 8
)

func newPeople() people {
	return people{pressed: map[string]time.Time{}, times: map[string]int{}}
}

// may reports whether somebody who did this before would do it (again) now.
func (w *trial) may(what, name string) bool {
	w.t.Helper()
	now := w.Clock.Now()
	if last, done := w.people.pressed[what]; done && now.Sub(last) < patienceOfPeople {
		w.people.waiting = true
		return false
	}
	w.people.pressed[what] = now
	w.people.times[name]++
	require.LessOrEqual(w.t, w.people.times[name], enoughOfIt, "nobody presses %s that often", name)
	return true
}

// uses presses the newest button with that name that fits, if there is one.
func (w *trial) uses(who, action string, fits func(slack.Message) bool) bool {
	w.t.Helper()
	for _, c := range w.Slack.Screen(who).Conversations {
		for _, m := range slices.Backward(c.Messages) {
			if !offers(m, action) || !fits(m) {
				continue
			}
			if !w.may(who+m.TS+action+m.Text+string(m.Blocks), action) {
				return false
			}
			if err := w.Slack.Press(w.ctx(), who, c.ID, m.TS, action); !errors.Is(err, slack.ErrCannot) {
				require.NoError(w.t, err)
			}
			return true
		}
	}
	return false
}

func offers(m slack.Message, action string) bool {
	return strings.Contains(string(m.Blocks), `"action_id":"`+action+`"`)
}

func whichever(slack.Message) bool { return true }

// fills sends the modal that somebody has open.
func (w *trial) fills(who string, modal *slack.Modal, values map[string]map[string]slack.Value) slack.Outcome {
	w.t.Helper()
	if !strings.Contains(string(modal.View), `"submit":{`) { // a notice; start again
		require.NoError(w.t, w.Slack.DismissModals(w.ctx(), who))
		return slack.Cleared
	}
	result, err := w.Slack.Submit(w.ctx(), who, values)
	require.NoError(w.t, err)
	return result.Outcome
}

// bobActs decides. He uses whatever card has buttons.
func (w *trial) bobActs() bool {
	w.t.Helper()
	if w.flow.bob == "" {
		return false
	}
	if modal := w.Slack.Screen(bob).Modal; modal != nil {
		if !w.may("denial", "denial") {
			return false
		}
		w.fills(bob, modal, map[string]map[string]slack.Value{"deny.reason": {"deny.reason": slack.Text("use the dashboard")}})
		return true
	}
	before := w.Slack.Screen(bob)
	if !w.uses(bob, w.flow.bob, whichever) {
		return false
	}
	if w.flow.bob == "card.deny" {
		w.awaitsModal(bob, before)
	}
	return true
}

// awaitsModal waits for a modal, or for anything else that changes the screen.
func (w *trial) awaitsModal(who string, before slack.Screen) {
	ctx, cancel := w.within(3 * time.Second)
	defer cancel()
	_, _ = w.Slack.Wait(ctx, who, func(s slack.Screen) bool {
		return s.Modal != nil || told(s) != told(before)
	})
}

// aliceActs asks until she is heard, and then presses what she wants.
func (w *trial) aliceActs() bool {
	w.t.Helper()
	if !w.people.asked {
		return w.aliceAsks()
	}
	w.aliceReads()
	for _, wish := range w.flow.alice {
		did := false
		switch wish {
		case create:
			did = w.uses(alice, "ready.create", whichever)
		case withdraw:
			did = w.uses(alice, "asked.withdraw", whichever) || w.uses(alice, "ready.withdraw", whichever)
		case revoke:
			did = w.uses(alice, "ready.revoke", whichever)
		case unseen:
			did = w.aliceSawNothing()
		case saved:
			did = w.aliceSaves()
		}
		if did {
			return true
		}
	}
	return false
}

func (w *trial) aliceAsks() bool {
	w.t.Helper()
	before := w.Slack.Screen(alice)
	if before.Modal != nil {
		if !w.may("form", "form") {
			return false
		}
		w.people.asked = w.fills(alice, before.Modal, wish()) == slack.Closed
		return true
	}
	if !w.may("command", "command") {
		return false
	}
	require.NoError(w.t, w.Slack.Command(w.ctx(), alice, slack.General, "/atlas-key", ""))
	w.awaitsModal(alice, before)
	return true
}

var (
	keyInNote    = regexp.MustCompile(`MONGODB_ATLAS_PUBLIC_API_KEY=([a-z]{8})`)
	keyInMessage = regexp.MustCompile("key `([a-z]{8})`")
)

// aliceReads remembers the keys that she was shown.
func (w *trial) aliceReads() {
	for _, c := range w.Slack.Screen(alice).Conversations {
		for _, m := range c.Messages {
			for _, found := range keyInNote.FindAllStringSubmatch(string(m.Blocks), -1) {
				if !slices.Contains(w.people.seen, found[1]) {
					w.people.seen = append(w.people.seen, found[1])
				}
			}
		}
	}
}

// aliceSawNothing says so once, of the first key that was handed over.
func (w *trial) aliceSawNothing() bool {
	w.t.Helper()
	return w.uses(alice, "ready.unseen", func(m slack.Message) bool {
		key := named(m)
		if w.people.replaced == "" {
			w.people.replaced = key
		}
		return key == w.people.replaced
	})
}

// aliceSaves is honest: she saved the last key that she was shown, and of any
// other she says that she did not see it.
func (w *trial) aliceSaves() bool {
	w.t.Helper()
	last := ""
	if n := len(w.people.seen); n > 0 {
		last = w.people.seen[n-1]
	}
	hers := func(m slack.Message) bool { return named(m) == last }
	if !w.shows(alice, "ready.saved") {
		return false
	}
	inNote := func(m slack.Message) bool { return strings.Contains(string(m.Blocks), "PUBLIC_API_KEY="+last) }
	handedOver := false
	for _, c := range w.Slack.Screen(alice).Conversations {
		for _, m := range c.Messages {
			handedOver = handedOver || offers(m, "ready.saved") && hers(m)
		}
	}
	if handedOver && w.uses(alice, "note.saved", inNote) {
		return true
	}
	return w.uses(alice, "ready.saved", hers) || !w.people.waiting && w.uses(alice, "ready.unseen", func(m slack.Message) bool { return !hers(m) })
}

func (w *trial) shows(who, action string) bool {
	for _, c := range w.Slack.Screen(who).Conversations {
		if slices.ContainsFunc(c.Messages, func(m slack.Message) bool { return offers(m, action) }) {
			return true
		}
	}
	return false
}

// named is the key that a message is about.
func named(m slack.Message) string {
	found := keyInMessage.FindStringSubmatch(string(m.Blocks))
	if found == nil {
		return ""
	}
	return found[1]
}
