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
		a.respond(ctx, c.responseURL, mrkdwnf("Say which key by its request, as in `%[1]s revoke AKR-7F3K2`; `%[1]s list` shows yours. Nothing was changed.", botText(a.screens.command)))
		return
	}
	bounded, cancel := context.WithTimeout(ctx, serviceLimit)
	defer cancel()
	r, err := a.service.MayRevoke(bounded, c.who, id)
	if err != nil {
		a.logRefusal("asking to revoke", c.who, r, err)
		a.respond(ctx, c.responseURL, keyAdminRefusal(r, err))
		return
	}
	if err := a.responses.post(ctx, c.responseURL, ephemeral(confirmRevoke(r, r.Requester == c.who.User))); err != nil {
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
	waiting, err := a.service.ListPending(ctx, c.who)
	var unsigned []approval.Request
	if err == nil {
		unsigned, err = a.service.AwaitingReview(ctx, c.who)
	}
	if err != nil {
		err = a.service.RefuseView(ctx, c.who, "pending", err)
		a.logRefusal("listing what waits", c.who, approval.Request{}, err)
		said := userError(err, approval.Request{})
		if errors.Is(err, approval.ErrNotApprover) {
			said = mrkdwnf("This is for approvers. Your own requests are in `%s list`.", botText(a.screens.command))
		}
		a.respond(ctx, c.responseURL, said)
		return
	}
	if err := a.responses.post(ctx, c.responseURL, ephemeral(a.screens.pending(waiting, unsigned, a.slack.config.Now()))); err != nil {
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
func (v Screens) pending(waiting, unsigned []approval.Request, now time.Time) message {
	var said []mrkdwn
	var blocks []slack.Block
	add := func(m mrkdwn) { said, blocks = append(said, m), append(blocks, section(m)) }
	rows := func(all []approval.Request, most, room int, story func(approval.Request) mrkdwn) {
		for i, r := range all {
			row := section(mrkdwnf("*%s* %s\n%s", r.ID, truncate(r.Access.Description, 100), story(r)))
			if room -= size(row); i == most || room < 0 {
				blocks = append(blocks, footnote(mrkdwnf("And %s newer ones.", len(all)-i)))
				return
			}
			said, blocks = append(said, mrkdwnf("%s: %s", r.ID, story(r))), append(blocks, row)
		}
	}
	if len(waiting) == 0 {
		add("Nothing waits for your decision.")
	} else {
		add(mrkdwnf("*%s waiting for your decision*, oldest first:", botText(count(len(waiting), "request"))))
	}
	rows(waiting, maxPending, maxMessage*3/4, func(r approval.Request) mrkdwn {
		return joinSentences(v.summaryOf(r).intro, v.org(r), approvedSoFar(r), mrkdwnf("That was %s ago.", botText(humanDuration(age(now, r.RequestedAt)))), v.cardLocation(r))
	})
	if len(unsigned) > 0 {
		add(mrkdwnf("*%s to be reviewed*, taken without approval, oldest first:", botText(count(len(unsigned), "key"))))
	}
	rows(unsigned, maxUnsigned, maxMessage/4-6*maxFootnote, func(r approval.Request) mrkdwn {
		return joinSentences(v.takenRow(r), mrkdwnf("That was %s ago.", botText(humanDuration(age(now, r.RequestedAt)))), v.reviewLocation(r))
	})
	return newMessage(joinSentences(said...), blocks...)
}

func (v Screens) cardLocation(r approval.Request) mrkdwn {
	at := r.MessageRefs[approval.CardMessage]
	if at.TS == "" {
		return mrkdwnf("Its card could not be posted to <#%s> yet; I keep trying.", botText(v.channel(r)))
	}
	return mrkdwnf("Its card is in <#%s>.", botText(at.Channel))
}

// takenRow says in a few words what somebody took without approval.
func (v Screens) takenRow(r approval.Request) mrkdwn {
	return mrkdwnf("%s took a key without approval%s: %s, for %s.", mention(asker(r)), v.inOrg(r), botText(truncate(titles(r.Access.Roles), 300)), botText(humanDuration(r.Access.Lifetime)))
}

func (v Screens) reviewLocation(r approval.Request) mrkdwn {
	at := r.MessageRefs[approval.ReviewNotice]
	if at.TS == "" {
		return ""
	}
	return mrkdwnf("Sign under *To be reviewed* in <#%s>, or in my *Home* tab.", botText(at.Channel))
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
