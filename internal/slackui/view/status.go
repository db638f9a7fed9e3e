package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// Where a request stands, in one or two sentences. They never say that something is
// so before it is: a key is "being created" and "being deleted" until Atlas has
// said that it is done.

// statusTexts tell of one state to those who decide, to the requester, and to
// both in few words, as in a list.
type statusTexts struct {
	approvers, requester, short func(approval.Request) mrkdwn.Text
}

var statuses = map[approval.State]statusTexts{
	approval.StatePending:   {pendingForApprovers, pendingForRequester, pendingShort},
	approval.StateApproved:  {approvedForApprovers, approvedForRequester, approvedShort},
	approval.StateIssuing:   {issuing("The key is being created."), issuingForRequester, issuing("The key is being created.")},
	approval.StateDelivered: {deliveredForApprovers, deliveredForRequester, deliveredShort},
	approval.StateActive:    {activeForApprovers, activeForRequester, activeShort},
	approval.StateRevoking:  {endOf("The", "is being"), revokingForRequester, revokingForRequester},
	approval.StateDenied:    {deniedForApprovers, deniedForRequester, deniedForRequester},
	approval.StateWithdrawn: {withdrawnForApprovers, withdrawnForRequester, withdrawnForRequester},
	approval.StateExpired:   {expired("*Expired*"), expired("Your request expired"), expired("Expired")},
	approval.StateApplying:  {changing, changing, changing},
	approval.StateApplied:   {changed, changed, changed},
	approval.StateFailed:    {failed, failedForRequester, failedForRequester},
	approval.StateEnded:     {ended("The"), ended("Your"), ended("Your")},
}

// statusForApprovers says who decided, then what came of it.
func statusForApprovers(r approval.Request) mrkdwn.Text {
	if r.State == approval.StatePending || r.State == approval.StateDenied {
		return statuses[r.State].approvers(r)
	}
	return mrkdwn.JoinSentences(unapproved(r), approvedBy(r), removedByApprover(r), review(r), statusAfterDecision(r), transferred(r))
}

func statusAfterDecision(r approval.Request) mrkdwn.Text { return statuses[r.State].approvers(r) }

// StatusForRequester tells the requester where r stands.
func StatusForRequester(r approval.Request) mrkdwn.Text {
	if r.State == approval.StateApplying {
		return mrkdwn.JoinSentences(unapproved(r), approvedBy(r), changing(r))
	}
	return statuses[r.State].requester(r)
}

// statusShort is for the row of a list.
func statusShort(r approval.Request) mrkdwn.Text { return statuses[r.State].short(r) }

func pendingForApprovers(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinedBy("\n", approvedSoFar(r), removedByApprover(r),
		mrkdwn.Textf("*Waiting for* %s. Expires %s if nobody decides.", missingApprovalsShort(r), mrkdwn.Date(r.ExpiresAt)), nudgedNote(r))
}

func pendingForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(approvedSoFar(r), mrkdwn.Textf("Waiting for %s. Expires %s if nobody decides.", missingApprovalsShort(r), mrkdwn.Date(r.ExpiresAt)))
}

func pendingShort(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(listedType(r), approvedSoFar(r), mrkdwn.Textf("Waiting for %s. Expires %s.", missingApprovalsShort(r), mrkdwn.Date(r.ExpiresAt)), nudgeNote(r))
}

func approvedForApprovers(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(lastAttemptError(r), mrkdwn.Textf("%s can create the key until %s.", Mention(r.Requester), mrkdwn.Date(r.ExpiresAt)))
}

func approvedForRequester(r approval.Request) mrkdwn.Text {
	if r.BreakGlass {
		return mrkdwn.JoinSentences(lastAttemptError(r), mrkdwn.Textf("*Your emergency key is approved.* Press *Show my key* by %s: it's shown once, here, only to you.", mrkdwn.Date(r.ExpiresAt)), breakGlassNote(r))
	}
	return mrkdwn.JoinSentences(lastAttemptError(r), unapproved(r), approvedBy(r), removedByApprover(r), approverNote(r),
		mrkdwn.Textf("Press *Create my key* by %s, when you can save it.", mrkdwn.Date(r.ExpiresAt)),
		"I show the private key once, here, only to you.", mayDecline(r), leavesBehind(r))
}

func approvedShort(r approval.Request) mrkdwn.Text {
	said := mrkdwn.Textf("Approved. Create the key by %s.", mrkdwn.Date(r.ExpiresAt))
	if isReadyMissing(r) {
		return mrkdwn.JoinSentences(removedByApprover(r), said, "Its message isn't in our conversation yet, so the button is here.")
	}
	return mrkdwn.JoinSentences(removedByApprover(r), said, "The button is in our conversation.")
}

// issuing says that a key is being created, or that it is being taken back.
func issuing(creating mrkdwn.Text) func(approval.Request) mrkdwn.Text {
	return func(r approval.Request) mrkdwn.Text { return issuingOrRollingBack(r, creating) }
}

func issuingForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(issuingOrRollingBack(r, "Your key is being created. It appears in this conversation, only for you; stay here for a moment."), breakGlassNote(r))
}

func deliveredForApprovers(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("The key%s was shown to %s %s, who hasn't confirmed yet that it's saved. Expires %s.", KeyName(r), Mention(r.Requester), mrkdwn.Date(r.Confirmation.ShownAt), mrkdwn.Date(r.KeyExpiresAt))
}

func deliveredForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("Your key%s was shown here %s.", KeyName(r), mrkdwn.Date(r.Confirmation.ShownAt)), confirmOrLose(r), expires(r), leavesBehind(r), breakGlassNote(r))
}

func deliveredShort(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("The key%s was shown.", KeyName(r)), confirmOrLose(r), expires(r), breakGlassNote(r))
}

// confirmOrLose says by when to confirm. A key that expires before that is not
// waited for.
func confirmOrLose(r approval.Request) mrkdwn.Text {
	by := r.Confirmation.ConfirmBy
	if r.KeyExpiresAt.Before(by) && !r.KeyExpiresAt.IsZero() {
		return "Press *I saved it* when you have."
	}
	return mrkdwn.Textf("Press *I saved it* by %s, or I'll delete the key.", mrkdwn.Date(by))
}

// expires is the sentence on the expiry that every screen has.
func expires(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("Expires %s.", mrkdwn.Date(r.KeyExpiresAt))
}

func activeForApprovers(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("%s has the key%s. Expires %s.", Mention(r.Requester), KeyName(r), mrkdwn.Date(r.KeyExpiresAt)), byUse(r, "It was seen in use."), successor(r))
}

func activeForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("Your key%s is active. Expires %s.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt)), byUse(r, "It was seen in use, so you have it."), successor(r), leavesBehind(r), breakGlassNote(r))
}

func activeShort(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(mrkdwn.Textf("The key%s is active. Expires %s.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt)), breakGlassNote(r))
}

// endOf says that whose key "is being" or "was" deleted, and why.
func endOf(whose, is mrkdwn.BotText) func(approval.Request) mrkdwn.Text {
	return func(r approval.Request) mrkdwn.Text {
		reason := endReason(r)
		if whose == "Your" {
			reason = endReasonForOwner(r)
		}
		return mrkdwn.Textf("%s key%s %s deleted%s.", whose, KeyName(r), is, reason)
	}
}

func revokingForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(endOf("Your", "is being")(r), notDeletedYet(r))
}

func deniedForApprovers(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf(":no_entry: *Denied* by %s %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
}

func deniedForRequester(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("%s denied your request %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
}

func withdrawnForApprovers(r approval.Request) mrkdwn.Text {
	if r.Outcome.Cause == approval.CauseDeclined {
		return mrkdwn.Textf("*Declined* by %s %s.", Mention(r.Requester), mrkdwn.Date(r.Outcome.At))
	}
	return mrkdwn.Textf("*Withdrawn* by %s %s.", Mention(r.Requester), mrkdwn.Date(r.Outcome.At))
}

func withdrawnForRequester(r approval.Request) mrkdwn.Text {
	if r.Outcome.Cause == approval.CauseDeclined {
		return mrkdwn.JoinSentences(removedByApprover(r), mrkdwn.Textf("You declined that %s, so no key was created.", mrkdwn.Date(r.Outcome.At)))
	}
	return mrkdwn.Textf("You withdrew this request %s.", mrkdwn.Date(r.Outcome.At))
}

// expired says that a request expired, after a first word.
func expired(what mrkdwn.Text) func(approval.Request) mrkdwn.Text {
	return func(r approval.Request) mrkdwn.Text {
		return mrkdwn.Textf("%s %s: %s", what, mrkdwn.Date(r.Outcome.At), expiryReason(r))
	}
}

func failed(r approval.Request) mrkdwn.Text {
	if isChange(r) {
		return mrkdwn.JoinSentences("*Nothing was changed.*", notChanged(r), reference(r.Outcome.Code))
	}
	return mrkdwn.JoinSentences("*No key was created.*", whyNotMade(r.Outcome.Cause), reference(r.Outcome.Code))
}

func failedForRequester(r approval.Request) mrkdwn.Text {
	if isChange(r) {
		return mrkdwn.JoinSentences("Your change wasn't made.", notChanged(r), reference(r.Outcome.Code))
	}
	return mrkdwn.JoinSentences("No key was created.", whyNotMade(r.Outcome.Cause), nextStep(r), reference(r.Outcome.Code))
}

func ended(whose mrkdwn.BotText) func(approval.Request) mrkdwn.Text {
	return func(r approval.Request) mrkdwn.Text {
		return mrkdwn.JoinSentences(endOf(whose, "was")(r), stillListed(r))
	}
}

func mayDecline(r approval.Request) mrkdwn.Text {
	if !isPartial(r) {
		return ""
	}
	return "Not enough? Press *Decline*."
}

// KeyName is the key's public half with a space before it, if there is one.
func KeyName(r approval.Request) mrkdwn.Text {
	if r.Key.PublicKey == "" {
		return ""
	}
	return mrkdwn.Textf(" %s", r.Key.PublicKey)
}

// successor names the request that was opened last to replace r's key.
func successor(r approval.Request) mrkdwn.Text {
	if r.Successor == "" {
		return ""
	}
	return mrkdwn.Textf("Request %s is to replace it.", r.Successor)
}

func byUse(r approval.Request, said mrkdwn.Text) mrkdwn.Text {
	if !r.Confirmation.ByUse {
		return ""
	}
	return said
}

func issuingOrRollingBack(r approval.Request, creating mrkdwn.Text) mrkdwn.Text {
	if r.Issuance.Stage != approval.StageRollingBack {
		return creating
	}
	return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), rollbackStatus(r))
}

// lastAttemptError says why there is no key after a press: the request was put back.
func lastAttemptError(r approval.Request) mrkdwn.Text {
	again := mrkdwn.Text("*Create my key* has to be pressed again.")
	switch r.Issuance.Cause {
	case approval.CauseNone:
		return ""
	case approval.CauseNotShown, approval.CauseInterrupted:
		return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), "If a key appeared, it no longer works.", again)
	}
	return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), again)
}

// endReason goes on from "the key is being deleted".
func endReason(r approval.Request) mrkdwn.Text {
	switch r.Outcome.Cause {
	case approval.CauseUnconfirmed:
		return mrkdwn.Textf(": its owner didn't confirm by %s that it's saved", mrkdwn.Date(r.Outcome.At))
	case approval.CauseKeyExpired:
		return mrkdwn.Textf(": it expired %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseDeletedExternally:
		return mrkdwn.Textf(" directly in Atlas, as I found %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseRevoked:
		return mrkdwn.Textf(": %s revoked it %s", Mention(r.Outcome.By), mrkdwn.Date(r.Outcome.At))
	case approval.CauseKeyNotActive:
		return mrkdwn.Textf(": the key before it is gone or has another owner, as I found %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseReplaced:
		if r.Successor == "" {
			return mrkdwn.Textf(": it was replaced %s", mrkdwn.Date(r.Outcome.At))
		}
		return mrkdwn.Textf(": %s replaced it %s", r.Successor, mrkdwn.Date(r.Outcome.At))
	}
	return ""
}

// endReasonForOwner is the same, to the owner.
func endReasonForOwner(r approval.Request) mrkdwn.Text {
	switch {
	case r.Outcome.Cause == approval.CauseUnconfirmed:
		return mrkdwn.Textf(": you didn't confirm by %s that you saved it", mrkdwn.Date(r.Outcome.At))
	case r.Outcome.Cause == approval.CauseReplaced && r.Successor != "":
		return mrkdwn.Textf(": you replaced it with %s", r.Successor)
	}
	return endReason(r)
}

func expiryReason(r approval.Request) mrkdwn.Text {
	switch r.Outcome.Cause {
	case approval.CauseUndecided:
		return "no approver decided in time."
	case approval.CauseNotIssuedInTime:
		if r.Type == approval.Rotation {
			return "the key wasn't created in time."
		}
		return "it was approved, but the key wasn't created in time."
	case approval.CauseKeyNotActive:
		return "the key to be replaced is gone, or has another owner."
	case approval.CauseKeyExpired:
		return "the key's expiry came first."
	}
	return "its time was over."
}

// isDeletionOverdue reports whether a key should be gone and is known not to be.
func isDeletionOverdue(r approval.Request) bool {
	going := r.State == approval.StateRevoking || r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack || isReverting(r)
	return going && r.Deletion.Notified
}
