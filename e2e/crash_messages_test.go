package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// words are looked for one by one.
type words []string

func (w words) anyIn(text string) bool {
	return slices.ContainsFunc(w, func(one string) bool { return strings.Contains(text, one) })
}

// claims are sentences that are true only in some states, or only if Atlas
// agrees.
var claims = []struct {
	says words
	in   []approval.State
}{
	{words{"*Waiting for* ", "I'll message you here. Expires"}, []approval.State{approval.StatePending}},
	{words{"can't reach the approvers"}, nil},
	{words{"key is being created"}, []approval.State{approval.StateIssuing}},
	{words{"can create the key until", "Press *Create my key* by"}, []approval.State{approval.StateApproved}},
	{words{"was shown here", "was shown to <@", `was shown to \u003c@`}, []approval.State{approval.StateDelivered}},
	{words{"is active. Expires", "> has the key"}, []approval.State{approval.StateActive}},
	{words{"is being deleted"}, []approval.State{approval.StateRevoking, approval.StateIssuing}}, // also what an attempt left
	{words{"was deleted"}, []approval.State{approval.StateEnded}},
	{words{"*Denied* by", "denied your request"}, []approval.State{approval.StateDenied}},
	{words{"*Withdrawn* by", "withdrew this request"}, []approval.State{approval.StateWithdrawn}},
	{words{"*Expired*", "request expired"}, []approval.State{approval.StateExpired}},
	{words{"No key was created"}, []approval.State{approval.StateFailed}},
}

// checkScreens reads the messages of a request that are drawn.
func (w *crashRun) checkScreens(d *violations, r report, q approval.Request, places map[approval.MessageName]approval.MessageRef) {
	for _, name := range q.Messages {
		who := string(q.Requester)
		if name.ToApprovers() {
			who = bob
		}
		screen := w.Slack.Screen(who)
		if screen.Me.Deleted {
			continue // they see nothing any more
		}
		m, there := message(screen, places[name])
		if !assert.True(d, there, "%s is not where it should be", name) {
			continue
		}
		all := m.Text + string(m.Blocks)
		for _, claim := range claims {
			if claim.says.anyIn(all) {
				assert.Contains(d, claim.in, q.State, "%s says %q", name, claim.says)
			}
		}
		assert.False(d, name.IsEvent() && m.Edited, "%s tells of an event and was changed", name)
		assert.NotRegexp(d, zeroTime, all, "%s", name)
		if changed := firstIn(m.Text, changedInBrackets); changed != "" {
			assert.Equal(d, fmt.Sprint(q.Outcome.At.Unix()), changed, "%s says in brackets when it was changed", name)
		}
		if found := firstIn(m.Text, foundInBrackets); found != "" && !q.OwnerDeactivatedAt.IsZero() {
			assert.Equal(d, fmt.Sprint(q.OwnerDeactivatedAt.Unix()), found, "%s says in brackets when that was found", name)
		}
		if ends := firstIn(m.Text, saysExpires); ends != "" && !name.IsEvent() {
			assert.Equal(d, fmt.Sprint(q.KeyExpiresAt.Unix()), ends, "%s says when the key ends", name)
		}
		if ends := firstIn(m.Text, saysNewExpiry); ends != "" && r.find(q.ParentID).State == approval.StateActive {
			assert.Equal(d, fmt.Sprint(r.find(q.ParentID).KeyExpiresAt.Unix()), ends, "%s says until when the key of %s is extended", name, q.ParentID)
		}
		if strings.Contains(string(m.Blocks), "no longer works") {
			for _, k := range w.alive()[q.ID] {
				assert.False(d, w.wasShown(k.PublicKey), "%s says that a key no longer works", name)
			}
		}
	}
}

// When a key that lives is said to end, in Unix seconds: by its own messages, and
// by those of a request for more time.
var (
	saysExpires   = regexp.MustCompile(`Expires <!date\^([0-9]+)\^[^>]*>\.`)
	saysNewExpiry = regexp.MustCompile(`extended to <!date\^([0-9]+)\^`)
)

// checkReview asserts that a key without approval waits for a signature until it
// has one, whatever becomes of the key.
func (w *crashRun) checkReview(d *violations, r report, q approval.Request) {
	if !q.BreakGlass || !r.isSynced(q) {
		return
	}
	m, there := message(w.Slack.Screen(bob), r.MessageRefs[q.ID][approval.ReviewNotice])
	assert.True(d, there, "the review of %s is not to be seen", q.ID)
	assert.Equal(d, q.Review.By == "", offers(m, "review/review"), "the review of %s can be signed", q.ID)
}

func message(s slack.Screen, at approval.MessageRef) (slack.Message, bool) {
	for _, c := range s.Conversations {
		for _, m := range c.Messages {
			if c.ID == at.Channel && m.TS == at.TS {
				return m, true
			}
		}
	}
	return slack.Message{}, false
}

// traces says which line of the audit trail must be there for a sentence to
// have been said.
var traces = []struct {
	says words
	on   []approval.Event
}{
	{words{"*Approved* by"}, []approval.Event{approval.EventApprove, approval.EventApproveChange}},
	{words{"*Denied* by", "denied your request"}, []approval.Event{approval.EventDeny}},
	{words{"*Withdrawn* by", "withdrew this request"}, []approval.Event{approval.EventWithdraw}},
	{words{"*Expired*", "request expired"}, []approval.Event{approval.EventExpire}},
	{words{"key is being created"}, []approval.Event{approval.EventIssue, approval.EventReplace, approval.EventSubmit}},
	{words{"was shown here", "was shown to <@", `was shown to \u003c@`}, []approval.Event{approval.EventDeliver}},
	{words{"is active. Expires", "has the key", "is yours until"}, []approval.Event{approval.EventConfirm}},
	{words{"is being deleted"}, []approval.Event{approval.EventRevoke, approval.EventExpire, approval.EventRollback}},
	{words{"was deleted"}, []approval.Event{approval.EventDeleted}},
	{words{"No key was created"}, []approval.Event{approval.EventFail}},
	{words{"The change is being made"}, []approval.Event{approval.EventApproveChange, approval.EventSubmit}},
	{words{"extended to <!date"}, []approval.Event{approval.EventExtend}},
	{words{"updated: "}, []approval.Event{approval.EventReplaceAccessList}},
	{words{"is to replace it"}, []approval.Event{approval.EventRotate}},
}

// checkMessagesFollowStore asserts that whatever was ever said, or only sent, of a
// request was on disk by then.
func (w *crashRun) checkMessagesFollowStore(audit []approval.AuditEntry) {
	w.t.Helper()
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.Atlas {
			continue
		}
		text := said(c)
		about := idsIn(text)
		for _, trace := range traces {
			if trace.says.anyIn(text) {
				assert.True(w.t, slices.ContainsFunc(audit, func(e approval.AuditEntry) bool {
					return (len(about) == 0 || slices.Contains(about, e.Request)) && e.Refused == "" && slices.Contains(trace.on, e.Event) && !e.At.After(c.At.Add(max(w.skew, 0)+time.Millisecond))
				}), "%q was said of %v at %s, the clock being %s off, and was not on disk: %s", trace.says, about, c.At, w.skew, text)
			}
		}
	}
}

var requestNamed = regexp.MustCompile(`AKR-[0-9A-Z]{3,}`)

// successorNamed is what a text says of the key of another request.
var successorNamed = regexp.MustCompile(`AKR-[0-9A-Z]{3,} replaced it|replaced it with AKR-[0-9A-Z]{3,}`)

// idsIn lists the requests that a text is about.
func idsIn(text string) []policy.ID {
	var all []policy.ID
	for _, id := range requestNamed.FindAllString(successorNamed.ReplaceAllString(text, ""), -1) {
		all = append(all, policy.ID(id))
	}
	return all
}
