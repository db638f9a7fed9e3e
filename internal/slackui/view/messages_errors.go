package view

import (
	"errors"
	"fmt"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/pace"
)

// notChecked says that a user could not be looked up.
func notChecked(err error) mrkdwn.Text {
	if wait := pace.AskedToWait(err); wait > 0 {
		return mrkdwn.Textf("Slack wants me to wait before I look up who you are, so nothing was changed. Try again in %s.", mrkdwn.BotText(mrkdwn.Duration(pace.Readable(wait))))
	}
	return "Slack didn't tell me in time who you are, so nothing was changed. Try again in a minute."
}

// MessagesTabOff tells a user why they got no message.
const MessagesTabOff mrkdwn.Text = ":warning: I can't write to you: the *Messages* tab of this app is off. Ask the operator of this bot to turn it on; then what I have to say, and the button *Create my key*, appear there by themselves."

// The sentences said to people. The rules: one sentence for what is, one for the
// way on; no blame, no jargon, no text of an error. The bot is "I"; the user who
// reads is "you". A code of Atlas is quoted only as a reference to pass on.

// What is said of Atlas and this bot in many places.
const (
	keepTrying        mrkdwn.Text = "I keep trying."
	noAnswer          mrkdwn.Text = "Atlas isn't responding or is rate limiting."
	credentialRefused mrkdwn.Text = "Atlas doesn't accept this bot's own credential; the operator of this bot has to fix that."
)

// whyNotMade says why there is no key, for every cause of that.
func whyNotMade(c approval.Cause) mrkdwn.Text {
	switch c {
	case approval.CauseInterrupted:
		return "I was interrupted while creating the key."
	case approval.CauseNotShown:
		return "Slack didn't confirm delivery of the key."
	case approval.CauseAtlasUnavailable:
		return "Atlas didn't respond, or was rate limiting."
	case approval.CauseUnknown:
		return "Atlas didn't say whether it created the key. If it did, I'll delete it."
	case approval.CauseAccessMismatch:
		return "Atlas created something other than what was approved, so I didn't give it to you."
	case approval.CauseInvalidCredential:
		return "Atlas doesn't accept this bot's own credential. The operator of this bot has to fix that."
	case approval.CauseNotPermitted:
		return "Atlas doesn't allow this bot to do that."
	case approval.CauseNoOrg:
		return noOrg
	case approval.CauseKeyLimit:
		return "The Atlas organization has reached its limit of API keys."
	case approval.CauseBadAddress:
		return "Atlas doesn't accept one of the addresses."
	case approval.CauseBadRole:
		return "Atlas doesn't accept one of the roles."
	case approval.CauseBadProject:
		return "One of the projects doesn't exist any more, or this bot can't access it."
	case approval.CauseSuspended:
		return "The Atlas organization is suspended or gone."
	case approval.CauseKeyNotActive:
		return "The key that it was to replace is gone, or has another owner."
	}
	return "Atlas refused to create the key."
}

// whyNotDeleted says why a key that should be gone is still there.
func whyNotDeleted(r approval.Request) mrkdwn.Text {
	switch r.Deletion.Cause {
	case approval.CauseNoOrg:
		return noOrg
	case approval.CauseAtlasUnavailable, approval.CauseUnknown:
		return "Atlas isn't responding or is rate limiting."
	case approval.CauseInvalidCredential:
		return "Atlas doesn't accept this bot's own credential. The operator of this bot has to fix that."
	case approval.CauseNotPermitted:
		return "Atlas doesn't allow this bot to delete it."
	}
	return mrkdwn.JoinSentences("Atlas refuses to delete it.", reference(r.Deletion.Code))
}

// nextStep says what the requester can do after that.
func nextStep(r approval.Request) mrkdwn.Text {
	if r.Type == approval.Rotation && r.Outcome.Cause == approval.CauseKeyNotActive {
		return "If you still need a key, request a new one with the slash command."
	}
	if r.Type == approval.Rotation {
		return mrkdwn.Textf("The key of request %s is unchanged. You can rotate it again, or request a new key.", r.ParentID)
	}
	switch r.Outcome.Cause {
	case approval.CauseKeyLimit:
		return "Ask an Organization Owner to delete keys that aren't needed, then request again."
	case approval.CauseBadAddress:
		return "Check the addresses, then press *Request again*."
	case approval.CauseBadRole:
		return "Press *Request again* and choose other roles."
	case approval.CauseBadProject:
		return "Check the projects, then press *Request again*."
	case approval.CauseInvalidCredential:
		return "Request again once it's fixed."
	}
	return "The operator of this bot has to look at it. Request again once they have."
}

// requestLine names a request by its id and description.
func requestLine(r approval.Request) mrkdwn.Text {
	return mrkdwn.Textf("Request %s: %s", r.ID, r.Access.Description)
}

// reference quotes Atlas's own word for a refusal.
func reference(code string) mrkdwn.Text {
	if code == "" {
		return ""
	}
	return mrkdwn.Textf("(Reference: %s)", mrkdwn.Truncate(code, 80))
}

// UserError is what a user is told whose action changed nothing. r is the
// request as it is, or zero if none was read.
func UserError(err error, r approval.Request) mrkdwn.Text {
	if limit, ok := overLimit(err); ok {
		return mrkdwn.Textf("%s Nothing was changed.", mrkdwn.BotText(fmt.Sprint(ProblemText(limit))))
	}
	if role, ok := errors.AsType[*policy.RoleError](err); ok {
		return roleRefusal(role)
	}
	for _, w := range UserErrors {
		switch {
		case !errors.Is(err, w.Err):
		case w.about != nil && r.ID != "":
			return w.about(r)
		case w.why != nil:
			return w.why(err)
		default:
			return w.said
		}
	}
	switch {
	case errors.Is(err, approval.ErrNotAllowed):
		return AlreadyDone(r)
	case errors.Is(err, service.ErrNoProjects):
		return "Atlas isn't listing its projects just now, so nothing was changed. Try again in a minute, or without projects."
	case errors.Is(err, approval.ErrRotationUnderway):
		return mrkdwn.Textf("This key is already being replaced by %s. See its message here.", r.Successor)
	case r.ID != "":
		return mrkdwn.Textf("That didn't work and nothing was changed. Try again in a minute. If it keeps failing, tell the operator of this bot and quote %s.", r.ID)
	}
	return "That didn't work and nothing was changed. Try again in a minute. If it keeps failing, tell the operator of this bot."
}

// NotYourKey is said of a key that only its owner and approvers can end.
const NotYourKey mrkdwn.Text = "Only approvers and the owner of a key can revoke it. Nothing was changed."

// UserErrors are in the order in which they are looked for: an error can be two of
// them. What is said about a request is said if there is one.
var UserErrors = []struct {
	Err   error
	said  mrkdwn.Text
	about func(approval.Request) mrkdwn.Text
	why   func(error) mrkdwn.Text // in place of said, if what is said depends on the error
}{
	{Err: service.ErrNotEligible, said: "Only an active full member of this workspace can own a key. Nothing was changed. Choose another person."},
	{Err: policy.ErrOwnRequest, said: "This is your own request, so another approver has to decide. Nothing was changed."},
	{Err: policy.ErrNotApprover, said: "Only approvers can decide on this. Nothing was changed."},
	{Err: approval.ErrNotOwner, said: "Only the requester can do that. Nothing was changed. To request a key of your own, use the slash command."},
	{Err: approval.ErrGuest, said: "Guests can't use this bot. Ask a full member of this workspace to request the key."},
	{Err: approval.ErrDeactivated, said: "Your Slack account is deactivated, so nothing was changed. Ask an administrator of the workspace."},
	{Err: approval.ErrBot, said: "Only people can use this bot. Nothing was changed."},
	{Err: approval.ErrExternal, said: "Only members of this workspace can use this bot. Ask a member whom you work with."},
	{Err: policy.ErrCannotCheck, why: notChecked},
	{Err: approval.ErrNotFound, said: "I can't find that request, so nothing was changed. The slash command with “list” shows your requests."},
	{Err: approval.ErrConflict, said: "This request is being changed right now. Nothing was changed. Try again in a moment."},
	{Err: service.ErrAlreadyApproved, said: "You approved this already, and it needs others as well. Nothing was changed.", about: alreadyApproved},
	{Err: service.ErrNotNeeded, said: "This needs the approval of other people. Nothing was changed.", about: notNeeded},
	{Err: approval.ErrAlreadyNudged, said: "You already reminded the approvers. Nothing was changed.", about: alreadyNudged},
	{Err: approval.ErrAlreadyReviewed, said: "This is already reviewed. Nothing was changed.", about: AlreadyReviewed},
	{Err: service.ErrTooManyForForm, said: "There are too many addresses for a form, so they can't be changed here. Approve the request as it is, or deny it and say why."},
	{Err: service.ErrOwnerActive, said: "The owner of this key is active, so it stays theirs. Nothing was changed.", about: ownedAgain},
	{Err: service.ErrBreakGlassNotAllowed, said: "You're not on the emergency list. Use the slash command and put the urgency in the reason."},
	{Err: approval.ErrPredecessorNotActive, said: "The key that this one would replace is gone, or has another owner, so no key was created. Request a new one with the slash command."},
	{Err: approval.ErrPredecessorRevoked, said: "The key that this one takes over from was revoked, so this one is deleted too. If you still need a key, request a new one with the slash command."},
	{Err: service.ErrToSelf, said: "You can't transfer a key to yourself. Nothing was changed. Choose another person."},
	{Err: policy.ErrBreakGlassEnds, said: "Emergency keys can't be extended. Nothing was changed. Request a new key with the slash command."},
	{Err: policy.ErrRoleNotOffered, said: "A role of this key can't be requested here any more. Nothing was changed. Request a new key with the slash command."},
	{Err: policy.ErrRoleNotTheirs, said: "The owner of this key may not request one of its roles. Nothing was changed. Request a new key with the slash command."},
	{Err: policy.ErrOutlivesRole, said: "A role of this key doesn't allow such a late expiry. Nothing was changed. Request a new key with the slash command."},
	{Err: service.ErrMisplaced, said: "This button is out of date, so nothing was changed. Use the newest message about this request."},
	{Err: service.ErrNothingOffered, said: "The policy doesn't let you request any key. The operator of this bot can say why."},
	{Err: policy.ErrNoOrg, said: "I don't manage that Atlas organization (any more). Nothing was changed. The operator of this bot can say why."},
}

// overLimit is the first limit of one person that a request would pass.
func overLimit(err error) (policy.Problem, bool) {
	mistakes, ok := errors.AsType[*policy.FormError](err)
	if !ok || len(mistakes.Problems) == 0 {
		return policy.Problem{}, false
	}
	return mistakes.Problems[0], true
}

// roleRefusal says to the owner of a key which of its roles refuses a change.
func roleRefusal(e *policy.RoleError) mrkdwn.Text {
	role := mrkdwn.BotText(Titles([]policy.Role{e.Role}))
	switch {
	case errors.Is(e, policy.ErrRoleNotOffered):
		return mrkdwn.Textf("The role %s of this key can't be requested here any more. Nothing was changed. You can remove addresses or revoke the key, or request a new one.", role)
	case errors.Is(e, policy.ErrRoleNotTheirs):
		return mrkdwn.Textf("You may not request the role %s of this key. Nothing was changed. Request a new key with other roles.", role)
	}
	return mrkdwn.Textf("Keys with the role %s last %s at most, including extensions and rotations. Nothing was changed. Request a new key with the slash command.", role, mrkdwn.BotText(mrkdwn.Duration(e.Most)))
}

// AlreadyDone says what came before a click that was possible when its button was
// drawn.
func AlreadyDone(r approval.Request) mrkdwn.Text {
	switch r.State {
	case approval.StatePending:
		return mrkdwn.Textf("This request still waits for an approver, so that is not possible yet. It expires %s.", mrkdwn.Date(r.ExpiresAt))
	case approval.StateDenied:
		return mrkdwn.Textf("%s was faster and denied it %s. Nothing else was changed.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
	case approval.StateWithdrawn:
		return mrkdwn.Textf("%s took this request back %s, so there is nothing to do any more.", Mention(r.Requester), mrkdwn.Date(r.Outcome.At))
	case approval.StateExpired:
		return mrkdwn.Textf("This request expired %s: %s Ask again with the slash command, in any channel.", mrkdwn.Date(r.Outcome.At), expiryReason(r))
	case approval.StateApplying:
		if isReverting(r) {
			return changing(r)
		}
		return "This change is approved and is being made. There is nothing else to do."
	case approval.StateApplied:
		return mrkdwn.Textf("This change was made %s. There is nothing else to do.", mrkdwn.Date(r.Outcome.At))
	case approval.StateFailed:
		if isChange(r) {
			return mrkdwn.JoinSentences("This change was given up.", notChanged(r))
		}
		return mrkdwn.JoinSentences("No key could be made for this request.", whyNotMade(r.Outcome.Cause), "Ask again with the slash command, in any channel.")
	case approval.StateRevoking:
		if r.Deletion.Tries > 0 {
			return mrkdwn.JoinSentences(mrkdwn.Textf("The key%s is being deleted%s.", KeyName(r), endReason(r)), notDeletedYet(r))
		}
		return mrkdwn.Textf("The key%s is being deleted%s. There is nothing else to do.", KeyName(r), endReason(r))
	case approval.StateEnded:
		return mrkdwn.Textf("The key%s was deleted%s. Ask for a new one with the slash command, in any channel.", KeyName(r), endReason(r))
	}
	return "That is not possible at the moment, and nothing was changed. The messages about this request show what is."
}

// AlreadyDecided is [AlreadyDone] for an approver: another one was faster.
func AlreadyDecided(r approval.Request, who policy.UserID) mrkdwn.Text {
	switch {
	case r.Decision.By == "":
		return AlreadyDone(r)
	case r.Decision.By == who:
		return mrkdwn.Textf("You already decided on this %s.", mrkdwn.Date(r.Decision.At))
	case r.State == approval.StateDenied:
		return AlreadyDone(r)
	case slices.ContainsFunc(r.Approvals, func(a approval.Approval) bool { return a.By == who }):
		return mrkdwn.Textf("You already approved this, and %s gave the last approval %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
	}
	return mrkdwn.Textf("%s already approved this %s.", Mention(r.Decision.By), mrkdwn.Date(r.Decision.At))
}

// AlreadyDoneForOwner is [AlreadyDone] for the requester, for states in which there is
// something to do but not that.
func AlreadyDoneForOwner(r approval.Request) mrkdwn.Text {
	switch r.State {
	case approval.StateApproved:
		return mrkdwn.Textf("There's no key right now. Press *%s* in the message about this request by %s.", issueLabel(r), mrkdwn.Date(r.ExpiresAt))
	case approval.StateIssuing:
		if r.Issuance.Stage == approval.StageRollingBack {
			return RolledBackForOwner(r)
		}
		return "The key is already being created. It appears here in a moment."
	case approval.StateDelivered:
		return mrkdwn.Textf("The key%[1]s was shown already. Say in the message about it by %[2]s whether you saved it or did not see it.", KeyName(r), mrkdwn.Date(r.Confirmation.ConfirmBy))
	case approval.StateActive:
		return mrkdwn.Textf("You already have the key%s. It expires %s. If you lost the private key, rotate it.", KeyName(r), mrkdwn.Date(r.KeyExpiresAt))
	}
	return AlreadyDone(r)
}
