package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// expiryReminder tells the owner that a key's end comes near, while there is something
// to do about it. What came later, or another telling, leaves one line.
//
//	┌──────────────────────────────────────────────┐
//	│ ⏳ Your key abcdefgh ends … and is deleted … │
//	│ [ Extend ]  [ Rotate ]  [ Revoke now ]       │
//	│ Request AKR-7F3K2: invoices                  │
//	└──────────────────────────────────────────────┘
func (v Screens) expiryReminder(r approval.Request, n int) mrkdwn.Message {
	if r.State != approval.StateActive || n != r.ExpiryReminders {
		status := StatusForRequester(r)
		return mrkdwn.NewMessage(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), status), mrkdwn.Footnote(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), status)))
	}
	status := mrkdwn.Textf(":hourglass_flowing_sand: *Your key%s ends %s* and is deleted then: whatever uses it stops working.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt))
	way := mrkdwn.Text("If you need it for longer, ask for more time with *Extend*. If you are done with it, revoke it.")
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(status, way, mrkdwn.Textf("Request %s: %s.", r.ID, r.Access.Description)),
		mrkdwn.Section(status),
		mrkdwn.Section(way),
		buttonsIn(approval.ExpiryReminderMessage(n), r,
			button(ActionExtend, r, "Extend", slack.StylePrimary),
			rotateButton(r),
			labelled(revokeButton(r), "Revoke now"),
		),
		mrkdwn.Footnote(requestLine(r)),
	)
}

func labelled(b *slack.ButtonBlockElement, label string) *slack.ButtonBlockElement {
	b.Text = mrkdwn.PlainText(label)
	return b
}
