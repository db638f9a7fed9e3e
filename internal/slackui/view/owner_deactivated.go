package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

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
		return threadReply(mrkdwn.Textf("The owner of the key%s of request %s had been deactivated. A newer message says how it is now.", KeyName(r), r.ID), "")
	case !hasKey(r):
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), statusForApprovers(r)), "")
	case r.OwnerDeactivatedAt.IsZero() && len(r.Transfers) > 0:
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf(":handshake: The key%s of request %s (%s) has an owner again.", KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100)), transferred(r)), "")
	case r.OwnerDeactivatedAt.IsZero():
		return threadReply(mrkdwn.Textf("The account of %s is active again, so their key%s of request %s stays as it is.", Mention(r.Requester), KeyName(r), r.ID), "")
	}
	status := mrkdwn.Textf(":ghost: The account of %s is deactivated, and their key%s is still active: request %s (%s)%s, %s; usable from %s. It ends %s. (Found %s.)",
		Mention(r.Requester), KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100), v.inOrg(r), mrkdwn.Truncate(mayDo(r.Access), 600), mrkdwn.Truncate(namedAddresses(r.Access), 600), mrkdwn.Date(r.KeyExpiresAt), mrkdwn.Date(r.OwnerDeactivatedAt))
	way := mrkdwn.Text("*Revoke* it, or transfer it to a person who looks after what uses it. The private key is not shown to them, as I do not know it; they can rotate the key.")
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(status, way), mrkdwn.Section(status), mrkdwn.Section(way), slack.NewActionBlock(blockID(approval.OwnerDeactivatedNotice(n), r.ID),
		transferMenu(), button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger)))
}

// transferMenu has no value of its own: the block that it is in names the
// request.
func transferMenu() *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, mrkdwn.PlainText("Transfer to …"), ActionTransfer)
	menu.Confirm = slack.NewConfirmationBlockObject(mrkdwn.PlainText("Transfer the key?"),
		mrkdwn.PlainText("The person you chose owns the key from now on: they are told of its end, and can extend, rotate and revoke it."), mrkdwn.PlainText("Transfer"), mrkdwn.PlainText("Not yet"))
	return menu
}
