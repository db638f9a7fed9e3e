package slackui

import (
	"context"
	"errors"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// askToRevoke answers "revoke AKR-7F3K2": it says what that would do and asks.
func (a *App) askToRevoke(ctx context.Context, c command, which string) {
	id, ok := approval.TypedID(which)
	if !ok {
		a.tell(ctx, c.responseURL, say("Say which key by its request, as in `%[1]s revoke AKR-7F3K2`; `%[1]s list` shows yours. Nothing was changed.", botText(a.views.command)))
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

// Rows of one block each, of the fifty that a message holds.
const (
	maxPending  = 38
	maxUnsigned = 7
)

// sendPending answers "pending" to an approver.
func (a *App) sendPending(ctx context.Context, c command) {
	ctx = forDrawing(ctx)
	waiting, err := a.service.Waiting(ctx, c.who)
	var unsigned []approval.Request
	if err == nil {
		unsigned, err = a.service.Unsigned(ctx, c.who)
	}
	if err != nil {
		err = a.service.RefuseView(ctx, c.who, "pending", err)
		a.logRefusal("listing what waits", c.who, approval.Request{}, err)
		said := refusal(err, approval.Request{})
		if errors.Is(err, approval.ErrNotApprover) {
			said = say("This is for approvers. Your own requests are in `%s list`.", botText(a.views.command))
		}
		a.tell(ctx, c.responseURL, said)
		return
	}
	if err := a.reply.post(ctx, c.responseURL, whisper(a.views.pending(waiting, unsigned, a.slack.config.Now()))); err != nil {
		a.log.Warn("showing what waits", "user", c.who.User, "error", err)
	}
}

// pending lists what waits for a decision, oldest first, with the place of each
// card, and what is to be reviewed.
//
//	┌──────────────────────────────────────────────┐
//	│ 2 requests wait for a decision, oldest first │
//	│ AKR-7F3K2 invoices                           │
//	│ @alice asks for … 3 hours ago, in #approvals │
//	│ 1 key to be reviewed: taken by break-glass   │
//	│ AKR-5K8MN @bob took a key …                  │
//	└──────────────────────────────────────────────┘
func (v views) pending(waiting, unsigned []approval.Request, now time.Time) message {
	var said []mrkdwn
	var blocks []slack.Block
	add := func(m mrkdwn) { said, blocks = append(said, m), append(blocks, section(m)) }
	rows := func(all []approval.Request, most, room int, story func(approval.Request) mrkdwn) {
		for i, r := range all {
			row := section(say("*%s* %s\n%s", r.ID, clip(r.Access.Description, 100), story(r)))
			if room -= size(row); i == most || room < 0 {
				blocks = append(blocks, footnote(say("And %s newer ones.", len(all)-i)))
				return
			}
			said, blocks = append(said, say("%s: %s", r.ID, story(r))), append(blocks, row)
		}
	}
	if len(waiting) == 0 {
		add("Nothing waits for your decision.")
	} else {
		add(say("*%s waiting for your decision*, oldest first:", botText(count(len(waiting), "request"))))
	}
	rows(waiting, maxPending, maxMessage*3/4, func(r approval.Request) mrkdwn {
		return sentences(v.appealOf(r).intro, v.org(r), approvedSoFar(r), say("That was %s ago.", botText(span(age(now, r.AskedAt)))), v.cardPlace(r))
	})
	if len(unsigned) > 0 {
		add(say("*%s to be reviewed*, taken without approval, oldest first:", botText(count(len(unsigned), "key"))))
	}
	rows(unsigned, maxUnsigned, maxMessage/4-6*maxFootnote, func(r approval.Request) mrkdwn {
		return sentences(v.takenRow(r), say("That was %s ago.", botText(span(age(now, r.AskedAt)))), v.reviewPlace(r))
	})
	return newMessage(sentences(said...), blocks...)
}

func (v views) cardPlace(r approval.Request) mrkdwn {
	at := r.Places[approval.CardMessage]
	if at.TS == "" {
		return say("Its card could not be posted to <#%s> yet; I keep trying.", botText(v.channel(r)))
	}
	return say("Its card is in <#%s>.", botText(at.Channel))
}

// takenRow says in a few words what somebody took without approval.
func (v views) takenRow(r approval.Request) mrkdwn {
	return say("%s took a key without approval%s: %s, for %s.", mention(asker(r)), v.inOrg(r), botText(clip(titles(r.Access.Roles), 300)), botText(span(r.Access.Lifetime)))
}

func (v views) reviewPlace(r approval.Request) mrkdwn {
	at := r.Places[approval.ReviewNotice]
	if at.TS == "" {
		return ""
	}
	return say("Sign under *To be reviewed* in <#%s>, or in my *Home* tab.", botText(at.Channel))
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
