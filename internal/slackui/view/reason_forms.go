package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// maxAnswer is how long the reason of a denial or a revocation may be, in
// characters.
const maxAnswer = 500

// DenyForm asks an approver for a reason, which may be left empty. The request
// is denied when this is sent.
func DenyForm(r approval.Request, metadata string) slack.ModalViewRequest {
	reason := inputs{}.block(policy.FieldReason, asking("Reason", "Visible to the requester. Optional."), optionalInput, upTo(maxAnswer))
	m := mrkdwn.Modal(ViewDeny, "Deny "+string(r.ID), mrkdwn.Section(requestedText(r)), reason)
	m.Submit = mrkdwn.PlainText("Deny")
	m.PrivateMetadata = metadata
	return m
}

// requestedText says in a sentence what the requester asked for.
func requestedText(r approval.Request) mrkdwn.Text {
	from := mrkdwn.Truncate(namedAddresses(r.Access), 300)
	switch r.Type {
	case approval.Extension:
		return mrkdwn.Textf("%[1]s requested to extend the key of %[3]s by %[2]s, until %[4]s.", Mention(r.Requester), mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)), r.ParentID, mrkdwn.Date(r.Change.NewEnd))
	case approval.AccessListChange:
		return mrkdwn.Textf("%s requested another IP access list for the key of %s: %s.", Mention(r.Requester), r.ParentID, from)
	}
	projects := mrkdwn.Text("")
	if len(r.Access.Projects) > 0 {
		projects = mrkdwn.Textf(", in projects %s", mrkdwn.Truncate(projectsText(r.Access.Projects), 600))
	}
	return mrkdwn.Textf("%s requested %s%s, from %s, for %s.", Mention(r.Requester), mrkdwn.BotText(Titles(r.Access.Roles)), projects, from, mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
}

// ReasonGiven is the reason of a denial or a revocation. It leaves out what could
// hide or rearrange text: they count without it.
func ReasonGiven(v payload.SentView) string {
	return mrkdwn.Truncate(plaintext.ForeignLines(ReadForm(v).Reason), maxAnswer)
}

// Notice is a modal that only says something, in the place of a form that
// cannot be sent any more.
func Notice(title string, said mrkdwn.Text) slack.ModalViewRequest {
	m := mrkdwn.Modal("", title, mrkdwn.Section(said))
	m.Close = mrkdwn.PlainText("Close")
	return m
}

// RevokeForm asks why a key is revoked, which may be left empty. The key
// is revoked when this is sent.
func RevokeForm(r approval.Request, metadata string) slack.ModalViewRequest {
	hint := "Visible to the owner of the key. Optional."
	if r.Requester == "" {
		hint = "Kept in the audit trail. Optional."
	}
	reason := inputs{}.block(policy.FieldReason, asking("Reason", hint), optionalInput, upTo(maxAnswer))
	m := mrkdwn.Modal(ViewRevoke, "Revoke "+string(r.ID), mrkdwn.Section(revokeEffect(r)), reason)
	m.Submit = mrkdwn.PlainText("Revoke")
	m.PrivateMetadata = metadata
	return m
}

func revokeEffect(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("The key%s of request %s, %s (%s), is deleted in Atlas. Whatever uses it stops working. This can't be undone.",
		KeyName(r), r.ID, ownerText(r), r.Access.Description), otherKeysDeleted(r))
}

// otherKeysDeleted says that an approver ends the access, and not one key of it.
func otherKeysDeleted(r approval.Request) mrkdwn.Text {
	if r.Type != approval.Rotation && r.Successor == "" {
		return ""
	}
	return "If you revoke it as an approver, the other keys of its rotations are deleted too."
}

// ownerText names the owner; that of an adopted key is not known.
func ownerText(r approval.Request) mrkdwn.Text {
	if r.Requester == "" {
		return "whose owner isn't known"
	}
	return mrkdwn.Textf("owned by %s", Mention(r.Requester))
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
