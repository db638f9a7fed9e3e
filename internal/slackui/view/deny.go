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
	reason := inputs{}.block(policy.FieldReason, asking("Why?", "The requester reads it. You may leave it empty."), optionalInput, upTo(maxAnswer))
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
		return mrkdwn.Textf("%s asked for %s more for the key of request %s, until %s.", Mention(r.Requester), mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)), r.ParentID, mrkdwn.Date(r.Change.NewEnd))
	case approval.AccessListChange:
		return mrkdwn.Textf("%s asked that the key of request %s may be used from %s.", Mention(r.Requester), r.ParentID, from)
	}
	projects := mrkdwn.Text("")
	if len(r.Access.Projects) > 0 {
		projects = mrkdwn.Textf(", and in projects %s", mrkdwn.Truncate(projectsText(r.Access.Projects), 600))
	}
	return mrkdwn.Textf("%s asked for %s%s from %s, for %s.", Mention(r.Requester), mrkdwn.BotText(Titles(r.Access.Roles)), projects, from, mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
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
