package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Transfer tells a user that a key is theirs now, with what they can do with
// it.
//
//	┌──────────────────────────────────────────────┐
//	│ A key is yours now: AKR-7F3K2                │
//	│ @bob handed you the key abcdefgh of @alice … │
//	│ Description: …  Role: …  May be used from: … │
//	│ ▏backfill of invoices, TICKET-12             │
//	│ You have the key. It ends …                  │
//	│ I do not know its private key: to get one …  │
//	│ [ Extend ] [ Rotate ] [ … ] [ Revoke ]       │
//	└──────────────────────────────────────────────┘
func (v Screens) Transfer(r approval.Request, n int) mrkdwn.Message {
	switch {
	case n != len(r.Transfers):
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), transferred(r)), "")
	case r.State != approval.StateActive:
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), StatusForRequester(r)), "")
	}
	t := r.Transfers[n-1]
	intro := mrkdwn.Textf("%s transferred to you the Atlas API key%s of %s%s %s: their account is deactivated, and you look after it now.",
		Mention(t.By), KeyName(r), Mention(t.From), v.inOrg(r), mrkdwn.Date(t.At))
	status := mrkdwn.JoinSentences(mrkdwn.Textf("It ends %s and is deleted then; I tell you before.", mrkdwn.Date(r.KeyExpiresAt)), successor(r), v.earlierKey(r))
	way := mrkdwn.JoinSentences("I do not know its private key and cannot show it. If you need one, press *Rotate*: you get another key with the same access, and this one keeps working while you switch over.", approvalFirst(t), "If nothing needs it, revoke it.")
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(intro, status, way, mrkdwn.Textf("Request %s.", r.ID), mayText(r.Access), v.detailText(r), mrkdwn.Textf("It was asked for with this reason: %s", r.Reason)),
		mrkdwn.Header("A key is yours now: "+string(r.ID)),
		mrkdwn.Section(intro),
		mrkdwn.Facts(append(accessFacts(r.Access), v.detailFacts(r)...)...),
		mrkdwn.Quote(r.Reason),
		mrkdwn.Section(status),
		mrkdwn.Section(way),
		buttonsIn(approval.TransferMessage(n), r, keyButtons(r)...),
		mrkdwn.Footnote(requestLine(r)),
	)
}

// approvalFirst says that a rotation takes approvals that the transfer did not
// have.
func approvalFirst(t approval.OwnershipTransfer) mrkdwn.Text {
	if t.Approved {
		return ""
	}
	return "Approvers decide on that first, as on a new key."
}
