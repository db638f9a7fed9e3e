package slackui

import (
	"context"
	"errors"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
)

// placeLimit leaves the larger part of Slack's three seconds to the press itself.
const placeLimit = 500 * time.Millisecond

// inPlace reports whether a button is in the message that we know: a post whose
// answer was lost leaves a second one, with buttons that nobody draws again. If
// not, the press is answered here, and the stray message loses its buttons.
func (a *App) inPlace(ctx context.Context, p press, in approval.MessageName, answer ack) bool {
	if p.ephemeral || in == inHome { // neither has a place of its own
		return true
	}
	bounded, cancel := context.WithTimeout(ctx, placeLimit)
	defer cancel()
	r, err := a.service.Get(bounded, p.id)
	if err != nil {
		if errors.Is(err, approval.ErrNotFound) {
			err = a.service.RefusePress(bounded, p.who, p.id, eventOf(p.action))
		}
		answer(nil)
		a.refused(ctx, p.action, p.who, p.responseURL, approval.Request{}, err)
		return false
	}
	switch in {
	case inEnding:
		in = numberedAt(r, p.ts, "ending", approval.EndingMessage(max(r.Endings, 1)))
	case inOwnerGone:
		in = numberedAt(r, p.ts, "ownergone", approval.OwnerGoneNotice(max(r.Orphaned, 1)))
	case inTransfer:
		in = numberedAt(r, p.ts, "transfer", approval.TransferMessage(max(len(r.Transfers), 1)))
	}
	known := r.Places[in]
	home := known.Channel
	if home == "" && in.ToApprovers() {
		home = a.views.channel(r)
	}
	rightChannel := home == "" || home == p.channel
	if rightChannel && (known.TS == "" || known.TS == p.ts) {
		return true
	}
	answer(nil)
	err = a.service.RefusePress(bounded, p.who, p.id, eventOf(p.action))
	a.log.Warn("a press in a message that is not where we put it", "action", p.action, "user", p.who.User, "request", p.id, "why", err)
	a.tell(ctx, p.responseURL, "This is an older copy of the message, so nothing was changed. Please use the other one; its buttons work.")
	if rightChannel && strings.Contains(p.text, string(p.id)) { // a copy, and not the message of another request
		a.retire(ctx, p, r)
	}
	return false
}

// numberedAt is the message of r of that kind which is at ts, or else the
// newest.
func numberedAt(r approval.Request, ts, kind string, newest approval.MessageName) approval.MessageName {
	for name, at := range r.Places {
		if _, isKind := numberOf(name, kind); isKind && at.TS == ts {
			return name
		}
	}
	return newest
}

// retire takes the buttons and the story off a stray message: it is drawn never
// again, so what it said of the request would not stay true. It can only be one
// of ours: Slack refuses every other.
func (a *App) retire(ctx context.Context, p press, r approval.Request) {
	m := sentence(say("This is an older copy of a message about request %s. The other one shows how it stands, and has the buttons.", r.ID))
	if err := a.slack.update(ctx, p.channel, p.ts, m); err != nil {
		a.log.Warn("redrawing a stray message", "request", p.id, "error", fault(err))
	}
}
