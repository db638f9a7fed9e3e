package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

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
		return "Atlas does not accept this bot's own credential; the operator of this bot has to look at that. I keep trying."
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
		return "Atlas does not take one of the addresses."
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
