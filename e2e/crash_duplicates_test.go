package e2e

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// What happens once is said once, to those whom it concerns.

// allowedDuplicates is how many messages may be there twice: those whose post was never
// answered, or whose place was never recorded.
func (w *crashRun) allowedDuplicates() int {
	spare := 0
	for _, s := range w.plan {
		call := s.at.operation == "chat.postMessage" && !strings.HasSuffix(s.what.how, "before")
		switch {
		case s.what.kills():
			spare += len(w.flow.ends) // the messages of each request are drawn one after the other
		case s.what.how == diskStaysFull:
			spare += fullFor
		case call, s.what.how == diskFull && strings.HasPrefix(s.at.commit, "posted"):
			spare++
		}
	}
	return spare
}

var (
	datesIn = regexp.MustCompile(`<!date\^[^>]*>`)
	keysIn  = regexp.MustCompile("`[a-z]{8}`")
)

// messages counts what the bot wrote to people, as it stands now: by
// conversation and words, in which requests are numbered and keys and dates
// left out.
func (w *crashRun) messages() map[string]int {
	all := map[string]int{}
	seen := map[string]bool{}
	for _, p := range w.flow.people {
		w.each(p.who, func(in slack.Conversation, m slack.Message) bool {
			if !m.Bot || m.Ephemeral || seen[in.ID+m.TS] {
				return true
			}
			seen[in.ID+m.TS] = true
			words := datesIn.ReplaceAllString(keysIn.ReplaceAllString(m.Text, "`key`"), "date")
			for i, id := range w.known {
				words = strings.ReplaceAll(words, string(id), fmt.Sprintf("#%d", i+1))
			}
			all[in.Name+": "+words]++
			return true
		})
	}
	return all
}

// checkMessagesOnce compares what people read with what they read in the same flow when
// nothing disturbed it, and counts what was posted as that is to be.
func (w *crashRun) checkMessagesOnce() {
	w.t.Helper()
	if len(w.plan) == 0 {
		assert.Equal(w.t, w.flow.messages, w.posted(regexp.MustCompile(".")), "messages that were posted")
	}
	if w.skew != 0 {
		return // another time of day is another course of things
	}
	spare := w.allowedDuplicates()
	var twice []string
	for words, n := range w.messages() {
		if strings.Contains(words, ":key: Another key") {
			continue // each of them names its own; see checkPosts
		}
		for range n - max(w.flow.withoutFaults[words], 1) {
			if w.flow.withoutFaults != nil {
				twice = append(twice, words)
			}
		}
	}
	assert.LessOrEqual(w.t, len(twice), spare, "what people read twice: %q", twice)
	for words, n := range w.flow.posts {
		posted := w.posted(regexp.MustCompile(words))
		assert.True(w.t, n <= posted && posted <= n+spare, "%q is posted %d times, not %d", words, posted, n)
	}
}

// posted counts the messages that were new and said something.
func (w *crashRun) posted(words *regexp.Regexp) int {
	n := 0
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.Slack && c.Operation == "chat.postMessage" && strings.Contains(c.Response, `"ok":true`) && words.MatchString(said(c)) {
			n++
		}
	}
	return n
}

// checkRecipients asserts that keys were shown to the requester for them, and
// that no one has a message about the request of another user.
func (w *crashRun) checkRecipients(r report) {
	w.t.Helper()
	owners := map[policy.ID][]string{}
	for _, q := range r.Requests {
		owners[q.ID] = []string{string(q.Requester)}
		for _, t := range q.Transfers {
			owners[q.ID] = append(owners[q.ID], string(t.From))
		}
	}
	for _, c := range w.Wire.Calls() {
		if words := said(c); c.Operation == "chat.postEphemeral" && keyInNote.MatchString(words) {
			assert.Contains(w.t, owners[policy.ID(firstIn(words, idInButton))], firstIn(words, shownTo), "a key was shown to another user")
		}
	}
	for _, p := range w.flow.people {
		for _, in := range w.Slack.Screen(p.who).Conversations {
			if in.Kind != slack.KindApp {
				continue
			}
			for _, m := range in.Messages {
				for _, id := range idsIn(m.Text) {
					assert.Contains(w.t, owners[id], p.who, "%s reads about %s", p.who, id)
				}
			}
		}
	}
}

var shownTo = regexp.MustCompile(`(?:^|&)user=(U[0-9A-Z]+)`)

// clickLeftovers uses the buttons that are left when all is over, which are
// those of messages that are there twice: nothing comes of it.
func (w *crashRun) clickLeftovers(r report) report {
	w.t.Helper()
	for range maxRetries {
		pressed := false
		for _, p := range w.flow.people {
			for _, in := range w.Slack.Screen(p.who).Conversations {
				for _, m := range in.Messages {
					action := firstIn(strings.ReplaceAll(string(m.Blocks), `"action_id":"request_again"`, ""), firstAction)
					if action != "" && !m.Ephemeral && !pressed {
						pressed = true
						_ = w.Slack.Click(w.ctx(), p.who, in.ID, m.TS, action)
					}
				}
			}
		}
		now := w.WaitIdle()
		assert.True(w.t, now.isLike(r), "a button that was left did something")
		if r = now; !pressed {
			return r
		}
	}
	w.t.Error("a button that was left stays, however often it is pressed")
	return r
}

var firstAction = regexp.MustCompile(`"action_id":"([a-z_]+)"`)

// WaitIdle waits until the bot, started again if need be, is at rest.
func (w *crashRun) WaitIdle() report {
	for {
		w.startIfExited()
		if r, err := w.current().waitIdle(); err == nil && r.Idle {
			return r
		}
	}
}
