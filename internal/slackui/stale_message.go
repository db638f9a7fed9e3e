package slackui

import (
	"context"
	"errors"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// currentMessageTimeout leaves the larger part of Slack's three seconds to the press itself.
const currentMessageTimeout = 500 * time.Millisecond

// isCurrentMessage reports whether a button is in the message that we know: a post whose
// answer was lost leaves a second one, with buttons that are never updated. If
// not, the press is answered here, and the stray message loses its buttons.
func (a *App) isCurrentMessage(ctx context.Context, p action, answer payload.Ack) bool {
	if p.message == "" { // neither the Home tab nor an ephemeral message is tracked
		return true
	}
	bounded, cancel := context.WithTimeout(ctx, currentMessageTimeout)
	defer cancel()
	r, err := a.service.Get(bounded, p.id)
	if err != nil {
		if errors.Is(err, approval.ErrNotFound) {
			err = a.service.RefusePress(bounded, p.by, p.id, p.event)
		}
		answer(nil)
		a.respondRefused(ctx, p.name, p.by, p.responseURL, approval.Request{}, err)
		return false
	}
	known := r.MessageRefs[p.message]
	home := known.Channel
	if home == "" && p.message.ToApprovers() {
		home = a.screens.Channel(r)
	}
	rightChannel := home == "" || home == p.channel
	if rightChannel && (known.TS == "" || known.TS == p.ts) {
		return true
	}
	answer(nil)
	err = a.service.RefusePress(bounded, p.by, p.id, p.event)
	a.log.Warn("a press in a message that is not where we put it", "action", p.name, "user", p.by.User, "request", p.id, "why", err)
	a.respond(ctx, p.responseURL, "This is an older copy of the message, so nothing was changed. Please use the other one; its buttons work.")
	if rightChannel && strings.Contains(p.text, string(p.id)) { // a copy, and not the message of another request
		a.disableStale(ctx, p, r)
	}
	return false
}

// disableStale takes the buttons and the story off a stray message: it is drawn never
// again, so what it said of the request would not stay true. It can only be one
// of ours: Slack refuses every other.
func (a *App) disableStale(ctx context.Context, p action, r approval.Request) {
	m := mrkdwn.Sentence(mrkdwn.Textf("This is an older copy of a message about request %s. The other one shows how it stands, and has the buttons.", r.ID))
	if err := a.slack.Update(ctx, p.channel, p.ts, m); err != nil {
		a.log.Warn("redrawing a stray message", "request", p.id, "error", client.CallError(err))
	}
}
