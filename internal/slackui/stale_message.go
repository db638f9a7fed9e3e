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
	"atlaskeybot/internal/slackui/view"
)

// currentMessageTimeout leaves the larger part of Slack's three seconds to the press itself.
const currentMessageTimeout = 500 * time.Millisecond

// isCurrentMessage reports whether a button is in the message that we know: a post whose
// answer was lost leaves a second one, with buttons that nobody draws again. If
// not, the press is answered here, and the stray message loses its buttons.
func (a *App) isCurrentMessage(ctx context.Context, p action, in approval.MessageName, answer payload.Ack) bool {
	if p.ephemeral || in == inHome { // neither has a place of its own
		return true
	}
	bounded, cancel := context.WithTimeout(ctx, currentMessageTimeout)
	defer cancel()
	r, err := a.service.Get(bounded, p.id)
	if err != nil {
		if errors.Is(err, approval.ErrNotFound) {
			err = a.service.RefusePress(bounded, p.by, p.id, eventOf(p.actionID))
		}
		answer(nil)
		a.respondRefused(ctx, p.actionID, p.by, p.responseURL, approval.Request{}, err)
		return false
	}
	switch in {
	case view.InEnding:
		in = numberedAt(r, p.ts, "ending", approval.ExpiryReminderMessage(max(r.ExpiryReminders, 1)))
	case view.InOwnerGone:
		in = numberedAt(r, p.ts, "ownergone", approval.OwnerDeactivatedNotice(max(r.OwnerDeactivations, 1)))
	case view.InTransfer:
		in = numberedAt(r, p.ts, "transfer", approval.TransferMessage(max(len(r.Transfers), 1)))
	}
	known := r.MessageRefs[in]
	home := known.Channel
	if home == "" && in.ToApprovers() {
		home = a.screens.Channel(r)
	}
	rightChannel := home == "" || home == p.channel
	if rightChannel && (known.TS == "" || known.TS == p.ts) {
		return true
	}
	answer(nil)
	err = a.service.RefusePress(bounded, p.by, p.id, eventOf(p.actionID))
	a.log.Warn("a press in a message that is not where we put it", "action", p.actionID, "user", p.by.User, "request", p.id, "why", err)
	a.respond(ctx, p.responseURL, "This is an older copy of the message, so nothing was changed. Please use the other one; its buttons work.")
	if rightChannel && strings.Contains(p.text, string(p.id)) { // a copy, and not the message of another request
		a.disableStale(ctx, p, r)
	}
	return false
}

// numberedAt is the message of r of that kind which is at ts, or else the
// newest.
func numberedAt(r approval.Request, ts, kind string, newest approval.MessageName) approval.MessageName {
	for name, at := range r.MessageRefs {
		if _, isKind := view.NumberOf(name, kind); isKind && at.TS == ts {
			return name
		}
	}
	return newest
}

// disableStale takes the buttons and the story off a stray message: it is drawn never
// again, so what it said of the request would not stay true. It can only be one
// of ours: Slack refuses every other.
func (a *App) disableStale(ctx context.Context, p action, r approval.Request) {
	m := mrkdwn.Sentence(mrkdwn.Mrkdwnf("This is an older copy of a message about request %s. The other one shows how it stands, and has the buttons.", r.ID))
	if err := a.slack.Update(ctx, p.channel, p.ts, m); err != nil {
		a.log.Warn("redrawing a stray message", "request", p.id, "error", client.CallError(err))
	}
}
