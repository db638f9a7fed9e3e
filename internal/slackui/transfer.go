package slackui

import "atlaskeybot/internal/approval"

// inTransfer stands for whichever message of a handing over a button is in.
const inTransfer approval.MessageName = "transfer"

// transfer tells somebody that a key is theirs now, with what they can do with
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
func (v Screens) transfer(r approval.Request, n int) message {
	switch {
	case n != len(r.Transfers):
		return threadReply(joinSentences(mrkdwnf("Request %s:", r.ID), transferred(r)), "")
	case r.State != approval.StateActive:
		return threadReply(joinSentences(mrkdwnf("Request %s:", r.ID), statusForRequester(r)), "")
	}
	t := r.Transfers[n-1]
	intro := mrkdwnf("%s handed you the Atlas API key%s of %s%s %s: their account is deactivated, and you look after it now.",
		mention(t.By), keyName(r), mention(t.From), v.inOrg(r), slackDate(t.At))
	story := joinSentences(mrkdwnf("It ends %s and is deleted then; I tell you before.", slackDate(r.KeyExpiresAt)), successor(r), v.earlierKey(r))
	way := joinSentences("I do not know its private key and cannot show it. If you need one, press *Rotate*: you get another key with the same access, and this one keeps working while you switch over.", approvalFirst(t), "If nothing needs it, revoke it.")
	return newMessage(
		joinSentences(intro, story, way, mrkdwnf("Request %s.", r.ID), mayText(r.Access), mrkdwnf("It was asked for with this reason: %s", r.Reason)),
		header("A key is yours now: "+string(r.ID)),
		section(intro),
		facts(accessFacts(r.Access)...),
		quote(r.Reason),
		section(story),
		section(way),
		buttons(keyButtons(r, transferKey)...),
		footnote(requestLine(r)),
	)
}

// approvalFirst says that a rotation takes approvals that the transfer did not
// have.
func approvalFirst(t approval.OwnershipTransfer) mrkdwn {
	if t.Approved {
		return ""
	}
	return "Approvers decide on that first, as on a new key."
}
