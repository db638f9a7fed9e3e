package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// RevokeForm asks why a key is revoked, which may be left empty. The key
// is revoked when this is sent.
func RevokeForm(r approval.Request, metadata string) slack.ModalViewRequest {
	hint := "The owner of the key reads it. You may leave it empty."
	if r.Requester == "" {
		hint = "It is kept in the audit trail. You may leave it empty."
	}
	reason := inputs{}.block(policy.FieldReason, asking("Why?", hint), optionalInput, upTo(maxAnswer))
	m := mrkdwn.Modal(ViewRevoke, "Revoke "+string(r.ID), mrkdwn.Section(revokeEffect(r)), reason)
	m.Submit = mrkdwn.PlainText("Revoke")
	m.PrivateMetadata = metadata
	return m
}

func revokeEffect(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("The key%s of request %s, %s (%s), is deleted in Atlas. Whatever uses it stops working, and that cannot be undone.",
		KeyName(r), r.ID, ownerText(r), r.Access.Description), otherKeysDeleted(r))
}

// otherKeysDeleted says that an approver ends the access, and not one key of it.
func otherKeysDeleted(r approval.Request) mrkdwn.Text {
	if r.Type != approval.Rotation && r.Successor == "" {
		return ""
	}
	return "If you revoke it as an approver, the keys before and after it in its rotations are deleted too."
}

// ownerText names the owner; that of an adopted key is not known.
func ownerText(r approval.Request) mrkdwn.Text {
	if r.Requester == "" {
		return "of which no owner is known"
	}
	return mrkdwn.Textf("which %s asked for", Mention(r.Requester))
}

// ConfirmRevoke is the answer to the command's "revoke": what it would do, and a
// button that does it.
func ConfirmRevoke(r approval.Request, mine bool) mrkdwn.Message {
	b := button(ActionRevokeWithReason, r, "Revoke…", slack.StyleDanger)
	if mine {
		b = revokeButton(r)
	}
	return mrkdwn.NewMessage(revokeEffect(r), mrkdwn.Section(revokeEffect(r)), buttonsIn(ConfirmRevokeSurface, r, b))
}
