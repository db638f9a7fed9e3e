package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// maxListed requests take two blocks each, of the fifty that a message holds.
const maxListed = 20

// maxFootnote is more than the line below a list takes, in characters.
const maxFootnote = 50

// list shows somebody a page of their own requests, newest first.
//
//	┌──────────────────────────────────────────────┐
//	│ AKR-7F3K2 has a key abcdefgh, ends …         │
//	│ [ Extend ] [ Rotate ] [ … ] [ Revoke ]       │
//	│ AKR-2Q9XV waits for an approver              │
//	│ [ Withdraw ]                                 │
//	│ [ Newer ] [ Older ]                          │
//	└──────────────────────────────────────────────┘
func (v views) list(page approval.Page, first mrkdwn) message {
	mine := page.Requests
	if len(mine) == 0 {
		return sentence(sentences(first, say("You have asked for no key yet. Type `%s` to ask for one.", botText(v.command))))
	}
	text := sentences(first, "Your requests:")
	blocks := []slack.Block{section(sentences(first, "*Your requests*, newest first:"))}
	room := maxMessage - size(blocks...) - maxFootnote
	fit := 0
	for _, r := range mine {
		row := v.listed(r)
		shown := v.listedBlocks(r, row)
		if room -= size(shown...); fit == maxListed || room < 0 {
			break
		}
		fit++
		text = sentences(text, say("%s: %s", r.ID, row))
		blocks = append(blocks, shown...)
	}
	if turn := pageButtons(page, mine[:fit]); turn != nil {
		blocks = append(blocks, turn)
	}
	return newMessage(text, blocks...)
}

// listedBlocks is a row with its buttons beside it, or below if there are many.
func (v views) listedBlocks(r approval.Request, row mrkdwn) []slack.Block {
	shown := slack.NewSectionBlock(md(say("*%s* %s\n%s", r.ID, clip(r.Access.Description, 100), row)), nil, nil)
	switch r.State {
	case approval.Delivered:
		shown.Accessory = slack.NewAccessory(revokeButton(r, actionListRevoke))
	case approval.Active:
		return []slack.Block{shown, buttons(keyButtons(r, listKey)...)}
	case approval.Pending:
		return []slack.Block{shown, buttons(pendingButtons(r, actionListNudge, actionListWithdraw)...)}
	case approval.Approved:
		if isReadyMissing(r) {
			return []slack.Block{shown, buttons(approvedButtons(r, actionListCreate, actionListWithdraw)...)}
		}
		shown.Accessory = slack.NewAccessory(withdrawButton(r, actionListWithdraw))
	}
	return []slack.Block{shown}
}

// listed says in a few words where r stands.
func (v views) listed(r approval.Request) mrkdwn { return sentences(v.org(r), listedStory(r)) }

func listedStory(r approval.Request) mrkdwn {
	switch r.State {
	case approval.Pending:
		return sentences(listedPurpose(r), approvedSoFar(r), say("Waits for %s until %s.", awaited(r), when(r.LapsesAt)), yourUrging(r))
	case approval.Approved:
		if isReadyMissing(r) {
			return sentences(leftOut(r, "you asked for"), say("Approved: create the key by %s. Its message in our conversation is not posted yet, so the button is here.", when(r.LapsesAt)))
		}
		return sentences(leftOut(r, "you asked for"), say("Approved: create the key by %s, in our conversation.", when(r.LapsesAt)))
	case approval.Minting:
		return makingOrUndoing(r, "The key is being made.")
	case approval.Delivered:
		return sentences(say("Key%s was shown; tell me by %s that you saved it. It ends %s.", keyName(r), when(r.Custody.ConfirmBy), when(r.EndsAt)), yourEmergency(r))
	case approval.Active:
		return sentences(say("Key%s, ends %s.", keyName(r), when(r.EndsAt)), yourEmergency(r))
	}
	return ownersStory(r)
}

// listedPurpose says what is asked for, if it is no key.
func listedPurpose(r approval.Request) mrkdwn {
	switch r.Purpose {
	case approval.Extension:
		return say("%s more for the key of request %s, until %s.", botText(span(r.Access.Lifetime)), r.Of, when(r.Change.NewEnd))
	case approval.NewAddresses:
		return say("Another access list for the key of request %s: %s.", r.Of, clip(namedAddresses(r.Access), 300))
	}
	return ""
}
