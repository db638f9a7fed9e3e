package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// inEnding stands for whichever message of a key's coming end a button is in:
// there are as many as the owner was told.
const inEnding approval.MessageName = "ending"

// expiryReminder tells the owner that a key's end comes near, while there is something
// to do about it. What came later, or another telling, leaves one line.
//
//	┌──────────────────────────────────────────────┐
//	│ ⏳ Your key abcdefgh ends … and is deleted … │
//	│ [ Extend ]  [ Rotate ]  [ Revoke now ]       │
//	│ Request AKR-7F3K2: invoices                  │
//	└──────────────────────────────────────────────┘
func (v Screens) expiryReminder(r approval.Request, n int) message {
	if r.State != approval.StateActive || n != r.ExpiryReminders {
		story := statusForRequester(r)
		return newMessage(joinSentences(mrkdwnf("Request %s:", r.ID), story), footnote(joinSentences(mrkdwnf("Request %s:", r.ID), story)))
	}
	story := mrkdwnf(":hourglass_flowing_sand: *Your key%s ends %s* and is deleted then: whatever uses it stops working.", keyName(r), slackDate(r.KeyExpiresAt))
	way := mrkdwn("If you need it for longer, ask for more time with *Extend*. If you are done with it, revoke it.")
	return newMessage(
		joinSentences(story, way, mrkdwnf("Request %s: %s.", r.ID, r.Access.Description)),
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
	b.Text = plainText(label)
	return b
}
