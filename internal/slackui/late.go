package slackui

import "atlaskeybot/internal/approval"

// What came before an action that can be done once.

func approvedAlready(r approval.Request) mrkdwn {
	return mrkdwnf("You approved this already. It waits for %s. Nothing was changed.", missingApprovalsShort(r))
}

func notNeeded(r approval.Request) mrkdwn {
	return mrkdwnf("All the approvals that you could give are there; it waits for other people: %s. Nothing was changed.", missingApprovalsShort(r))
}

func nudgedAlready(r approval.Request) mrkdwn {
	return mrkdwnf("You asked once more already, %s; the approvers read it under the card. Nothing was changed.", slackDate(r.NudgedAt))
}

func reviewedAlready(r approval.Request) mrkdwn {
	return mrkdwnf("%s reviewed this already, %s. There is nothing else to do.", mention(r.Review.By), slackDate(r.Review.At))
}

func ownedAgain(r approval.Request) mrkdwn {
	switch {
	case !r.OwnerDeactivatedAt.IsZero():
		return "The key is theirs already, and their account is deactivated. Nothing was changed; choose somebody else."
	case len(r.Transfers) > 0:
		return joinSentences(transferred(r), "Nothing else was changed.")
	}
	return stillActive(r)
}

func stillActive(r approval.Request) mrkdwn {
	return mrkdwnf("The account of %s is active, so the key stays theirs. Nothing was changed.", mention(r.Requester))
}
