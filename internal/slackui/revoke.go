package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// maxRevokeReason is in characters.
const maxRevokeReason = 500

// revokeForm asks whoever revokes a key why, which may be left empty. The key
// is revoked when this is sent.
func revokeForm(r approval.Request, metadata string) slack.ModalViewRequest {
	hint := "The owner of the key reads it. You may leave it empty."
	if r.Requester == "" {
		hint = "It is kept in the audit trail. You may leave it empty."
	}
	reason := inputBlock(blockRevokeReason, "Why?", hint, lines(blockRevokeReason, "", maxRevokeReason))
	reason.Optional = true
	m := modal(viewRevoke, "Revoke "+string(r.ID), section(revokeEffect(r)), reason)
	m.Submit = plainText("Revoke")
	m.PrivateMetadata = metadata
	return m
}

func revokeEffect(r approval.Request) mrkdwn {
	return joinSentences(mrkdwnf("The key%s of request %s, %s (%s), is deleted in Atlas. Whatever uses it stops working, and that cannot be undone.",
		keyName(r), r.ID, ownedBy(r), r.Access.Description), othersGo(r))
}

// othersGo says that an approver ends the access, and not one key of it.
func othersGo(r approval.Request) mrkdwn {
	if r.Type != approval.Rotation && r.Successor == "" {
		return ""
	}
	return "If you revoke it as an approver, the keys before and after it in its rotations are deleted too."
}

// ownedBy names the owner; of an adopted key nobody knows who that is.
func ownedBy(r approval.Request) mrkdwn {
	if r.Requester == "" {
		return "of which no owner is known"
	}
	return mrkdwnf("which %s asked for", mention(r.Requester))
}

func revokeReasonGiven(v sentView) string {
	return truncate(plaintext.ForeignLines(v.input(blockRevokeReason).text()), maxRevokeReason)
}

// confirmRevoke is the answer to the command's "revoke": what it would do, and a
// button that does it.
func confirmRevoke(r approval.Request, mine bool) message {
	b := button(actionSureRevoke, string(r.ID), "Revoke…", slack.StyleDanger) // a form asks for the reason
	if mine {
		b = revokeButton(r, actionSureRevoke)
	}
	return newMessage(revokeEffect(r), section(revokeEffect(r)), buttons(b))
}
