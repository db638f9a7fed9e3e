package slackui

import (
	"atlaskeybot/internal/approval"
)

// A story is where a request stands, in one or two sentences. It never says
// that something is so before it is: a key "is being made" and "is being
// deleted" until Atlas has said that it is done.

// approversStory tells it to the approvers: who decided, then what came of it.
func approversStory(r approval.Request) mrkdwn {
	switch r.State {
	case approval.Pending:
		return joinedBy("\n", approvedSoFar(r), leftOut(r, "was asked for"),
			say("*Waits for %s.* Without a decision it lapses %s.", awaitedByAll(r), when(r.LapsesAt)), urged(r))
	case approval.Denied:
		return say(":no_entry: *Denied* by %s %s.", mention(r.Decision.By), when(r.Decision.At))
	}
	return sentences(unapproved(r), approvedBy(r), leftOut(r, "was asked for"), review(r), afterDecision(r), handedOver(r))
}

func afterDecision(r approval.Request) mrkdwn {
	switch r.State {
	case approval.Approved:
		return sentences(lastTry(r), say("%s can create the key until %s.", mention(r.Requester), when(r.LapsesAt)))
	case approval.Minting:
		return makingOrUndoing(r, "The key is being made.")
	case approval.Delivered:
		return say("The key%s was shown to %s %s, who has yet to say that it is saved. It ends %s.", keyName(r), mention(r.Requester), when(r.Custody.ShownAt), when(r.EndsAt))
	case approval.Active:
		return sentences(say("%s has the key%s. It ends %s.", mention(r.Requester), keyName(r), when(r.EndsAt)), byUse(r, "It was seen in use."), successor(r))
	case approval.Revoking:
		return say("*The key%s is being deleted%s.*", keyName(r), because(r))
	case approval.Withdrawn:
		return withdrawal(r)
	case approval.Expired:
		return say("*Lapsed* %s: %s", when(r.End.At), whyLapsed(r))
	case approval.Applying:
		return changing(r)
	case approval.Done:
		return changed(r, "The")
	case approval.Failed:
		if isChange(r) {
			return sentences("*The change was given up.*", notChanged(r), reference(r.End.Code))
		}
		return sentences("*There is no key.*", whyNotMade(r.End.Cause), reference(r.End.Code))
	case approval.Ended:
		return sentences(say("*The key%s was deleted%s.*", keyName(r), because(r)), stillListed(r))
	}
	return say("State: %s.", r.State)
}

// ownersStory tells it to whoever asked.
func ownersStory(r approval.Request) mrkdwn {
	switch r.State {
	case approval.Pending:
		return sentences(approvedSoFar(r), say("It waits for %s. Without a decision it lapses %s.", awaited(r), when(r.LapsesAt)))
	case approval.Approved:
		return sentences(lastTry(r), unapproved(r), approvedBy(r), leftOut(r, "you asked for"), say("Press *Create my key* when you are ready to save it, by %s: the private key is shown once, here, to you alone.", when(r.LapsesAt)), mayDecline(r), leavesBehind(r))
	case approval.Minting:
		return sentences(makingOrUndoing(r, "Your key is being made. It appears in this conversation, visible to you alone; stay here for a moment."), yourEmergency(r))
	case approval.Delivered:
		return sentences(say("Your key%s was shown here %s. Tell me by %s that you saved it, or I delete it: a key that nobody holds must not stay. It ends %s.", keyName(r), when(r.Custody.ShownAt), when(r.Custody.ConfirmBy), when(r.EndsAt)), leavesBehind(r), yourEmergency(r))
	case approval.Active:
		return sentences(say("You have the key%s. It ends %s and is deleted then.", keyName(r), when(r.EndsAt)), byUse(r, "It was seen in use, so I take it that you saved it."), successor(r), leavesBehind(r), yourEmergency(r))
	case approval.Revoking:
		return sentences(say("Your key%s is being deleted%s.", keyName(r), because(r)), notDeletedYet(r))
	case approval.Denied:
		return say("%s denied your request %s.", mention(r.Decision.By), when(r.Decision.At))
	case approval.Withdrawn:
		if r.End.Cause == approval.CauseDeclined {
			return sentences(leftOut(r, "you asked for"), say("You declined that %s, so no key was made.", when(r.End.At)))
		}
		return say("You took this request back %s.", when(r.End.At))
	case approval.Expired:
		return say("Your request lapsed %s: %s", when(r.End.At), whyLapsed(r))
	case approval.Applying:
		return sentences(unapproved(r), approvedBy(r), changing(r))
	case approval.Done:
		return changed(r, "Your")
	case approval.Failed:
		if isChange(r) {
			return sentences("The change you asked for was given up.", notChanged(r), reference(r.End.Code))
		}
		return sentences("There is no key.", whyNotMade(r.End.Cause), wayOn(r), reference(r.End.Code))
	case approval.Ended:
		return sentences(say("Your key%s was deleted%s.", keyName(r), because(r)), stillListed(r))
	}
	return say("State: %s.", r.State)
}

func withdrawal(r approval.Request) mrkdwn {
	if r.End.Cause == approval.CauseDeclined {
		return say("*Declined* by %s %s, who did not want what was approved.", mention(r.Requester), when(r.End.At))
	}
	return say("*Withdrawn* by %s %s.", mention(r.Requester), when(r.End.At))
}

func mayDecline(r approval.Request) mrkdwn {
	if !isLess(r) {
		return ""
	}
	return "If that is no use to you, press *Decline*."
}

// handedOver says whose the key was before.
func handedOver(r approval.Request) mrkdwn {
	if len(r.Transfers) == 0 {
		return ""
	}
	last := r.Transfers[len(r.Transfers)-1]
	return say("%s handed it from %s to %s %s.", mention(last.By), mention(last.From), mention(last.To), when(last.At))
}

// keyName is the key's public half with a space before it, if there is one.
func keyName(r approval.Request) mrkdwn {
	if r.Key.PublicKey == "" {
		return ""
	}
	return say(" %s", r.Key.PublicKey)
}

// successor names the request that was opened last to take over from r.
func successor(r approval.Request) mrkdwn {
	if r.Successor == "" {
		return ""
	}
	return say("Request %s was opened to take over from it.", r.Successor)
}

func byUse(r approval.Request, said mrkdwn) mrkdwn {
	if !r.Custody.ByUse {
		return ""
	}
	return said
}

func makingOrUndoing(r approval.Request, making mrkdwn) mrkdwn {
	if r.Mint.Stage != approval.Undoing {
		return making
	}
	return sentences(whyNotMade(r.Mint.Cause), undoingStory(r))
}

// lastTry says why there is no key after a press: the request was put back.
func lastTry(r approval.Request) mrkdwn {
	switch r.Mint.Cause {
	case approval.CauseNone:
		return ""
	case approval.CauseNotShown, approval.CauseInterrupted:
		return sentences(whyNotMade(r.Mint.Cause), "If a key appeared, it no longer works: it takes another press.")
	}
	return sentences(whyNotMade(r.Mint.Cause), "It takes another press.")
}

// because goes on from "the key is being deleted".
func because(r approval.Request) mrkdwn {
	switch r.End.Cause {
	case approval.CauseUnconfirmed:
		return say(", because nobody had said by %s that it was saved", when(r.End.At))
	case approval.CauseEndDate:
		return say(", because its lifetime was over %s", when(r.End.At))
	case approval.CauseVanished:
		return say(", by somebody in Atlas, as I found %s", when(r.End.At))
	case approval.CauseRevoked:
		return say(", because %s revoked it %s", mention(r.End.By), when(r.End.At))
	case approval.CauseKeyGone:
		return say(", because the key before it is gone or has another owner, as I found %s", when(r.End.At))
	case approval.CauseReplaced:
		return say(", because its successor took over %s", when(r.End.At))
	}
	return ""
}

func whyLapsed(r approval.Request) mrkdwn {
	switch r.End.Cause {
	case approval.CauseUndecided:
		return "nobody decided in time."
	case approval.CauseUncollected:
		if r.Purpose == approval.Rotation {
			return "the key was not created in time."
		}
		return "it was approved, but the key was not created in time."
	case approval.CauseKeyGone:
		return "the key that it was to take over from is gone, or has another owner."
	case approval.CauseEndDate:
		return "the end date of the access came."
	}
	return "its time was over."
}

// isStuck reports whether a key should be gone and is known not to be.
func isStuck(r approval.Request) bool {
	going := r.State == approval.Revoking || r.State == approval.Minting && r.Mint.Stage == approval.Undoing || isGoingBack(r)
	return going && r.Removal.Told
}
