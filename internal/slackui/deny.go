package slackui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// maxDenyReason is in characters.
const maxDenyReason = 500

// denyForm asks an approver for a reason, which may be left empty. The request
// is denied when this is sent.
func denyForm(r approval.Request) slack.ModalViewRequest {
	reason := ask(blockDenyReason, "Why?", "The requester reads it. You may leave it empty.", lines(blockDenyReason, "", maxDenyReason))
	reason.Optional = true
	m := modal(viewDeny, "Deny "+string(r.ID),
		section(say("%s asked for %s from %s, for %s.", mention(r.Requester), titles(r.Access.Roles), clip(addresses(r.Access), 300), span(r.Access.Lifetime))),
		reason,
	)
	m.Submit = plain("Deny")
	m.PrivateMetadata = string(r.ID)
	return m
}

// denied reads the form: which request, and why.
func denied(v sentView) (approval.ID, string, bool) {
	id, ok := approval.ParseID(v.Metadata)
	reason := strings.Map(visible, v.input(blockDenyReason).text())
	return id, clip(reason, maxDenyReason), ok
}

// visible drops what could hide or rearrange text: a denial counts without it.
func visible(r rune) rune {
	if r == '\n' || r == '\t' {
		return r
	}
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError {
		return -1
	}
	return r
}

// notice is a modal that only says something, in the place of a form that
// cannot be sent any more.
func notice(said mrkdwn) slack.ModalViewRequest {
	m := modal("", "Nothing was changed", section(said))
	m.Close = plain("Close")
	return m
}
