package e2e

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
)

// What stands in the thread under a card is read when all is over: a post of an
// event is never changed, so it has to be true for good.

var (
	zeroTime          = regexp.MustCompile(`0001 00:00|date\^-|at an unknown time`)
	changedInBrackets = regexp.MustCompile(`\(Changed <!date\^([0-9]+)\^`)
	foundInBrackets   = regexp.MustCompile(`\(Found <!date\^([0-9]+)\^`)
	saysShown         = regexp.MustCompile("^:key: (The|Another) key `([a-z]{8})` of request (AKR-[0-9A-Z]+) .*was shown only to (<@U[0-9A-Z]+>|[A-Z][a-z]+ [A-Z][a-z]+) <!date\\^([0-9]+)\\^")
)

// checkPosts asserts that each post of a key tells of one that was shown to that
// person at that moment, and that every showing has its post.
func (w *crashRun) checkPosts(audit []approval.AuditEntry) {
	w.t.Helper()
	posts := map[string]bool{}
	w.each(bob, func(_ slack.Conversation, m slack.Message) bool {
		assert.NotRegexp(w.t, zeroTime, m.Text+string(m.Blocks))
		found := saysShown.FindStringSubmatch(m.Text)
		if found == nil {
			return true
		}
		id := policy.ID(found[3])
		assert.False(w.t, m.Edited, "%q was changed", m.Text)
		assert.Contains(w.t, w.shown()[id], found[2], "%q: that key was not shown", m.Text)
		assert.True(w.t, slices.ContainsFunc(audit, func(e approval.AuditEntry) bool {
			return e.Request == id && e.Event == approval.EventDeliver && fmt.Sprint(e.At.Unix()) == found[5]
		}), "%q: no key was handed over then", m.Text)
		posts[found[2]] = true
		return true
	})
	handedOver := 0
	for _, e := range audit {
		if e.Event == approval.EventDeliver && e.Refused == "" {
			handedOver++
		}
	}
	assert.Len(w.t, posts, handedOver, "posts of keys that were shown")
}
