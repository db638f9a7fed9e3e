package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// What came before an action that can be done once.

func approvedAlready(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("You approved this already. It waits for %s. Nothing was changed.", missingApprovalsShort(r))
}

func notNeeded(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("All the approvals that you could give are there; it waits for other people: %s. Nothing was changed.", missingApprovalsShort(r))
}

func nudgedAlready(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("You asked once more already, %s; the approvers read it under the card. Nothing was changed.", mrkdwn.SlackDate(r.NudgedAt))
}

func ReviewedAlready(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("%s reviewed this already, %s. There is nothing else to do.", Mention(r.Review.By), mrkdwn.SlackDate(r.Review.At))
}

func ownedAgain(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case !r.OwnerDeactivatedAt.IsZero():
		return "The key is theirs already, and their account is deactivated. Nothing was changed; choose somebody else."
	case len(r.Transfers) > 0:
		return mrkdwn.JoinSentences(transferred(r), "Nothing else was changed.")
	}
	return StillActive(r)
}

func StillActive(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.Mrkdwnf("The account of %s is active, so the key stays theirs. Nothing was changed.", Mention(r.Requester))
}
