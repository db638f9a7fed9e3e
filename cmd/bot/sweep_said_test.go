package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// claims are sentences that are true only in some states, or only if Atlas
// agrees.
var claims = []struct {
	says *regexp.Regexp
	in   []approval.State
}{
	{regexp.MustCompile(`[Ww]aits for an approver`), []approval.State{approval.Pending}},
	{regexp.MustCompile(`could not reach the approvers`), nil},
	{regexp.MustCompile(`key is being made`), []approval.State{approval.Minting}},
	{regexp.MustCompile(`can create the key until|Press \*Create my key\* when`), []approval.State{approval.Approved}},
	{regexp.MustCompile(`was shown (here|to)`), []approval.State{approval.Delivered}},
	{regexp.MustCompile(`[Yy]ou have the key|> has the key`), []approval.State{approval.Active}},
	{regexp.MustCompile(`is being deleted`), []approval.State{approval.Revoking}},
	{regexp.MustCompile(`was deleted`), []approval.State{approval.Ended}},
	{regexp.MustCompile(`\*Denied\* by|denied your request`), []approval.State{approval.Denied}},
	{regexp.MustCompile(`\*Withdrawn\* by|took this request back`), []approval.State{approval.Withdrawn}},
	{regexp.MustCompile(`\*Lapsed\*|request lapsed`), []approval.State{approval.Expired}},
	{regexp.MustCompile(`There is no key`), []approval.State{approval.Failed}},
}

// screensHold reads the messages of a request that are drawn.
func (w *trial) screensHold(d *doubts, q approval.Request, places map[approval.MessageName]approval.Place) {
	for name, at := range places {
		who := alice
		if name.ToApprovers() {
			who = bob
		}
		m, there := message(w.Slack.Screen(who), at)
		if !assert.True(d, there, "%s is not where it should be", name) {
			continue
		}
		for _, claim := range claims {
			if claim.says.MatchString(m.Text + string(m.Blocks)) {
				assert.Contains(d, claim.in, q.State, "%s says %q", name, claim.says)
			}
		}
		if strings.Contains(string(m.Blocks), "no longer works") {
			for _, k := range w.botKeys() {
				assert.NotContains(d, w.shown(), k.PublicKey, "%s says that a key no longer works", name)
			}
		}
	}
}

func message(s slack.Screen, at approval.Place) (slack.Message, bool) {
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
	says *regexp.Regexp
	on   []approval.Event
}{
	{regexp.MustCompile(`\*Approved\* by`), []approval.Event{approval.Approve}},
	{regexp.MustCompile(`\*Denied\* by|denied your request`), []approval.Event{approval.Deny}},
	{regexp.MustCompile(`\*Withdrawn\* by|took this request back`), []approval.Event{approval.Withdraw}},
	{regexp.MustCompile(`\*Lapsed\*|request lapsed`), []approval.Event{approval.Lapse}},
	{regexp.MustCompile(`key is being made`), []approval.Event{approval.Collect, approval.Replace}},
	{regexp.MustCompile(`was shown (here|to)`), []approval.Event{approval.HandOver}},
	{regexp.MustCompile(`[Yy]ou have the key|has the key|is yours until`), []approval.Event{approval.Confirm}},
	{regexp.MustCompile(`is being deleted`), []approval.Event{approval.Revoke, approval.Lapse}},
	{regexp.MustCompile(`was deleted`), []approval.Event{approval.Gone}},
	{regexp.MustCompile(`There is no key`), []approval.Event{approval.GiveUp}},
}

// nothingSaidTooEarly asserts that whatever was ever said, or only sent, is on
// disk.
func (w *trial) nothingSaidTooEarly(id approval.ID, audit []approval.Entry) {
	w.t.Helper()
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.Atlas {
			continue
		}
		for _, trace := range traces {
			if trace.says.MatchString(said(c)) {
				assert.True(w.t, slices.ContainsFunc(audit, func(e approval.Entry) bool {
					return e.Request == id && e.Refused == "" && slices.Contains(trace.on, e.Event)
				}), "%q was said and is not on disk", trace.says)
			}
		}
	}
}
