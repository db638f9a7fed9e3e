package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// review says of a key that was taken by break-glass whether somebody else has
// looked at it.
func review(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return "*Nobody else has reviewed it yet.*"
	}
	return mrkdwn.Mrkdwnf("Reviewed by %s %s.", Mention(r.Review.By), mrkdwn.SlackDate(r.Review.At))
}

// breakGlassNote tells the same to whoever took the key.
func breakGlassNote(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return mrkdwn.Mrkdwnf("You took it without approval: it lives only %s, and somebody else reviews why.", mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)))
	}
	return mrkdwn.Mrkdwnf("You took it without approval; %s reviewed that %s.", Mention(r.Review.By), mrkdwn.SlackDate(r.Review.At))
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
func (v Screens) ReviewNotice(r approval.Request) mrkdwn.Message {
	what := mrkdwn.Mrkdwnf("%s took a key without approval %s%s: %s; usable from %s, for %s. Request %s.",
		Mention(asker(r)), mrkdwn.SlackDate(r.RequestedAt), v.inOrg(r), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 300)), mrkdwn.Truncate(usableFrom(r.Access), 600), mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)), r.ID)
	what = mrkdwn.JoinSentences(what, v.detailText(r))
	if r.Review.By != "" {
		signed := mrkdwn.Mrkdwnf(":white_check_mark: *Reviewed* by %s %s.", Mention(r.Review.By), mrkdwn.SlackDate(r.Review.At))
		return mrkdwn.NewMessage(mrkdwn.JoinSentences(signed, what, mrkdwn.Mrkdwnf("Reason: %s", r.Reason)), mrkdwn.Section(signed), mrkdwn.Section(what), mrkdwn.Quote(r.Reason))
	}
	open := mrkdwn.Mrkdwnf(":rotating_light: *To be reviewed:* break-glass.")
	way := mrkdwn.Mrkdwnf("Somebody other than %s has to look at why and what for, and sign with *Reviewed*. The key can be revoked on its card.", Mention(asker(r)))
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(open, what, way, mrkdwn.Mrkdwnf("Reason: %s", r.Reason)),
		mrkdwn.Section(mrkdwn.JoinSentences(open, what)),
		mrkdwn.Quote(r.Reason),
		mrkdwn.Section(way),
		buttonsIn(approval.ReviewNotice, r, reviewButton(r)),
	)
}

func reviewButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionReview, r, "Reviewed", slack.StylePrimary),
		"Sign the review?", mrkdwn.PlainText("You say that you looked at why this key was taken without approval and at what was done with it. Your name is recorded under it."), "Sign", "Not yet",
	)
}
