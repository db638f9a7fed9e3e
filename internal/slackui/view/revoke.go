package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// revokeForm asks whoever revokes a key why, which may be left empty. The key
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

func revokeEffect(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("The key%s of request %s, %s (%s), is deleted in Atlas. Whatever uses it stops working, and that cannot be undone.",
		KeyName(r), r.ID, ownedBy(r), r.Access.Description), othersGo(r))
}

// othersGo says that an approver ends the access, and not one key of it.
func othersGo(r approval.Request) mrkdwn.Mrkdwn {
	if r.Type != approval.Rotation && r.Successor == "" {
		return ""
	}
	return "If you revoke it as an approver, the keys before and after it in its rotations are deleted too."
}

// ownedBy names the owner; of an adopted key nobody knows who that is.
func ownedBy(r approval.Request) mrkdwn.Mrkdwn {
	if r.Requester == "" {
		return "of which no owner is known"
	}
	return mrkdwn.Mrkdwnf("which %s asked for", Mention(r.Requester))
}

// confirmRevoke is the answer to the command's "revoke": what it would do, and a
// button that does it.
func ConfirmRevoke(r approval.Request, mine bool) mrkdwn.Message {
	b := button(ActionRevokeWithReason, r, "Revoke…", slack.StyleDanger)
	if mine {
		b = revokeButton(r)
	}
	return mrkdwn.NewMessage(revokeEffect(r), mrkdwn.Section(revokeEffect(r)), buttonsIn(ConfirmRevokeSurface, r, b))
}
