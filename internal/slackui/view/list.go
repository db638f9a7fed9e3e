package view

import (
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// isReadyMissing reports whether the message with *Create my key* is not posted.
func isReadyMissing(r approval.Request) bool {
	return r.State == approval.StateApproved && r.MessageRefs[approval.ReadyMessage].TS == ""
}

func approvedButtons(r approval.Request) []*slack.ButtonBlockElement {
	var all []*slack.ButtonBlockElement
	if isReadyMissing(r) {
		all = append(all, button(ActionIssue, r, string(issueLabel(r)), slack.StylePrimary))
	}
	return append(all, withdrawButton(r))
}

// MaxListed requests take two blocks each, of the fifty that a message holds.
const MaxListed = 20

// maxFootnote is more than the line below a list takes, in characters.
const maxFootnote = 50

// List shows a user a page of their own requests, newest first.
//
//	┌──────────────────────────────────────────────┐
//	│ AKR-7F3K2 has a key abcdefgh, ends …         │
//	│ [ Extend ] [ Rotate ] [ … ] [ Revoke ]       │
//	│ AKR-2Q9XV waits for an approver              │
//	│ [ Withdraw ]                                 │
//	│ [ Newer ] [ Older ]                          │
//	└──────────────────────────────────────────────┘
func (v Screens) List(page approval.Page, first mrkdwn.Text) mrkdwn.Message {
	mine := page.Requests
	if len(mine) == 0 {
		return mrkdwn.Sentence(mrkdwn.JoinSentences(first, mrkdwn.Textf("You haven't requested a key yet. Type `%s` to request one.", mrkdwn.BotText(v.Command))))
	}
	text := mrkdwn.JoinSentences(first, "Your requests:")
	blocks := []slack.Block{mrkdwn.Section(mrkdwn.JoinSentences(first, "*Your requests*, newest first:"))}
	room := mrkdwn.MaxMessage - mrkdwn.Size(blocks...) - maxFootnote
	fit := 0
	for _, r := range mine {
		row := v.listRow(r)
		shown := v.listRowBlocks(r, row)
		if room -= mrkdwn.Size(shown...); fit == MaxListed || room < 0 {
			break
		}
		fit++
		text = mrkdwn.JoinSentences(text, mrkdwn.Textf("%s: %s", r.ID, row))
		blocks = append(blocks, shown...)
	}
	if turn := pageButtons(page, mine[:fit]); turn != nil {
		blocks = append(blocks, turn)
	}
	return mrkdwn.NewMessage(text, blocks...)
}

// listRowBlocks is a row with its buttons beside it, or below if there are many.
func (v Screens) listRowBlocks(r approval.Request, row mrkdwn.Text) []slack.Block {
	shown := slack.NewSectionBlock(mrkdwn.TextObject(mrkdwn.Textf("*%s* %s\n%s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), row)), nil, nil)
	beside := func(b *slack.ButtonBlockElement) {
		shown.Accessory, shown.BlockID = slack.NewAccessory(b), blockID(ListSurface, r.ID)
	}
	switch r.State {
	case approval.StateDelivered:
		beside(revokeButton(r))
	case approval.StateActive:
		return []slack.Block{shown, buttonsIn(ListSurface, r, keyButtons(r)...)}
	case approval.StatePending:
		return []slack.Block{shown, buttonsIn(ListSurface, r, pendingButtons(r)...)}
	case approval.StateApproved:
		if isReadyMissing(r) {
			return []slack.Block{shown, buttonsIn(ListSurface, r, approvedButtons(r)...)}
		}
		beside(withdrawButton(r))
	}
	return []slack.Block{shown}
}

// listRow says in a few words where r stands.
func (v Screens) listRow(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(v.org(r), v.detailText(r), statusShort(r))
}

// listedType says what is asked for, if it is no key.
func listedType(r approval.Request) mrkdwn.Text {
	switch r.Type {
	case approval.Extension:
		return mrkdwn.Textf("%s more for the key of %s, until %s.", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)), r.ParentID, mrkdwn.Date(r.Change.NewEnd))
	case approval.AccessListChange:
		return mrkdwn.Textf("New IP access list for the key of %s: %s.", r.ParentID, mrkdwn.Truncate(namedAddresses(r.Access), 300))
	}
	return ""
}

// pageButtons leads to the pages before and after the rows that are shown; nil
// if there is no other page.
func pageButtons(p approval.Page, shown []approval.Request) slack.Block {
	var all []*slack.ButtonBlockElement
	if p.Newer && len(shown) > 0 {
		all = append(all, mrkdwn.Button(ActionPage+":"+PagePrevious, CursorValue(shown[0]), "Newer", ""))
	}
	if (p.Older || len(shown) < len(p.Requests)) && len(shown) > 0 {
		all = append(all, mrkdwn.Button(ActionPage+":"+PageNext, CursorValue(shown[len(shown)-1]), "Older", ""))
	}
	return mrkdwn.Buttons(string(ListSurface), all...)
}

// CursorValue is the value of a button: milliseconds since 1970, and the id.
func CursorValue(r approval.Request) string {
	return strconv.FormatInt(r.RequestedAt.UnixMilli(), 10) + "." + string(r.ID)
}

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
		add("No requests are waiting for your decision.")
	} else {
		add(mrkdwn.Textf("*%s waiting for your decision*, oldest first:", mrkdwn.BotText(mrkdwn.Count(len(waiting), "request"))))
	}
	rows(waiting, maxPending, mrkdwn.MaxMessage*3/4, func(r approval.Request) mrkdwn.Text {
		return mrkdwn.JoinSentences(v.summaryOf(r).intro, v.org(r), v.detailText(r), approvedSoFar(r), mrkdwn.Textf("%s ago.", mrkdwn.BotText(mrkdwn.Duration(Age(now, r.RequestedAt)))), v.cardLocation(r))
	})
	if len(unsigned) > 0 {
		add(mrkdwn.Textf("*%s to review*, created without approval, oldest first:", mrkdwn.BotText(mrkdwn.Count(len(unsigned), "key"))))
	}
	rows(unsigned, maxAwaitingReview, mrkdwn.MaxMessage/4-6*maxFootnote, func(r approval.Request) mrkdwn.Text {
		return mrkdwn.JoinSentences(v.breakGlassRow(r), mrkdwn.Textf("%s ago.", mrkdwn.BotText(mrkdwn.Duration(Age(now, r.RequestedAt)))), v.reviewLocation(r))
	})
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(said...), blocks...)
}

func (v Screens) cardLocation(r approval.Request) mrkdwn.Text {
	at := r.MessageRefs[approval.CardMessage]
	if at.TS == "" {
		return mrkdwn.Textf("Its card isn't posted to <#%s> yet. I keep trying.", mrkdwn.BotText(v.Channel(r)))
	}
	return mrkdwn.Textf("Its card is in <#%s>.", mrkdwn.BotText(at.Channel))
}

// breakGlassRow says in a few words what was taken without approval.
func (v Screens) breakGlassRow(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("%s created a key without approval%s: %s, for %s.", Mention(requester(r)), v.inOrg(r), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 300)), mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
}

func (v Screens) reviewLocation(r approval.Request) mrkdwn.Text {
	at := r.MessageRefs[approval.ReviewNotice]
	if at.TS == "" {
		return ""
	}
	return mrkdwn.Textf("Review it in <#%s>, or in my *Home* tab.", mrkdwn.BotText(at.Channel))
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
