package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// people is what the people of a flow remember.
type people struct {
	pressed  map[string]time.Time   // what was clicked, and when
	times    map[string]int         // how often, for whatever name
	taken    map[string]bool        // the forms that were taken
	asked    int                    // how many of them ask for something
	waiting  bool                   // a user clicked, and still waits for what comes of it
	seen     map[policy.ID][]string // the public halves of the keys that were seen, by request, in order
	only     policy.ID              // the request that an act is narrowed to
	replaced string                 // the key of which a user said that they did not see it
}

// retryAfter is after how long people click again, and maxRetries how
// often they do.
const (
	retryAfter = 30 * time.Second
	maxRetries = 12
)

func newPeople() people {
	return people{pressed: map[string]time.Time{}, times: map[string]int{}, taken: map[string]bool{}, seen: map[policy.ID][]string{}}
}

// personActs lets people do what they want, one thing at a time.
func (w *crashRun) personActs() bool {
	w.t.Helper()
	for _, p := range w.flow.people {
		if w.Slack.Screen(p.who).Me.Deleted {
			continue
		}
		w.rememberKeys(p.who)
		if w.dismissNotice(p.who) {
			return true
		}
		if slices.ContainsFunc(p.wants, func(do act) bool { return do(w, p.who) }) {
			return true
		}
	}
	return false
}

// may reports whether a user who did this before would do it (again) now.
func (w *crashRun) may(what, name string) bool {
	w.t.Helper()
	now := w.Clock.Now()
	if last, done := w.people.pressed[what]; done && now.Sub(last) < retryAfter {
		w.people.waiting = true
		return false
	}
	w.people.pressed[what] = now
	w.people.times[name]++
	require.LessOrEqual(w.t, w.people.times[name], w.maxRetries(), "%s was clicked too often", name)
	return true
}

// maxRetries is how often people click at most. With two things going wrong they
// may have to as long as a flow may last longer; see [crashRun.checkDuration].
func (w *crashRun) maxRetries() int {
	if len(w.plan) < 2 {
		return maxRetries
	}
	return maxRetries + int(2*w.leeway()/retryAfter)
}

// dismissNotice closes a modal that only says something.
func (w *crashRun) dismissNotice(who string) bool {
	w.t.Helper()
	modal := w.Slack.Screen(who).Modal
	if modal == nil || strings.Contains(string(modal.View), `"submit":{`) {
		return false
	}
	require.NoError(w.t, w.Slack.DismissModals(w.ctx(), who))
	return true
}

// awaitsModal waits for a modal, or for anything else that changes the screen.
func (w *crashRun) awaitsModal(who string, before slack.Screen) {
	ctx, cancel := w.within(3 * time.Second)
	defer cancel()
	_, _ = w.Slack.Wait(ctx, who, func(s slack.Screen) bool {
		return s.Modal != nil || describe(s) != describe(before)
	})
}

// each yields the messages on a user's screen, the newest of a conversation
// first.
func (w *crashRun) each(who string, yield func(in slack.Conversation, m slack.Message) bool) {
	for _, c := range w.Slack.Screen(who).Conversations {
		for _, m := range slices.Backward(c.Messages) {
			if !yield(c, m) {
				return
			}
		}
	}
}

// rememberKeys is how people remember the keys that they were shown.
func (w *crashRun) rememberKeys(who string) {
	w.each(who, func(_ slack.Conversation, m slack.Message) bool {
		if found := keyInNote.FindStringSubmatch(string(m.Blocks)); found != nil {
			if id := requestOf(m); !slices.Contains(w.people.seen[id], found[1]) {
				w.people.seen[id] = append(w.people.seen[id], found[1])
			}
		}
		return true
	})
}

// isLastShown reports whether a message is about the last key that was seen of its
// request.
func (w *crashRun) isLastShown(m slack.Message) bool {
	seen := w.people.seen[requestOf(m)]
	return len(seen) > 0 && keyNamed(m) == seen[len(seen)-1]
}

var (
	keyInNote    = regexp.MustCompile(`(?s)MONGODB_ATLAS_PUBLIC_API_KEY.*?"text":"([a-z]{8})"`)
	keyInMessage = regexp.MustCompile("key `([a-z]{8})`")
	idInButton   = regexp.MustCompile(`"value":"(AKR-[0-9A-Z]+)"`)
)

// keyNamed is the key that a message is about.
func keyNamed(m slack.Message) string { return firstIn(string(m.Blocks), keyInNote, keyInMessage) }

// requestOf is the request that the buttons of a message are about.
func requestOf(m slack.Message) policy.ID {
	return policy.ID(firstIn(string(m.Blocks), idInButton))
}

// firstIn is the first group of the first pattern that is found.
func firstIn(text string, patterns ...*regexp.Regexp) string {
	for _, p := range patterns {
		if found := p.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}

func offers(m slack.Message, action string) bool {
	return offersButton(m.Blocks, action)
}

// callbackOf is the callback_id of a modal.
func callbackOf(modal *slack.Modal) string {
	var view struct {
		CallbackID string `json:"callback_id"`
	}
	_ = json.Unmarshal(modal.View, &view)
	return view.CallbackID
}
