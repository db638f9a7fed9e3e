package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// inOwnerGone stands for whichever notice of a deactivated owner a button is in.
const inOwnerGone approval.MessageName = "ownergone"

// ownerGone says of a live key that its owner cannot look after it.
func ownerGone(r approval.Request) mrkdwn {
	if r.OwnerGone.IsZero() || !isLive(r) {
		return ""
	}
	return say(":ghost: The account of %s is deactivated.", mention(r.Requester))
}

// ownerGoneNotice asks the approvers what is to become of a key whose owner was
// deactivated.
//
//	┌──────────────────────────────────────────────┐
//	│ 👻 The account of @alice is deactivated, and │
//	│ their key abcdefgh lives on …                │
//	│ [ Hand over to … ▾ ]  [ Revoke ]             │
//	└──────────────────────────────────────────────┘
func (v views) ownerGoneNotice(r approval.Request, n int) message {
	switch {
	case n < r.Orphaned:
		return remark(say("The owner of the key%s of request %s had been deactivated. A newer message says how it is now.", keyName(r), r.ID), "")
	case !isLive(r):
		return remark(sentences(say("Request %s:", r.ID), approversStory(r)), "")
	case r.OwnerGone.IsZero() && len(r.Transfers) > 0:
		return remark(sentences(say(":handshake: The key%s of request %s (%s) has an owner again.", keyName(r), r.ID, clip(r.Access.Description, 100)), handedOver(r)), "")
	case r.OwnerGone.IsZero():
		return remark(say("The account of %s is active again, so their key%s of request %s stays as it is.", mention(r.Requester), keyName(r), r.ID), "")
	}
	story := say(":ghost: The account of %s is deactivated, and their key%s lives on: request %s (%s)%s, %s; usable from %s. It ends %s. (Found %s.)",
		mention(r.Requester), keyName(r), r.ID, clip(r.Access.Description, 100), v.inOrg(r), clip(mayDo(r.Access), 600), clip(namedAddresses(r.Access), 600), when(r.EndsAt), when(r.OwnerGone))
	way := mrkdwn("*Revoke* it, or hand it to somebody who looks after what uses it. The private key is not shown to them, as I do not know it: whoever needs it rotates the key.")
	return newMessage(sentences(story, way), section(story), section(way), slack.NewActionBlock(blockOwnerGone+string(r.ID),
		handToMenu(), button(actionOwnerGoneRevoke, string(r.ID), "Revoke", slack.StyleDanger)))
}

// handToMenu has no value of its own: the block that it is in names the
// request.
func handToMenu() *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plain("Hand over to …"), actionOwnerGoneHandTo)
	menu.Confirm = slack.NewConfirmationBlockObject(plain("Hand the key over?"),
		plain("Whoever you chose owns the key from now on: they are told of its end, and can extend, rotate and revoke it."), plain("Hand over"), plain("Not yet"))
	return menu
}
