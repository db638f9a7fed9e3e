package view

import (
	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// review says of a key that was taken by break-glass whether another person has
// looked at it.
func review(r approval.Request) mrkdwn.Text {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return "*Review pending.*"
	}
	return mrkdwn.Textf("Reviewed by %s %s.", Mention(r.Review.By), mrkdwn.Date(r.Review.At))
}

// breakGlassNote tells the same to the owner.
func breakGlassNote(r approval.Request) mrkdwn.Text {
	switch {
	case !r.BreakGlass:
		return ""
	case r.Review.By == "":
		return mrkdwn.Textf("You took it without approval, for %s only. Another person reviews why.", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
	}
	return mrkdwn.Textf("%s reviewed this break-glass key %s.", Mention(r.Review.By), mrkdwn.Date(r.Review.At))
}

// ReviewNotice stays open, in the channel itself, until a person other than the
// requester has reviewed the key.
//
//	┌──────────────────────────────────────────────┐
//	│ 🚨 Review pending: break-glass               │
//	│ @alice took a key without approval …         │
//	│ ▏production is down, INC-7                   │
//	│ [ Reviewed ]                                 │
//	└──────────────────────────────────────────────┘
func (v Screens) ReviewNotice(r approval.Request) mrkdwn.Message {
	what := mrkdwn.Textf("%s took a key without approval %s%s: %s, for %s. IP access list: %s. Request %s.",
		Mention(requester(r)), mrkdwn.Date(r.RequestedAt), v.inOrg(r), mrkdwn.BotText(mrkdwn.Truncate(Titles(r.Access.Roles), 300)), mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)), mrkdwn.Truncate(usableFrom(r.Access), 600), r.ID)
	what = mrkdwn.JoinSentences(what, v.detailText(r))
	if r.Review.By != "" {
		signed := mrkdwn.Textf(":white_check_mark: *Reviewed* by %s %s.", Mention(r.Review.By), mrkdwn.Date(r.Review.At))
		return mrkdwn.NewMessage(mrkdwn.JoinSentences(signed, what, mrkdwn.Textf("Reason: %s", r.Reason)), mrkdwn.Section(signed), mrkdwn.Section(what), mrkdwn.Quote(r.Reason))
	}
	open := mrkdwn.Textf(":rotating_light: *Review pending:* break-glass.")
	way := mrkdwn.Textf("An approver other than %s must check why and how it was used, then press *Reviewed*. Revoke the key on its card.", Mention(requester(r)))
	return mrkdwn.NewMessage(
		mrkdwn.JoinSentences(open, what, way, mrkdwn.Textf("Reason: %s", r.Reason)),
		mrkdwn.Section(mrkdwn.JoinSentences(open, what)),
		mrkdwn.Quote(r.Reason),
		mrkdwn.Section(way),
		buttonsIn(approval.ReviewNotice, r, reviewButton(r)),
	)
}

func reviewButton(r approval.Request) *slack.ButtonBlockElement {
	return mrkdwn.WithConfirm(
		button(ActionReview, r, "Reviewed", slack.StylePrimary),
		"Mark as reviewed?", mrkdwn.PlainText("You confirm that you checked why this key was created without approval and how it was used."), "Mark as reviewed", "Cancel",
	)
}
