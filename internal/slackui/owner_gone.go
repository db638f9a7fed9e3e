package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// inOwnerGone stands for whichever notice of a deactivated owner a button is in.
const inOwnerGone approval.MessageName = "ownergone"

// ownerDeactivated says of a live key that its owner cannot look after it.
func ownerDeactivated(r approval.Request) mrkdwn {
	if r.OwnerDeactivatedAt.IsZero() || !isLive(r) {
		return ""
	}
	return mrkdwnf(":ghost: The account of %s is deactivated.", mention(r.Requester))
}

// ownerDeactivatedNotice asks the approvers what is to become of a key whose owner was
// deactivated.
//
//	┌──────────────────────────────────────────────┐
//	│ 👻 The account of @alice is deactivated, and │
//	│ their key abcdefgh lives on …                │
//	│ [ Hand over to … ▾ ]  [ Revoke ]             │
//	└──────────────────────────────────────────────┘
func (v Screens) ownerDeactivatedNotice(r approval.Request, n int) message {
	switch {
	case n < r.OwnerDeactivations:
		return threadReply(mrkdwnf("The owner of the key%s of request %s had been deactivated. A newer message says how it is now.", keyName(r), r.ID), "")
	case !isLive(r):
		return threadReply(joinSentences(mrkdwnf("Request %s:", r.ID), statusForApprovers(r)), "")
	case r.OwnerDeactivatedAt.IsZero() && len(r.Transfers) > 0:
		return threadReply(joinSentences(mrkdwnf(":handshake: The key%s of request %s (%s) has an owner again.", keyName(r), r.ID, truncate(r.Access.Description, 100)), transferred(r)), "")
	case r.OwnerDeactivatedAt.IsZero():
		return threadReply(mrkdwnf("The account of %s is active again, so their key%s of request %s stays as it is.", mention(r.Requester), keyName(r), r.ID), "")
	}
	story := mrkdwnf(":ghost: The account of %s is deactivated, and their key%s lives on: request %s (%s)%s, %s; usable from %s. It ends %s. (Found %s.)",
		mention(r.Requester), keyName(r), r.ID, truncate(r.Access.Description, 100), v.inOrg(r), truncate(mayDo(r.Access), 600), truncate(namedAddresses(r.Access), 600), slackDate(r.KeyExpiresAt), slackDate(r.OwnerDeactivatedAt))
	way := mrkdwn("*Revoke* it, or hand it to somebody who looks after what uses it. The private key is not shown to them, as I do not know it: whoever needs it rotates the key.")
	return newMessage(joinSentences(story, way), section(story), section(way), slack.NewActionBlock(blockOwnerGone+string(r.ID),
		transferMenu(), button(actionOwnerGoneRevoke, string(r.ID), "Revoke", slack.StyleDanger)))
}

// transferMenu has no value of its own: the block that it is in names the
// request.
func transferMenu() *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText("Hand over to …"), actionOwnerGoneHandTo)
	menu.Confirm = slack.NewConfirmationBlockObject(plainText("Hand the key over?"),
		plainText("Whoever you chose owns the key from now on: they are told of its end, and can extend, rotate and revoke it."), plainText("Hand over"), plainText("Not yet"))
	return menu
}
