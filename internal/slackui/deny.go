package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
)

// maxDenyReason is in characters.
const maxDenyReason = 500

// denyForm asks an approver for a reason, which may be left empty. The request
// is denied when this is sent.
func denyForm(r approval.Request, metadata string) slack.ModalViewRequest {
	reason := inputBlock(blockDenyReason, "Why?", "The requester reads it. You may leave it empty.", lines(blockDenyReason, "", maxDenyReason))
	reason.Optional = true
	m := modal(viewDeny, "Deny "+string(r.ID), section(requestedText(r)), reason)
	m.Submit = plainText("Deny")
	m.PrivateMetadata = metadata
	return m
}

// requestedText says in a sentence what somebody asked for.
func requestedText(r approval.Request) mrkdwn {
	from := truncate(namedAddresses(r.Access), 300)
	switch r.Type {
	case approval.Extension:
		return mrkdwnf("%s asked for %s more for the key of request %s, until %s.", mention(r.Requester), botText(humanDuration(r.Access.Lifetime)), r.ParentID, slackDate(r.Change.NewEnd))
	case approval.AccessListChange:
		return mrkdwnf("%s asked that the key of request %s may be used from %s.", mention(r.Requester), r.ParentID, from)
	}
	projects := mrkdwn("")
	if len(r.Access.Projects) > 0 {
		projects = mrkdwnf(", and in projects %s", truncate(projectsText(r.Access.Projects), 600))
	}
	return mrkdwnf("%s asked for %s%s from %s, for %s.", mention(r.Requester), botText(titles(r.Access.Roles)), projects, from, botText(humanDuration(r.Access.Lifetime)))
}

// denialReasonGiven leaves out what could hide or rearrange text: a denial counts
// without it.
func denialReasonGiven(v sentView) string {
	return truncate(plaintext.ForeignLines(v.input(blockDenyReason).text()), maxDenyReason)
}

// notice is a modal that only says something, in the place of a form that
// cannot be sent any more.
func notice(title string, said mrkdwn) slack.ModalViewRequest {
	m := modal("", title, section(said))
	m.Close = plainText("Close")
	return m
}
