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
func (v Screens) list(page approval.Page, first mrkdwn) message {
	mine := page.Requests
	if len(mine) == 0 {
		return sentence(joinSentences(first, mrkdwnf("You have asked for no key yet. Type `%s` to ask for one.", botText(v.command))))
	}
	text := joinSentences(first, "Your requests:")
	blocks := []slack.Block{section(joinSentences(first, "*Your requests*, newest first:"))}
	room := maxMessage - size(blocks...) - maxFootnote
	fit := 0
	for _, r := range mine {
		row := v.listed(r)
		shown := v.listedBlocks(r, row)
		if room -= size(shown...); fit == maxListed || room < 0 {
			break
		}
		fit++
		text = joinSentences(text, mrkdwnf("%s: %s", r.ID, row))
		blocks = append(blocks, shown...)
	}
	if turn := pageButtons(page, mine[:fit]); turn != nil {
		blocks = append(blocks, turn)
	}
	return newMessage(text, blocks...)
}

// listedBlocks is a row with its buttons beside it, or below if there are many.
func (v Screens) listedBlocks(r approval.Request, row mrkdwn) []slack.Block {
	shown := slack.NewSectionBlock(mrkdwnText(mrkdwnf("*%s* %s\n%s", r.ID, truncate(r.Access.Description, 100), row)), nil, nil)
	switch r.State {
	case approval.StateDelivered:
		shown.Accessory = slack.NewAccessory(revokeButton(r, actionListRevoke))
	case approval.StateActive:
		return []slack.Block{shown, buttons(keyButtons(r, listKey)...)}
	case approval.StatePending:
		return []slack.Block{shown, buttons(pendingButtons(r, actionListNudge, actionListWithdraw)...)}
	case approval.StateApproved:
		if isReadyMissing(r) {
			return []slack.Block{shown, buttons(approvedButtons(r, actionListCreate, actionListWithdraw)...)}
		}
		shown.Accessory = slack.NewAccessory(withdrawButton(r, actionListWithdraw))
	}
	return []slack.Block{shown}
}

// listed says in a few words where r stands.
func (v Screens) listed(r approval.Request) mrkdwn { return joinSentences(v.org(r), statusShort(r)) }

func statusShort(r approval.Request) mrkdwn {
	switch r.State {
	case approval.StatePending:
		return joinSentences(listedPurpose(r), approvedSoFar(r), mrkdwnf("Waits for %s until %s.", missingApprovalsShort(r), slackDate(r.ExpiresAt)), nudgeNote(r))
	case approval.StateApproved:
		if isReadyMissing(r) {
			return joinSentences(removedByApprover(r, "you asked for"), mrkdwnf("Approved: create the key by %s. Its message in our conversation is not posted yet, so the button is here.", slackDate(r.ExpiresAt)))
		}
		return joinSentences(removedByApprover(r, "you asked for"), mrkdwnf("Approved: create the key by %s, in our conversation.", slackDate(r.ExpiresAt)))
	case approval.StateIssuing:
		return makingOrUndoing(r, "The key is being made.")
	case approval.StateDelivered:
		return joinSentences(mrkdwnf("Key%s was shown; tell me by %s that you saved it. It ends %s.", keyName(r), slackDate(r.Confirmation.ConfirmBy), slackDate(r.KeyExpiresAt)), breakGlassNote(r))
	case approval.StateActive:
		return joinSentences(mrkdwnf("Key%s, ends %s.", keyName(r), slackDate(r.KeyExpiresAt)), breakGlassNote(r))
	}
	return statusForRequester(r)
}

// listedPurpose says what is asked for, if it is no key.
func listedPurpose(r approval.Request) mrkdwn {
	switch r.Type {
	case approval.Extension:
		return mrkdwnf("%s more for the key of request %s, until %s.", botText(humanDuration(r.Access.Lifetime)), r.ParentID, slackDate(r.Change.NewEnd))
	case approval.AccessListChange:
		return mrkdwnf("Another access list for the key of request %s: %s.", r.ParentID, truncate(namedAddresses(r.Access), 300))
	}
	return ""
}
