package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// review says of a key that was taken by break-glass whether somebody else has
// looked at it.
func review(r approval.Request) mrkdwn {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return "*Nobody else has reviewed it yet.*"
	}
	return mrkdwnf("Reviewed by %s %s.", mention(r.Review.By), slackDate(r.Review.At))
}

// breakGlassNote tells the same to whoever took the key.
func breakGlassNote(r approval.Request) mrkdwn {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return mrkdwnf("You took it without approval: it lives only %s, and somebody else reviews why.", botText(humanDuration(r.Access.Lifetime)))
	}
	return mrkdwnf("You took it without approval; %s reviewed that %s.", mention(r.Review.By), slackDate(r.Review.At))
}

// reviewNotice stays open, in the channel itself, until somebody other than
// whoever took the key has signed.
//
//	┌──────────────────────────────────────────────┐
//	│ 🚨 To be reviewed: break-glass AKR-7F3K2     │
//	│ @alice took a key without approval …         │
//	│ ▏production is down, INC-7                   │
//	│ [ Reviewed ]                                 │
//	└──────────────────────────────────────────────┘
func (v Screens) reviewNotice(r approval.Request) message {
	what := mrkdwnf("%s took a key without approval %s%s: %s; usable from %s, for %s. Request %s.",
		mention(asker(r)), slackDate(r.RequestedAt), v.inOrg(r), botText(truncate(titles(r.Access.Roles), 300)), truncate(usableFrom(r.Access), 600), botText(humanDuration(r.Access.Lifetime)), r.ID)
	if r.Review.By != "" {
		signed := mrkdwnf(":white_check_mark: *Reviewed* by %s %s.", mention(r.Review.By), slackDate(r.Review.At))
		return newMessage(joinSentences(signed, what, mrkdwnf("Reason: %s", r.Reason)), section(signed), section(what), quote(r.Reason))
	}
	open := mrkdwnf(":rotating_light: *To be reviewed:* break-glass.")
	way := mrkdwnf("Somebody other than %s has to look at why and what for, and sign with *Reviewed*. The key can be revoked on its card.", mention(asker(r)))
	return newMessage(
		joinSentences(open, what, way, mrkdwnf("Reason: %s", r.Reason)),
		section(joinSentences(open, what)),
		quote(r.Reason),
		section(way),
		buttons(reviewButton(r, actionReviewSign)),
	)
}

func reviewButton(r approval.Request, action string) *slack.ButtonBlockElement {
	return withConfirm(
		button(action, string(r.ID), "Reviewed", slack.StylePrimary),
		"Sign the review?", plainText("You say that you looked at why this key was taken without approval and at what was done with it. Your name is recorded under it."), "Sign", "Not yet",
	)
}
