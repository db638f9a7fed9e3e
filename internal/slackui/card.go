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
func (v Screens) card(r approval.Request) message {
	wish, story := v.summaryOf(r), statusForApprovers(r)
	return newMessage(
		joinSentences(wish.intro, story, revokeReasonText(r), riskSummary(r), mrkdwnf("Request %s.", r.ID), wish.text), // the story first: long texts are cut
		append(v.summaryBlocks(r),
			section(story),
			denialReason(r),
			revokeReason(r),
			v.cardButtons(r),
			footnote(joinSentences(mrkdwnf("Request %s, asked %s.", r.ID, slackDate(r.RequestedAt)), v.selfApprovalNote(r))),
		)...,
	)
}

// summaryBlocks is what is to be decided on, without where it stands.
func (v Screens) summaryBlocks(r approval.Request) []slack.Block {
	wish := v.summaryOf(r)
	return []slack.Block{
		header(wish.title + " " + string(r.ID)),
		section(wish.intro),
		facts(wish.facts...),
		optional(wish.dates),
		quote(r.Reason),
		optional(riskSummary(r)),
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
	if r.State != approval.StateDenied || r.Decision.Reason == "" {
		return nil
	}
	return quote(r.Decision.Reason)
}

func (v Screens) selfApprovalNote(r approval.Request) mrkdwn {
	if !v.policy(r).AllowSelfApproval || r.State != approval.StatePending {
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
	return quote(r.Outcome.Note)
}

func revokeReasonText(r approval.Request) mrkdwn {
	over := r.State == approval.StateRevoking || r.State == approval.StateEnded
	if !over || r.Outcome.Cause != approval.CauseRevoked || r.Outcome.Note == "" {
		return ""
	}
	return mrkdwnf("The reason: %s", r.Outcome.Note)
}

// cardButtons decide on what waits, and end a key that lives.
func (v Screens) cardButtons(r approval.Request) slack.Block {
	switch {
	case r.State == approval.StatePending:
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
func (v Screens) decisionButtons(r approval.Request, on decisions) slack.Block {
	wish := v.summaryOf(r)
	all := []*slack.ButtonBlockElement{
		withConfirm(button(on.approve, string(r.ID), "Approve", slack.StylePrimary), wish.question, plainText(wish.grant), "Approve", "Not yet"),
	}
	if r.Type == approval.NewKey {
		all = append(all, button(on.less, string(r.ID), "Approve with changes", ""))
	}
	return buttons(append(all, button(on.deny, string(r.ID), "Deny", slack.StyleDanger))...)
}
