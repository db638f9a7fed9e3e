package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Card is the message approvers see, in every state of its life.
//
//	┌───────────────────────────────────────────────┐
//	│ API key request AKR-7F3K2                     │
//	│ @alice requested an Atlas API key.            │
//	│ Description: invoices                         │
//	│ Role: Organization Read Only. Reads …         │
//	│ IP access list: 203.0.113.7                   │
//	│ Expires: 7 days after creation                │
//	│ ▏backfill of invoices, TICKET-12              │
//	│ ⚠ Review carefully: powerful: Organization Owner; … │
//	│ Approved by @bob (1 of 2). Waits for 1 more … │
//	│ [ Approve ] [ Approve with changes ] [ Deny ] │
//	│ Request AKR-7F3K2 · asked …                   │
//	└───────────────────────────────────────────────┘
func (v Screens) Card(r approval.Request) mrkdwn.Message {
	summary, status := v.summaryOf(r), statusForApprovers(r)
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(summary.intro, status, revokeReasonText(r), riskSummary(r), mrkdwn.Textf("Request %s.", r.ID), summary.text), // the status first: long texts are cut
		append(v.summaryBlocks(r),
			mrkdwn.Section(status),
			denialReason(r),
			revokeReason(r),
			v.cardButtons(r),
			mrkdwn.Footnote(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s, requested %s.", r.ID, mrkdwn.Date(r.RequestedAt)), v.selfApprovalNote(r))),
		)...,
	)
}

// summaryBlocks is what is to be decided on, without where it stands.
func (v Screens) summaryBlocks(r approval.Request) []slack.Block {
	summary := v.summaryOf(r)
	return []slack.Block{
		mrkdwn.Header(summary.title + " " + string(r.ID)),
		mrkdwn.Section(summary.intro),
		mrkdwn.Facts(summary.facts...),
		optional(summary.dates),
		mrkdwn.Quote(r.Reason),
		optional(riskSummary(r)),
	}
}

// optional is a section, unless there is nothing to say.
func optional(m mrkdwn.Text) slack.Block {
	if m == "" {
		return nil
	}
	return mrkdwn.Section(m)
}

func denialReason(r approval.Request) slack.Block {
	if r.State != approval.StateDenied || r.Decision.Reason == "" {
		return nil
	}
	return mrkdwn.Quote(r.Decision.Reason)
}

func (v Screens) selfApprovalNote(r approval.Request) mrkdwn.Text {
	if !v.Policy(r).AllowSelfApproval || r.State != approval.StatePending {
		return ""
	}
	return "Requesters may approve their own requests here."
}

// revokeReason is what an approver wrote to the owner of a key that they
// revoked.
func revokeReason(r approval.Request) slack.Block {
	if revokeReasonText(r) == "" {
		return nil
	}
	return mrkdwn.Quote(r.Outcome.Note)
}

func revokeReasonText(r approval.Request) mrkdwn.Text {
	over := r.State == approval.StateRevoking || r.State == approval.StateEnded
	if !over || r.Outcome.Cause != approval.CauseRevoked || r.Outcome.Note == "" {
		return ""
	}
	return mrkdwn.Textf("The reason: %s", r.Outcome.Note)
}

// cardButtons decide on what waits, and end a key that lives.
func (v Screens) cardButtons(r approval.Request) slack.Block {
	switch {
	case r.State == approval.StatePending:
		return v.decisionButtons(r, blockID(approval.CardMessage, r.ID))
	case hasKey(r):
		return buttonsIn(approval.CardMessage, r, button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger))
	}
	return nil
}

// decisionButtons offer a partial approval of a new key only: a part of a change
// can be asked for anew.
func (v Screens) decisionButtons(r approval.Request, blockID string) slack.Block {
	summary := v.summaryOf(r)
	all := []*slack.ButtonBlockElement{
		mrkdwn.WithConfirm(button(ActionApprove, r, "Approve", slack.StylePrimary), summary.question, mrkdwn.PlainText(summary.grant), "Approve", "Cancel"),
	}
	if r.Type == approval.NewKey {
		all = append(all, button(ActionApprovePartially, r, "Approve with changes", ""))
	}
	return mrkdwn.Buttons(blockID, append(all, button(ActionDeny, r, "Deny", slack.StyleDanger))...)
}
