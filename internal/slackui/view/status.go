package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// A status is where a request stands, in one or two sentences. It never says
// that something is so before it is: a key "is being made" and "is being
// deleted" until Atlas has said that it is done.

// statusForApprovers tells it to the approvers: who decided, then what came of it.
func statusForApprovers(r approval.Request) mrkdwn.Text {
	switch r.State {
	case approval.StatePending:
		return mrkdwn.JoinedBy("\n", approvedSoFar(r), removedByApprover(r, "was asked for"),
			mrkdwn.Textf("*Waits for %s.* Without a decision it expires %s.", missingApprovalsShort(r), mrkdwn.Date(r.ExpiresAt)), nudgedNote(r))
	case approval.StateDenied:
		return mrkdwn.Textf(":no_entry: *Denied* by %s %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
	}
	return mrkdwn.JoinSentences(unapproved(r), approvedBy(r), removedByApprover(r, "was asked for"), review(r), statusAfterDecision(r), transferred(r))
}

func statusAfterDecision(r approval.Request) mrkdwn.Text {
	switch r.State {
	case approval.StateApproved:
		return mrkdwn.JoinSentences(lastAttemptError(r), mrkdwn.Textf("%s can create the key until %s.", Mention(r.Requester), mrkdwn.Date(r.ExpiresAt)))
	case approval.StateIssuing:
		return issuingOrRollingBack(r, "The key is being created.")
	case approval.StateDelivered:
		return mrkdwn.Textf("The key%s was shown to %s %s, who has yet to say that it is saved. It ends %s.", KeyName(r), Mention(r.Requester), mrkdwn.Date(r.Confirmation.ShownAt), mrkdwn.Date(r.KeyExpiresAt))
	case approval.StateActive:
		return mrkdwn.JoinSentences(mrkdwn.Textf("%s has the key%s. It ends %s.", Mention(r.Requester), KeyName(r), mrkdwn.Date(r.KeyExpiresAt)), byUse(r, "It was seen in use."), successor(r))
	case approval.StateRevoking:
		return mrkdwn.Textf("*The key%s is being deleted%s.*", KeyName(r), endReason(r))
	case approval.StateWithdrawn:
		return withdrawal(r)
	case approval.StateExpired:
		return mrkdwn.Textf("*Expired* %s: %s", mrkdwn.Date(r.Outcome.At), expiryReason(r))
	case approval.StateApplying:
		return changing(r)
	case approval.StateApplied:
		return changed(r, "The")
	case approval.StateFailed:
		if isChange(r) {
			return mrkdwn.JoinSentences("*The change was given up.*", notChanged(r), reference(r.Outcome.Code))
		}
		return mrkdwn.JoinSentences("*There is no key.*", whyNotMade(r.Outcome.Cause), reference(r.Outcome.Code))
	case approval.StateEnded:
		return mrkdwn.JoinSentences(mrkdwn.Textf("*The key%s was deleted%s.*", KeyName(r), endReason(r)), stillListed(r))
	}
	return mrkdwn.Textf("State: %s.", r.State)
}

// StatusForRequester tells the requester where r stands.
func StatusForRequester(r approval.Request) mrkdwn.Text {
	switch r.State {
	case approval.StatePending:
		return mrkdwn.JoinSentences(approvedSoFar(r), mrkdwn.Textf("It waits for %s. Without a decision it expires %s.", missingApprovalsShort(r), mrkdwn.Date(r.ExpiresAt)))
	case approval.StateApproved:
		if r.BreakGlass {
			return mrkdwn.JoinSentences(lastAttemptError(r), mrkdwn.Textf("*Your emergency key is approved.* Press *Show my key* by %s: it's shown once, here, only to you.", mrkdwn.Date(r.ExpiresAt)), breakGlassNote(r))
		}
		return mrkdwn.JoinSentences(lastAttemptError(r), unapproved(r), approvedBy(r), removedByApprover(r, "you asked for"), mrkdwn.Textf("Press *Create my key* when you are ready to save it, by %s: the private key is shown once, here, to you alone.", mrkdwn.Date(r.ExpiresAt)), mayDecline(r), leavesBehind(r))
	case approval.StateIssuing:
		return mrkdwn.JoinSentences(issuingOrRollingBack(r, "Your key is being created. It appears in this conversation, visible to you alone; stay here for a moment."), breakGlassNote(r))
	case approval.StateDelivered:
		return mrkdwn.JoinSentences(mrkdwn.Textf("Your key%s was shown here %s. Tell me by %s that you saved it, or I delete it: a key without a holder must not stay. It ends %s.", KeyName(r), mrkdwn.Date(r.Confirmation.ShownAt), mrkdwn.Date(r.Confirmation.ConfirmBy), mrkdwn.Date(r.KeyExpiresAt)), leavesBehind(r), breakGlassNote(r))
	case approval.StateActive:
		return mrkdwn.JoinSentences(mrkdwn.Textf("You have the key%s. It ends %s and is deleted then.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt)), byUse(r, "It was seen in use, so I take it that you saved it."), successor(r), leavesBehind(r), breakGlassNote(r))
	case approval.StateRevoking:
		return mrkdwn.JoinSentences(mrkdwn.Textf("Your key%s is being deleted%s.", KeyName(r), endReason(r)), notDeletedYet(r))
	case approval.StateDenied:
		return mrkdwn.Textf("%s denied your request %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
	case approval.StateWithdrawn:
		if r.Outcome.Cause == approval.CauseDeclined {
			return mrkdwn.JoinSentences(removedByApprover(r, "you asked for"), mrkdwn.Textf("You declined that %s, so no key was made.", mrkdwn.Date(r.Outcome.At)))
		}
		return mrkdwn.Textf("You took this request back %s.", mrkdwn.Date(r.Outcome.At))
	case approval.StateExpired:
		return mrkdwn.Textf("Your request expired %s: %s", mrkdwn.Date(r.Outcome.At), expiryReason(r))
	case approval.StateApplying:
		return mrkdwn.JoinSentences(unapproved(r), approvedBy(r), changing(r))
	case approval.StateApplied:
		return changed(r, "Your")
	case approval.StateFailed:
		if isChange(r) {
			return mrkdwn.JoinSentences("The change you asked for was given up.", notChanged(r), reference(r.Outcome.Code))
		}
		return mrkdwn.JoinSentences("There is no key.", whyNotMade(r.Outcome.Cause), nextStep(r), reference(r.Outcome.Code))
	case approval.StateEnded:
		return mrkdwn.JoinSentences(mrkdwn.Textf("Your key%s was deleted%s.", KeyName(r), endReason(r)), stillListed(r))
	}
	return mrkdwn.Textf("State: %s.", r.State)
}

func withdrawal(r approval.Request) mrkdwn.Text {
	if r.Outcome.Cause == approval.CauseDeclined {
		return mrkdwn.Textf("*Declined* by %s %s, who did not want what was approved.", Mention(r.Requester), mrkdwn.Date(r.Outcome.At))
	}
	return mrkdwn.Textf("*Withdrawn* by %s %s.", Mention(r.Requester), mrkdwn.Date(r.Outcome.At))
}

func mayDecline(r approval.Request) mrkdwn.Text {
	if !isPartial(r) {
		return ""
	}
	return "If that is no use to you, press *Decline*."
}

// transferred says whose the key was before.
func transferred(r approval.Request) mrkdwn.Text {
	if len(r.Transfers) == 0 {
		return ""
	}
	last := r.Transfers[len(r.Transfers)-1]
	return mrkdwn.Textf("%s handed it from %s to %s %s.", Mention(last.By), Mention(last.From), Mention(last.To), mrkdwn.Date(last.At))
}

// KeyName is the key's public half with a space before it, if there is one.
func KeyName(r approval.Request) mrkdwn.Text {
	if r.Key.PublicKey == "" {
		return ""
	}
	return mrkdwn.Textf(" %s", r.Key.PublicKey)
}

// successor names the request that was opened last to take over from r.
func successor(r approval.Request) mrkdwn.Text {
	if r.Successor == "" {
		return ""
	}
	return mrkdwn.Textf("Request %s was opened to take over from it.", r.Successor)
}

func byUse(r approval.Request, said mrkdwn.Text) mrkdwn.Text {
	if !r.Confirmation.ByUse {
		return ""
	}
	return said
}

func issuingOrRollingBack(r approval.Request, making mrkdwn.Text) mrkdwn.Text {
	if r.Issuance.Stage != approval.StageRollingBack {
		return making
	}
	return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), rollbackStatus(r))
}

// lastAttemptError says why there is no key after a press: the request was put back.
func lastAttemptError(r approval.Request) mrkdwn.Text {
	switch r.Issuance.Cause {
	case approval.CauseNone:
		return ""
	case approval.CauseNotShown, approval.CauseInterrupted:
		return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), "If a key appeared, it no longer works: it takes another press.")
	}
	return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), "It takes another press.")
}

// endReason goes on from "the key is being deleted".
func endReason(r approval.Request) mrkdwn.Text {
	switch r.Outcome.Cause {
	case approval.CauseUnconfirmed:
		return mrkdwn.Textf(", because it was not confirmed by %s that it was saved", mrkdwn.Date(r.Outcome.At))
	case approval.CauseKeyExpired:
		return mrkdwn.Textf(", because its lifetime was over %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseDeletedExternally:
		return mrkdwn.Textf(", in Atlas itself, as I found %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseRevoked:
		return mrkdwn.Textf(", because %s revoked it %s", Mention(r.Outcome.By), mrkdwn.Date(r.Outcome.At))
	case approval.CauseKeyNotActive:
		return mrkdwn.Textf(", because the key before it is gone or has another owner, as I found %s", mrkdwn.Date(r.Outcome.At))
	case approval.CauseReplaced:
		return mrkdwn.Textf(", because its successor took over %s", mrkdwn.Date(r.Outcome.At))
	}
	return ""
}

func expiryReason(r approval.Request) mrkdwn.Text {
	switch r.Outcome.Cause {
	case approval.CauseUndecided:
		return "no approver decided in time."
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

// isDeletionOverdue reports whether a key should be gone and is known not to be.
func isDeletionOverdue(r approval.Request) bool {
	going := r.State == approval.StateRevoking || r.State == approval.StateIssuing && r.Issuance.Stage == approval.StageRollingBack || isReverting(r)
	return going && r.Deletion.Notified
}

// isChange reports whether r is about an active key of another request rather than
// about a key of its own.
func isChange(r approval.Request) bool {
	return r.Type == approval.Extension || r.Type == approval.AccessListChange
}

// changing tells how the making of an approved change goes.
func changing(r approval.Request) mrkdwn.Text {
	if isReverting(r) {
		return mrkdwn.JoinSentences("*The change couldn't be made*, so the access list goes back to what it was.", whyNotChanged(r.Issuance.Cause),
			"Until that's done, the key may work from the addresses of both lists. I tell you when it is.")
	}
	return mrkdwn.JoinSentences("The change is being made.", notYet(r.Issuance.Cause))
}

// notYet says why a change takes long.
func notYet(c approval.Cause) mrkdwn.Text {
	switch c {
	case approval.CauseNone:
		return ""
	case approval.CauseNoOrg:
		return mrkdwn.JoinSentences(noOrg, "I keep trying.")
	case approval.CauseInvalidCredential:
		return "Atlas doesn't accept this bot's own credential. The operator of this bot has to fix that. I keep trying."
	}
	return "Atlas does not answer, or asks to be left alone for a while; I keep trying."
}

// changed tells what is different, once it is. It is dated: another change may
// follow.
func changed(r approval.Request, whose mrkdwn.Text) mrkdwn.Text {
	if r.Type == approval.Extension {
		return mrkdwn.Textf(":white_check_mark: %s key of request %s now ends %s. (Changed %s.)", whose, r.ParentID, mrkdwn.Date(r.Change.NewEnd), mrkdwn.Date(r.Outcome.At))
	}
	return mrkdwn.Textf(":white_check_mark: %s key of request %s may now be used from %s. (Changed %s.)", whose, r.ParentID, mrkdwn.Truncate(namedAddresses(r.Access), mrkdwn.MaxFact), mrkdwn.Date(r.Outcome.At))
}

// isReverting reports whether a change of an access list is being taken back.
func isReverting(r approval.Request) bool {
	return r.State == approval.StateApplying && r.Issuance.Stage == approval.StageRollingBack
}

// revertOverdue tells of an access list that does not go back.
func revertOverdue(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(
		mrkdwn.Textf(":rotating_light: The key of request %s may work from more addresses than it should: its access list is to go back to %s, and that hasn't worked since %s.",
			r.ParentID, mrkdwn.Truncate(addresses(policy.Access{Networks: r.Change.OldNetworks}), mrkdwn.MaxFact), mrkdwn.Date(r.Deletion.Since)),
		"I keep trying. If it can't wait, revoke the key, or put the list right in Atlas.",
	)
}

// notChanged says why a change was given up, and what the key has now.
func notChanged(r approval.Request) mrkdwn.Text {
	switch {
	case r.Outcome.Cause == approval.CauseKeyNotActive && r.Type == approval.AccessListChange:
		return mrkdwn.Textf("The key of request %s was no longer active, or had another owner, so its access list wasn't changed.", r.ParentID)
	case r.Outcome.Cause == approval.CauseKeyNotActive:
		return mrkdwn.Textf("The key of request %s was no longer active, so there was nothing to change.", r.ParentID)
	}
	if r.Type != approval.AccessListChange {
		return whyNotChanged(r.Outcome.Cause)
	}
	return mrkdwn.JoinSentences(whyNotChanged(r.Outcome.Cause), mrkdwn.Textf("The key of request %s has the access list that it had before.", r.ParentID))
}

func whyNotChanged(c approval.Cause) mrkdwn.Text {
	switch c {
	case approval.CauseBadAddress:
		return "Atlas doesn't accept one of the addresses."
	case approval.CauseKeyNotActive:
		return "The key has another owner by now."
	case approval.CauseNotPermitted:
		return "Atlas does not allow this bot to do that; its operator has to look at that."
	case approval.CauseInvalidCredential:
		return "Atlas didn't accept this bot's own credential for an hour; the operator of this bot has to look at that."
	case approval.CauseSuspended:
		return "The Atlas organization is suspended or gone."
	case approval.CauseAtlasUnavailable, approval.CauseUnknown:
		return "Atlas gave no clear answer for an hour."
	}
	return "Atlas refused the change."
}

// unapproved says why no approval was needed for what happens.
func unapproved(r approval.Request) mrkdwn.Text {
	switch {
	case r.CarriesDecision && r.BreakGlassOf != "":
		return mrkdwn.Textf("No approval was needed: it takes over from the key of request %s, which was taken by break-glass, until the same end.", r.ParentID)
	case r.CarriesDecision:
		return mrkdwn.Textf("No approval was needed: it takes over from the key of request %s, with the access and until the end that were approved for that.", r.ParentID)
	case r.Type == approval.AccessListChange && r.Decision.By == "" && r.Decision.Rule == "" && !r.Decision.At.IsZero():
		return "No approval was needed: addresses are only removed."
	}
	return ""
}
