package view

import (
	"github.com/slack-go/slack"

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
//	│ Expires …                                    │
//	│ I don't store private keys. …               │
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
	intro := mrkdwn.Textf("%s transferred the Atlas API key%s of %s%s to you %s: their account is deactivated.",
		Mention(t.By), KeyName(r), Mention(t.From), v.inOrg(r), mrkdwn.Date(t.At))
	status := mrkdwn.JoinSentences(mrkdwn.JoinSentences(expires(r), "I'll remind you before."), successor(r), v.earlierKey(r))
	way := mrkdwn.JoinSentences("I don't store private keys. Need one? Press *Rotate*: you get a new key with the same access, and this one keeps working meanwhile.", approvalFirst(t), "Not needed? Revoke it.")
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(intro, status, way, mrkdwn.Textf("Request %s.", r.ID), mayText(r.Access), v.detailText(r), mrkdwn.Textf("Reason: %s", r.Reason)),
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
	return "Approvers decide on that first, as for a new key."
}

// ownerDeactivated says of an active key that its owner cannot look after it.
func ownerDeactivated(r approval.Request) mrkdwn.Text {
	if r.OwnerDeactivatedAt.IsZero() || !hasKey(r) {
		return ""
	}
	return mrkdwn.Textf(":ghost: The account of %s is deactivated.", Mention(r.Requester))
}

// OwnerDeactivatedNotice asks the approvers what is to become of a key whose owner was
// deactivated.
//
//	┌──────────────────────────────────────────────┐
//	│ 👻 The account of @alice is deactivated, and │
//	│ their key abcdefgh is still active …                │
//	│ [ Transfer to … ▾ ]  [ Revoke ]             │
//	└──────────────────────────────────────────────┘
func (v Screens) OwnerDeactivatedNotice(r approval.Request, n int) mrkdwn.Message {
	switch {
	case n < r.OwnerDeactivations:
		return threadReply(mrkdwn.Textf("The owner of the key%s of request %s was deactivated. See the newer message.", KeyName(r), r.ID), "")
	case !hasKey(r):
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), statusForApprovers(r)), "")
	case r.OwnerDeactivatedAt.IsZero() && len(r.Transfers) > 0:
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf(":handshake: The key%s of request %s (%s) has an owner again.", KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100)), transferred(r)), "")
	case r.OwnerDeactivatedAt.IsZero():
		return threadReply(mrkdwn.Textf("The account of %s is active again. Their key%s of request %s stays as it is.", Mention(r.Requester), KeyName(r), r.ID), "")
	}
	status := mrkdwn.Textf(":ghost: The account of %s is deactivated, and their key%s is still active: request %s (%s)%s. %s. IP access list: %s. Expires %s. (Found %s.)",
		Mention(r.Requester), KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100), v.inOrg(r), mrkdwn.Truncate(mayDo(r.Access), 600), mrkdwn.Truncate(namedAddresses(r.Access), 600), mrkdwn.Date(r.KeyExpiresAt), mrkdwn.Date(r.OwnerDeactivatedAt))
	way := mrkdwn.Text("*Revoke* it, or transfer it. I don't store private keys. The new owner can rotate to get one.")
	way = mrkdwn.JoinSentences(way, v.calling(r, approval.OwnerDeactivatedNotice(n), "decide"))
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(status, way), mrkdwn.Section(status), mrkdwn.Section(way), slack.NewActionBlock(blockID(approval.OwnerDeactivatedNotice(n), r.ID),
		transferMenu(), button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger)))
}

// transferMenu has no value of its own: the block that it is in names the
// request.
func transferMenu() *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, mrkdwn.PlainText("Transfer to …"), ActionTransfer)
	menu.Confirm = slack.NewConfirmationBlockObject(mrkdwn.PlainText("Transfer the key?"),
		mrkdwn.PlainText("They own the key from now on: I remind them of its expiry, and they can extend, rotate and revoke it."), mrkdwn.PlainText("Transfer"), mrkdwn.PlainText("Cancel"))
	return menu
}

// transferred says whose the key was before.
func transferred(r approval.Request) mrkdwn.Text {
	if len(r.Transfers) == 0 {
		return ""
	}
	last := r.Transfers[len(r.Transfers)-1]
	return mrkdwn.Textf("%s transferred it from %s to %s %s.", Mention(last.By), Mention(last.From), Mention(last.To), mrkdwn.Date(last.At))
}
