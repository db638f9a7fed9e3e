package slackui

import "atlaskeybot/internal/approval"

// What came before an action that can be done once.

func approvedAlready(r approval.Request) mrkdwn {
	return say("You approved this already. It waits for %s. Nothing was changed.", awaited(r))
}

func notNeeded(r approval.Request) mrkdwn {
	return say("All the approvals that you could give are there; it waits for other people: %s. Nothing was changed.", awaited(r))
}

func nudgedAlready(r approval.Request) mrkdwn {
	return say("You asked once more already, %s; the approvers read it under the card. Nothing was changed.", when(r.NudgedAt))
}

func signedAlready(r approval.Request) mrkdwn {
	return say("%s reviewed this already, %s. There is nothing else to do.", mention(r.Review.By), when(r.Review.At))
}

func ownedAgain(r approval.Request) mrkdwn {
	switch {
	case !r.OwnerGone.IsZero():
		return "The key is theirs already, and their account is deactivated. Nothing was changed; choose somebody else."
	case len(r.Transfers) > 0:
		return sentences(handedOver(r), "Nothing else was changed.")
	}
	return stillActive(r)
}

func stillActive(r approval.Request) mrkdwn {
	return say("The account of %s is active, so the key stays theirs. Nothing was changed.", mention(r.Requester))
}
