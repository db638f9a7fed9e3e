package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// card is the message approvers see, in every state of its life.
//
//	┌───────────────────────────────────────────────┐
//	│ API key request AKR-7F3K2                     │
//	│ @alice asks for a MongoDB Atlas API key.      │
//	│ Description: invoices                         │
//	│ Role: Organization Read Only. Reads …         │
//	│ May be used from: 203.0.113.7                 │
//	│ Lifetime: 7 days from …                       │
//	│ ▏backfill of invoices, TICKET-12              │
//	│ ⚠ Look twice: powerful: Organization Owner; … │
//	│ Approved by @bob (1 of 2). Waits for 1 more … │
//	│ [ Approve ] [ Approve with changes ] [ Deny ] │
//	│ Request AKR-7F3K2 · asked …                   │
//	└───────────────────────────────────────────────┘
func (v views) card(r approval.Request) message {
	wish, story := v.appealOf(r), approversStory(r)
	return newMessage(
		sentences(wish.intro, story, revokeReasonText(r), lookTwice(r), say("Request %s.", r.ID), wish.text), // the story first: long texts are cut
		append(v.appealBlocks(r),
			section(story),
			denialReason(r),
			revokeReason(r),
			v.cardButtons(r),
			footnote(sentences(say("Request %s, asked %s.", r.ID, when(r.AskedAt)), v.selfApprovalNote(r))),
		)...,
	)
}

// appealBlocks is what is to be decided on, without where it stands.
func (v views) appealBlocks(r approval.Request) []slack.Block {
	wish := v.appealOf(r)
	return []slack.Block{
		header(wish.title + " " + string(r.ID)),
		section(wish.intro),
		facts(wish.facts...),
		optional(wish.dates),
		quote(r.Reason),
		optional(lookTwice(r)),
	}
}

// optional is a section, unless there is nothing to say.
func optional(m mrkdwn) slack.Block {
	if m == "" {
		return nil
	}
	return section(m)
}

func denialReason(r approval.Request) slack.Block {
	if r.State != approval.Denied || r.Decision.Reason == "" {
		return nil
	}
	return quote(r.Decision.Reason)
}

func (v views) selfApprovalNote(r approval.Request) mrkdwn {
	if !v.policy(r).AllowSelfApproval || r.State != approval.Pending {
		return ""
	}
	return "Here people may approve their own requests."
}

// revokeReason is what an approver wrote to the owner of a key that they
// revoked.
func revokeReason(r approval.Request) slack.Block {
	if revokeReasonText(r) == "" {
		return nil
	}
	return quote(r.End.Note)
}

func revokeReasonText(r approval.Request) mrkdwn {
	over := r.State == approval.Revoking || r.State == approval.Ended
	if !over || r.End.Cause != approval.CauseRevoked || r.End.Note == "" {
		return ""
	}
	return say("The reason: %s", r.End.Note)
}

// cardButtons decide on what waits, and end a key that lives.
func (v views) cardButtons(r approval.Request) slack.Block {
	switch {
	case r.State == approval.Pending:
		return v.decisionButtons(r, onCard)
	case isLive(r):
		return buttons(button(actionCardRevoke, string(r.ID), "Revoke", slack.StyleDanger)) // it asks for a reason
	}
	return nil
}

// decisions are the buttons of what waits, on one screen.
type decisions struct{ approve, less, deny string }

var (
	onCard = decisions{actionCardApprove, actionCardLess, actionCardDeny}
	onHome = decisions{actionHomeApprove, actionHomeLess, actionHomeDeny}
)

// decisionButtons offer to leave less only of a new key: a part of a change can
// be asked for anew.
func (v views) decisionButtons(r approval.Request, on decisions) slack.Block {
	wish := v.appealOf(r)
	all := []*slack.ButtonBlockElement{
		sure(button(on.approve, string(r.ID), "Approve", slack.StylePrimary), wish.question, plain(wish.grant), "Approve", "Not yet"),
	}
	if r.Purpose == approval.NewKey {
		all = append(all, button(on.less, string(r.ID), "Approve with changes", ""))
	}
	return buttons(append(all, button(on.deny, string(r.ID), "Deny", slack.StyleDanger))...)
}
