package view

import (
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Rows of one block each, of the fifty that a message holds.
const (
	maxPending        = 38
	maxAwaitingReview = 7
)

// Pending lists what waits for a decision, oldest first, with the place of each
// card, and what is to be reviewed.
//
//	┌──────────────────────────────────────────────┐
//	│ 2 requests wait for a decision, oldest first │
//	│ AKR-7F3K2 invoices                           │
//	│ @alice asks for … 3 hours ago, in #approvals │
//	│ 1 key to be reviewed: taken by break-glass   │
//	│ AKR-5K8MN @bob took a key …                  │
//	└──────────────────────────────────────────────┘
func (v Screens) Pending(waiting, unsigned []approval.Request, now time.Time) mrkdwn.Message {
	var said []mrkdwn.Text
	var blocks []slack.Block
	add := func(m mrkdwn.Text) { said, blocks = append(said, m), append(blocks, mrkdwn.Section(m)) }
	rows := func(all []approval.Request, most, room int, status func(approval.Request) mrkdwn.Text) {
		for i, r := range all {
			row := mrkdwn.Section(mrkdwn.Textf("*%s* %s\n%s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), status(r)))
			if room -= mrkdwn.Size(row); i == most || room < 0 {
				blocks = append(blocks, mrkdwn.Footnote(mrkdwn.Textf("And %s newer ones.", len(all)-i)))
				return
			}
			said, blocks = append(said, mrkdwn.Textf("%s: %s", r.ID, status(r))), append(blocks, row)
		}
	}
	if len(waiting) == 0 {
		add("Nothing waits for your decision.")
	} else {
		add(mrkdwn.Textf("*%s waiting for your decision*, oldest first:", mrkdwn.BotText(mrkdwn.Count(len(waiting), "request"))))
	}
	rows(waiting, maxPending, mrkdwn.MaxMessage*3/4, func(r approval.Request) mrkdwn.Text {
		return mrkdwn.JoinSentences(v.summaryOf(r).intro, v.org(r), v.detailText(r), approvedSoFar(r), mrkdwn.Textf("That was %s ago.", mrkdwn.BotText(mrkdwn.Duration(Age(now, r.RequestedAt)))), v.cardLocation(r))
	})
	if len(unsigned) > 0 {
		add(mrkdwn.Textf("*%s to be reviewed*, taken without approval, oldest first:", mrkdwn.BotText(mrkdwn.Count(len(unsigned), "key"))))
	}
	rows(unsigned, maxAwaitingReview, mrkdwn.MaxMessage/4-6*maxFootnote, func(r approval.Request) mrkdwn.Text {
		return mrkdwn.JoinSentences(v.breakGlassRow(r), mrkdwn.Textf("That was %s ago.", mrkdwn.BotText(mrkdwn.Duration(Age(now, r.RequestedAt)))), v.reviewLocation(r))
	})
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(said...), blocks...)
}

func (v Screens) cardLocation(r approval.Request) mrkdwn.Text {
	at := r.MessageRefs[approval.CardMessage]
	if at.TS == "" {
		return mrkdwn.Textf("Its card could not be posted to <#%s> yet; I keep trying.", mrkdwn.BotText(v.Channel(r)))
	}
	return mrkdwn.Textf("Its card is in <#%s>.", mrkdwn.BotText(at.Channel))
}

// breakGlassRow says in a few words what was taken without approval.
func (v Screens) breakGlassRow(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("%s took a key without approval%s: %s, for %s.", Mention(requester(r)), v.inOrg(r), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 300)), mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
}

func (v Screens) reviewLocation(r approval.Request) mrkdwn.Text {
	at := r.MessageRefs[approval.ReviewNotice]
	if at.TS == "" {
		return ""
	}
	return mrkdwn.Textf("Sign under *To be reviewed* in <#%s>, or in my *Home* tab.", mrkdwn.BotText(at.Channel))
}

// Age is how long ago something was, in whole minutes, hours or days.
func Age(now, then time.Time) time.Duration {
	d := max(now.Sub(then), time.Minute)
	switch {
	case d >= 48*time.Hour:
		return d.Truncate(24 * time.Hour)
	case d >= 2*time.Hour:
		return d.Truncate(time.Hour)
	}
	return d.Truncate(time.Minute)
}
