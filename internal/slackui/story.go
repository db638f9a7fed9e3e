package slackui

import (
	"atlaskeybot/internal/approval"
)

// A story is where a request stands, in one or two sentences. It never says
// that something is so before it is: a key "is being made" and "is being
// deleted" until Atlas has said that it is done.

// statusForApprovers tells it to the approvers: who decided, then what came of it.
func statusForApprovers(r approval.Request) mrkdwn {
	switch r.State {
	case approval.StatePending:
		return joinedBy("\n", approvedSoFar(r), removedByApprover(r, "was asked for"),
			mrkdwnf("*Waits for %s.* Without a decision it lapses %s.", awaitedByAll(r), slackDate(r.ExpiresAt)), nudgedNote(r))
	case approval.StateDenied:
		return mrkdwnf(":no_entry: *Denied* by %s %s.", mention(r.Decision.By), slackDate(r.Decision.At))
	}
	return joinSentences(unapproved(r), approvedBy(r), removedByApprover(r, "was asked for"), review(r), statusAfterDecision(r), transferred(r))
}

func statusAfterDecision(r approval.Request) mrkdwn {
	switch r.State {
	case approval.StateApproved:
		return joinSentences(lastAttemptError(r), mrkdwnf("%s can create the key until %s.", mention(r.Requester), slackDate(r.ExpiresAt)))
	case approval.StateIssuing:
		return makingOrUndoing(r, "The key is being made.")
	case approval.StateDelivered:
		return mrkdwnf("The key%s was shown to %s %s, who has yet to say that it is saved. It ends %s.", keyName(r), mention(r.Requester), slackDate(r.Confirmation.ShownAt), slackDate(r.KeyExpiresAt))
	case approval.StateActive:
		return joinSentences(mrkdwnf("%s has the key%s. It ends %s.", mention(r.Requester), keyName(r), slackDate(r.KeyExpiresAt)), byUse(r, "It was seen in use."), successor(r))
	case approval.StateRevoking:
		return mrkdwnf("*The key%s is being deleted%s.*", keyName(r), endReason(r))
	case approval.StateWithdrawn:
		return withdrawal(r)
	case approval.StateExpired:
		return mrkdwnf("*Lapsed* %s: %s", slackDate(r.Outcome.At), expiryReason(r))
	case approval.StateApplying:
		return changing(r)
	case approval.StateApplied:
		return changed(r, "The")
	case approval.StateFailed:
		if isChange(r) {
			return joinSentences("*The change was given up.*", notChanged(r), reference(r.Outcome.Code))
		}
		return joinSentences("*There is no key.*", whyNotMade(r.Outcome.Cause), reference(r.Outcome.Code))
	case approval.StateEnded:
		return joinSentences(mrkdwnf("*The key%s was deleted%s.*", keyName(r), endReason(r)), stillListed(r))
	}
	return mrkdwnf("State: %s.", r.State)
}

// statusForRequester tells it to whoever asked.
func statusForRequester(r approval.Request) mrkdwn {
	switch r.State {
	case approval.StatePending:
		return joinSentences(approvedSoFar(r), mrkdwnf("It waits for %s. Without a decision it lapses %s.", missingApprovalsShort(r), slackDate(r.ExpiresAt)))
	case approval.StateApproved:
		return joinSentences(lastAttemptError(r), unapproved(r), approvedBy(r), removedByApprover(r, "you asked for"), mrkdwnf("Press *Create my key* when you are ready to save it, by %s: the private key is shown once, here, to you alone.", slackDate(r.ExpiresAt)), mayDecline(r), leavesBehind(r))
	case approval.StateIssuing:
		return joinSentences(makingOrUndoing(r, "Your key is being made. It appears in this conversation, visible to you alone; stay here for a moment."), breakGlassNote(r))
	case approval.StateDelivered:
		return joinSentences(mrkdwnf("Your key%s was shown here %s. Tell me by %s that you saved it, or I delete it: a key that nobody holds must not stay. It ends %s.", keyName(r), slackDate(r.Confirmation.ShownAt), slackDate(r.Confirmation.ConfirmBy), slackDate(r.KeyExpiresAt)), leavesBehind(r), breakGlassNote(r))
	case approval.StateActive:
		return joinSentences(mrkdwnf("You have the key%s. It ends %s and is deleted then.", keyName(r), slackDate(r.KeyExpiresAt)), byUse(r, "It was seen in use, so I take it that you saved it."), successor(r), leavesBehind(r), breakGlassNote(r))
	case approval.StateRevoking:
		return joinSentences(mrkdwnf("Your key%s is being deleted%s.", keyName(r), endReason(r)), notDeletedYet(r))
	case approval.StateDenied:
		return mrkdwnf("%s denied your request %s.", mention(r.Decision.By), slackDate(r.Decision.At))
	case approval.StateWithdrawn:
		if r.Outcome.Cause == approval.CauseDeclined {
			return joinSentences(removedByApprover(r, "you asked for"), mrkdwnf("You declined that %s, so no key was made.", slackDate(r.Outcome.At)))
		}
		return mrkdwnf("You took this request back %s.", slackDate(r.Outcome.At))
	case approval.StateExpired:
		return mrkdwnf("Your request lapsed %s: %s", slackDate(r.Outcome.At), expiryReason(r))
	case approval.StateApplying:
		return joinSentences(unapproved(r), approvedBy(r), changing(r))
	case approval.StateApplied:
		return changed(r, "Your")
	case approval.StateFailed:
		if isChange(r) {
			return joinSentences("The change you asked for was given up.", notChanged(r), reference(r.Outcome.Code))
		}
		return joinSentences("There is no key.", whyNotMade(r.Outcome.Cause), nextStep(r), reference(r.Outcome.Code))
	case approval.StateEnded:
		return joinSentences(mrkdwnf("Your key%s was deleted%s.", keyName(r), endReason(r)), stillListed(r))
	}
	return mrkdwnf("State: %s.", r.State)
}

func withdrawal(r approval.Request) mrkdwn {
	if r.Outcome.Cause == approval.CauseDeclined {
		return mrkdwnf("*Declined* by %s %s, who did not want what was approved.", mention(r.Requester), slackDate(r.Outcome.At))
	}
	return mrkdwnf("*Withdrawn* by %s %s.", mention(r.Requester), slackDate(r.Outcome.At))
}

func mayDecline(r approval.Request) mrkdwn {
	if !isPartial(r) {
		return ""
	}
	return "If that is no use to you, press *Decline*."
}

// transferred says whose the key was before.
func transferred(r approval.Request) mrkdwn {
	if len(r.Transfers) == 0 {
		return ""
	}
	last := r.Transfers[len(r.Transfers)-1]
	return mrkdwnf("%s handed it from %s to %s %s.", mention(last.By), mention(last.From), mention(last.To), slackDate(last.At))
}

// keyName is the key's public half with a space before it, if there is one.
func keyName(r approval.Request) mrkdwn {
	if r.Key.PublicKey == "" {
		return ""
	}
	return mrkdwnf(" %s", r.Key.PublicKey)
}

// successor names the request that was opened last to take over from r.
func successor(r approval.Request) mrkdwn {
	if r.Successor == "" {
		return ""
	}
	return mrkdwnf("Request %s was opened to take over from it.", r.Successor)
}

func byUse(r approval.Request, said mrkdwn) mrkdwn {
	if !r.Confirmation.ByUse {
		return ""
	}
	return said
}

func makingOrUndoing(r approval.Request, making mrkdwn) mrkdwn {
	if r.Issuance.Stage != approval.StageRollingBack {
		return making
	}
	return joinSentences(whyNotMade(r.Issuance.Cause), undoingStory(r))
}

// lastAttemptError says why there is no key after a press: the request was put back.
func lastAttemptError(r approval.Request) mrkdwn {
	switch r.Issuance.Cause {
	case approval.CauseNone:
		return ""
	case approval.CauseNotShown, approval.CauseInterrupted:
		return joinSentences(whyNotMade(r.Issuance.Cause), "If a key appeared, it no longer works: it takes another press.")
	}
	return joinSentences(whyNotMade(r.Issuance.Cause), "It takes another press.")
}

// endReason goes on from "the key is being deleted".
func endReason(r approval.Request) mrkdwn {
	switch r.Outcome.Cause {
	case approval.CauseUnconfirmed:
		return mrkdwnf(", because nobody had said by %s that it was saved", slackDate(r.Outcome.At))
	case approval.CauseKeyExpired:
		return mrkdwnf(", because its lifetime was over %s", slackDate(r.Outcome.At))
	case approval.CauseDeletedExternally:
		return mrkdwnf(", by somebody in Atlas, as I found %s", slackDate(r.Outcome.At))
	case approval.CauseRevoked:
		return mrkdwnf(", because %s revoked it %s", mention(r.Outcome.By), slackDate(r.Outcome.At))
	case approval.CauseKeyNotActive:
		return mrkdwnf(", because the key before it is gone or has another owner, as I found %s", slackDate(r.Outcome.At))
	case approval.CauseReplaced:
		return mrkdwnf(", because its successor took over %s", slackDate(r.Outcome.At))
	}
	return ""
}

func expiryReason(r approval.Request) mrkdwn {
	switch r.Outcome.Cause {
	case approval.CauseUndecided:
		return "nobody decided in time."
	case approval.CauseNotIssuedInTime:
		if r.Type == approval.Rotation {
			return "the key was not created in time."
		}
		return "it was approved, but the key was not created in time."
	case approval.CauseKeyNotActive:
		return "the key that it was to take over from is gone, or has another owner."
	case approval.CauseKeyExpired:
		return "the end date of the access came."
	}
	return "its time was over."
}

// isStuck reports whether a key should be gone and is known not to be.
func isStuck(r approval.Request) bool {
	going := r.State == approval.StateRevoking || r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack || isGoingBack(r)
	return going && r.Deletion.Notified
}
