package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// ownerDeactivated says of a live key that its owner cannot look after it.
func ownerDeactivated(r approval.Request) mrkdwn.Mrkdwn {
	if r.OwnerDeactivatedAt.IsZero() || !isLive(r) {
		return ""
	}
	return mrkdwn.Mrkdwnf(":ghost: The account of %s is deactivated.", Mention(r.Requester))
}

// ownerDeactivatedNotice asks the approvers what is to become of a key whose owner was
// deactivated.
//
//	┌──────────────────────────────────────────────┐
//	│ 👻 The account of @alice is deactivated, and │
//	│ their key abcdefgh lives on …                │
//	│ [ Hand over to … ▾ ]  [ Revoke ]             │
//	└──────────────────────────────────────────────┘
func (v Screens) OwnerDeactivatedNotice(r approval.Request, n int) mrkdwn.Message {
	switch {
	case n < r.OwnerDeactivations:
		return threadReply(mrkdwn.Mrkdwnf("The owner of the key%s of request %s had been deactivated. A newer message says how it is now.", KeyName(r), r.ID), "")
	case !isLive(r):
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("Request %s:", r.ID), statusForApprovers(r)), "")
	case r.OwnerDeactivatedAt.IsZero() && len(r.Transfers) > 0:
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Mrkdwnf(":handshake: The key%s of request %s (%s) has an owner again.", KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100)), transferred(r)), "")
	case r.OwnerDeactivatedAt.IsZero():
		return threadReply(mrkdwn.Mrkdwnf("The account of %s is active again, so their key%s of request %s stays as it is.", Mention(r.Requester), KeyName(r), r.ID), "")
	}
	story := mrkdwn.Mrkdwnf(":ghost: The account of %s is deactivated, and their key%s lives on: request %s (%s)%s, %s; usable from %s. It ends %s. (Found %s.)",
		Mention(r.Requester), KeyName(r), r.ID, mrkdwn.Truncate(r.Access.Description, 100), v.inOrg(r), mrkdwn.Truncate(mayDo(r.Access), 600), mrkdwn.Truncate(namedAddresses(r.Access), 600), mrkdwn.SlackDate(r.KeyExpiresAt), mrkdwn.SlackDate(r.OwnerDeactivatedAt))
	way := mrkdwn.Mrkdwn("*Revoke* it, or hand it to somebody who looks after what uses it. The private key is not shown to them, as I do not know it: whoever needs it rotates the key.")
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(story, way), mrkdwn.Section(story), mrkdwn.Section(way), slack.NewActionBlock(blockID(approval.OwnerDeactivatedNotice(n), r.ID),
		transferMenu(), button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger)))
}

// transferMenu has no value of its own: the block that it is in names the
// request.
func transferMenu() *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, mrkdwn.PlainText("Hand over to …"), ActionTransfer)
	menu.Confirm = slack.NewConfirmationBlockObject(mrkdwn.PlainText("Hand the key over?"),
		mrkdwn.PlainText("Whoever you chose owns the key from now on: they are told of its end, and can extend, rotate and revoke it."), mrkdwn.PlainText("Hand over"), mrkdwn.PlainText("Not yet"))
	return menu
}
