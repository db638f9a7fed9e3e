package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// inEnding stands for whichever message of a key's coming end a button is in:
// there are as many as the owner was told.
const inEnding approval.MessageName = "ending"

// ending tells the owner that a key's end comes near, while there is something
// to do about it. What came later, or another telling, leaves one line.
//
//	┌──────────────────────────────────────────────┐
//	│ ⏳ Your key abcdefgh ends … and is deleted … │
//	│ [ Extend ]  [ Rotate ]  [ Revoke now ]       │
//	│ Request AKR-7F3K2: invoices                  │
//	└──────────────────────────────────────────────┘
func (v views) ending(r approval.Request, n int) message {
	if r.State != approval.Active || n != r.Endings {
		story := ownersStory(r)
		return newMessage(sentences(say("Request %s:", r.ID), story), footnote(sentences(say("Request %s:", r.ID), story)))
	}
	story := say(":hourglass_flowing_sand: *Your key%s ends %s* and is deleted then: whatever uses it stops working.", keyName(r), when(r.EndsAt))
	way := mrkdwn("If you need it for longer, ask for more time with *Extend*. If you are done with it, revoke it.")
	return newMessage(
		sentences(story, way, say("Request %s: %s.", r.ID, r.Access.Description)),
		section(story),
		section(way),
		buttons(
			button(actionEndingExtend, string(r.ID), "Extend", slack.StylePrimary),
			rotateButton(r, actionEndingRotate),
			labelled(revokeButton(r, actionEndingRevoke), "Revoke now"),
		),
		footnote(requestLine(r)),
	)
}

func labelled(b *slack.ButtonBlockElement, label string) *slack.ButtonBlockElement {
	b.Text = plain(label)
	return b
}
