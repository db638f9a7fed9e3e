package slackui

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// review says of a key that was taken by break-glass whether somebody else has
// looked at it.
func review(r approval.Request) mrkdwn {
	switch {
	case !r.Emergency:
		return ""
	case r.Review.By == "":
		return "*Nobody else has reviewed it yet.*"
	}
	return say("Reviewed by %s %s.", mention(r.Review.By), when(r.Review.At))
}

// yourEmergency tells the same to whoever took the key.
func yourEmergency(r approval.Request) mrkdwn {
	switch {
	case !r.Emergency:
		return ""
	case r.Review.By == "":
		return say("You took it without approval: it lives only %s, and somebody else reviews why.", botText(span(r.Access.Lifetime)))
	}
	return say("You took it without approval; %s reviewed that %s.", mention(r.Review.By), when(r.Review.At))
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
func (v views) reviewNotice(r approval.Request) message {
	what := say("%s took a key without approval %s%s: %s; usable from %s, for %s. Request %s.",
		mention(asker(r)), when(r.AskedAt), v.inOrg(r), botText(clip(titles(r.Access.Roles), 300)), clip(usableFrom(r.Access), 600), botText(span(r.Access.Lifetime)), r.ID)
	if r.Review.By != "" {
		signed := say(":white_check_mark: *Reviewed* by %s %s.", mention(r.Review.By), when(r.Review.At))
		return newMessage(sentences(signed, what, say("Reason: %s", r.Reason)), section(signed), section(what), quote(r.Reason))
	}
	open := say(":rotating_light: *To be reviewed:* break-glass.")
	way := say("Somebody other than %s has to look at why and what for, and sign with *Reviewed*. The key can be revoked on its card.", mention(asker(r)))
	return newMessage(
		sentences(open, what, way, say("Reason: %s", r.Reason)),
		section(sentences(open, what)),
		quote(r.Reason),
		section(way),
		buttons(signButton(r, actionReviewSign)),
	)
}

func signButton(r approval.Request, action string) *slack.ButtonBlockElement {
	return sure(
		button(action, string(r.ID), "Reviewed", slack.StylePrimary),
		"Sign the review?", plain("You say that you looked at why this key was taken without approval and at what was done with it. Your name is recorded under it."), "Sign", "Not yet",
	)
}
