package client

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// forbidden are Slack's words for what an administrator forbids the app, and
// what the operator can do about each. No trying again mends them.
var forbidden = map[string]string{
	"app_access_restricted":                    "an administrator of the workspace restricts this app; ask them to allow it",
	"ekm_access_denied":                        "Enterprise Key Management denies access; ask an administrator of the organization",
	"channel_is_limited_access":                "only some people and apps may post there; ask an administrator to let the app",
	"restricted_action":                        "a setting of the workspace keeps the app from posting; ask an administrator to let it",
	"restricted_action_read_only_channel":      "the channel is read only; let the app post there or choose another one",
	"restricted_action_thread_only_channel":    "only replies in threads are allowed there; choose another channel",
	"restricted_action_non_threadable_channel": "threads are not allowed there, and the bot needs them; choose another channel",
	"restricted_action_thread_locked":          "the thread of a card is locked; ask an administrator to unlock it",
	"message_limit_exceeded":                   "the workspace is over its limit of messages; ask an administrator",
	codeTabOff:                                 "the app's Messages tab is off, so that no message can be sent to a user; turn it on at api.slack.com/apps, App Home, Messages Tab",
}

// codeTabOff is Slack's word for an app that cannot be written to, and cannot
// write to people.
const codeTabOff = "messages_tab_disabled"

// troubles are what an operator has to mend before some messages can be sent.
// Each is an error once, and is over when the same kind of message is sent.
type troubles struct {
	log *slog.Logger

	mu  sync.Mutex
	now map[string]string // by where: the code
}

func newTroubles(log *slog.Logger) *troubles { return &troubles{log: log, now: map[string]string{}} }

// inDMs stands for the conversations with people.
const inDMs = "direct messages"

// sent notes how a message went that was sent to where: code is Slack's word, or
// empty.
func (t *troubles) sent(where, code string) {
	problem, isForbidden := forbidden[code]
	t.mu.Lock()
	defer t.mu.Unlock()
	switch was := t.now[where]; {
	case isForbidden && was != code:
		t.now[where] = code
		t.log.Error("Slack forbids a message", "where", where, "code", code, "problem", problem)
	case code == "" && was != "":
		delete(t.now, where)
		t.log.Info("Slack takes messages again", "where", where)
	}
}

// tabIsOff reports whether the last message to a person said so.
func (t *troubles) tabIsOff() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now[inDMs] == codeTabOff
}

// Trouble says, for an operator, which messages cannot be sent and why; empty if
// none is known. It is found out by sending.
func (s *Slack) Trouble() string {
	var all []string
	s.troubles.mu.Lock()
	for _, where := range slices.Sorted(maps.Keys(s.troubles.now)) {
		all = append(all, where+": "+forbidden[s.troubles.now[where]])
	}
	s.troubles.mu.Unlock()
	s.channels.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(s.channels.wrong)) {
		all = append(all, "channel "+id+": "+s.channels.wrong[id].Problem)
	}
	s.channels.mu.Unlock()
	return strings.Join(all, "; ")
}
