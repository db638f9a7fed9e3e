package slackui

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// askToRevoke answers "revoke AKR-7F3K2": it says what that would do and asks.
func (a *App) askToRevoke(ctx context.Context, c command, which string) {
	id, ok := approval.ParseID(strings.ToUpper(which))
	if !ok {
		a.tell(ctx, c.responseURL, say("Say which key by its request, as in `%[1]s revoke AKR-7F3K2`; `%[1]s list` shows yours. Nothing was changed.", a.views.command))
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.MayRevoke(bounded, c.who, id)
	if err != nil {
		a.logRefusal("asking to revoke", c.who, r, err)
		a.tell(ctx, c.responseURL, overseerRefusal(r, err))
		return
	}
	if err := a.reply.post(ctx, c.responseURL, whisper(sureToRevoke(r, r.Requester == c.who.User))); err != nil {
		a.log.Warn("asking whether to revoke", "user", c.who.User, "request", id, "error", err)
	}
}

// maxPending rows of one block each, of the fifty that a message holds.
const maxPending = 40

// sendPending answers "pending" to an approver.
func (a *App) sendPending(ctx context.Context, c command) {
	waiting, err := a.service.Waiting(ctx, c.who)
	if err != nil {
		a.logRefusal("listing what waits", c.who, approval.Request{}, err)
		said := refusal(err, approval.Request{})
		if errors.Is(err, approval.ErrNotApprover) {
			said = say("This is for approvers. Your own requests are in `%s list`.", a.views.command)
		}
		a.tell(ctx, c.responseURL, said)
		return
	}
	if err := a.reply.post(ctx, c.responseURL, whisper(a.views.pending(waiting, a.slack.config.Now()))); err != nil {
		a.log.Warn("showing what waits", "user", c.who.User, "error", err)
	}
}

// pending lists what waits for a decision, oldest first, with the place of each
// card.
//
//	┌──────────────────────────────────────────────┐
//	│ 2 requests wait for a decision, oldest first │
//	│ AKR-7F3K2 invoices                           │
//	│ @alice asks for … 3 hours ago, in #approvals │
//	└──────────────────────────────────────────────┘
func (v views) pending(waiting []approval.Request, now time.Time) message {
	if len(waiting) == 0 {
		return sentence("Nothing waits for your decision.")
	}
	first := say("*%s waiting for your decision*, oldest first:", count(len(waiting), "request"))
	text, blocks := first, []slack.Block{section(first)}
	for i, r := range waiting {
		if i == maxPending {
			blocks = append(blocks, footnote(say("And %s newer ones.", len(waiting)-maxPending)))
			break
		}
		row := sentences(appealOf(r).intro, say("That was %s ago.", span(age(now, r.AskedAt))), v.cardPlace(r))
		text = sentences(text, say("%s: %s", r.ID, row))
		blocks = append(blocks, section(say("*%s* %s\n%s", r.ID, clip(r.Access.Description, 100), row)))
	}
	return newMessage(text, blocks...)
}

func (v views) cardPlace(r approval.Request) mrkdwn {
	at := r.Places[approval.CardMessage]
	if at.TS == "" {
		return say("Its card could not be posted to <#%s> yet; I keep trying.", v.channel(r))
	}
	return say("Its card is in <#%s>.", at.Channel)
}

// age is how long ago something was, in whole minutes, hours or days.
func age(now, then time.Time) time.Duration {
	d := max(now.Sub(then), time.Minute)
	switch {
	case d >= 48*time.Hour:
		return d.Truncate(24 * time.Hour)
	case d >= 2*time.Hour:
		return d.Truncate(time.Hour)
	}
	return d.Truncate(time.Minute)
}
