package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// What came before an action that can be done once.

func alreadyApproved(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("You approved this already. It waits for %s. Nothing was changed.", missingApprovalsShort(r))
}

func notNeeded(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("All the approvals that you could give are there; it waits for other people: %s. Nothing was changed.", missingApprovalsShort(r))
}

func alreadyNudged(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("You asked once more already, %s; the approvers read it under the card. Nothing was changed.", mrkdwn.Date(r.NudgedAt))
}

// AlreadyReviewed says who reviewed r.
func AlreadyReviewed(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("%s reviewed this already, %s. There is nothing else to do.", Mention(r.Review.By), mrkdwn.Date(r.Review.At))
}

func ownedAgain(r approval.Request) mrkdwn.Text {
	switch {
	case !r.OwnerDeactivatedAt.IsZero():
		return "The key is theirs already, and their account is deactivated. Nothing was changed; choose another person."
	case len(r.Transfers) > 0:
		return mrkdwn.JoinSentences(transferred(r), "Nothing else was changed.")
	}
	return OwnerStillActive(r)
}

// OwnerStillActive says why a key is not transferred.
func OwnerStillActive(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("The account of %s is active, so the key stays theirs. Nothing was changed.", Mention(r.Requester))
}
