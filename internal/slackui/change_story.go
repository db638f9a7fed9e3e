package slackui

import "atlaskeybot/internal/approval"

// isChange reports whether r is about a live key of another request rather than
// about a key of its own.
func isChange(r approval.Request) bool {
	return r.Purpose == approval.Extension || r.Purpose == approval.NewAddresses
}

// changing tells how the making of an approved change goes.
func changing(r approval.Request) mrkdwn {
	return sentences("The change is being made.", notYet(r.Mint.Cause))
}

// notYet says why a change takes long.
func notYet(c approval.Cause) mrkdwn {
	switch c {
	case approval.CauseNone:
		return ""
	case approval.CauseBadLogin:
		return "Atlas does not accept this bot's own credential; whoever runs the bot has to look at that. I keep trying."
	}
	return "Atlas does not answer, or asks to be left alone for a while; I keep trying."
}

// changed tells what is different, once it is. It is dated: another change may
// follow.
func changed(r approval.Request, whose mrkdwn) mrkdwn {
	if r.Purpose == approval.Extension {
		return say(":white_check_mark: %s key of request %s now ends %s. (Changed %s.)", whose, r.Of, when(r.Change.NewEnd), when(r.End.At))
	}
	return say(":white_check_mark: %s key of request %s may now be used from %s. (Changed %s.)", whose, r.Of, clip(namedAddresses(r.Access), maxFact), when(r.End.At))
}

// notChanged says why a change was given up. A list can be changed in part when
// Atlas refuses: it is changed entry by entry.
func notChanged(r approval.Request) mrkdwn {
	switch r.End.Cause {
	case approval.CauseKeyGone:
		return say("The key of request %s was no longer live, so there was nothing to change.", r.Of)
	case approval.CauseBadAddress:
		return say("Atlas does not take one of the addresses for the key of request %s.", r.Of)
	case approval.CauseNotPermitted:
		return "Atlas does not allow this bot to do that; whoever runs it has to look at that."
	case approval.CauseSuspended:
		return "The Atlas organization is suspended or gone."
	}
	return say("Atlas refused the change. A part of it may have been made: look at the key of request %s in Atlas.", r.Of)
}

// unapproved says why nobody decided on what happens all the same.
func unapproved(r approval.Request) mrkdwn {
	switch {
	case r.Purpose == approval.Rotation:
		return say("No approval was needed: it takes over from the key of request %s, with the access and until the end that were approved for that.", r.Of)
	case r.Purpose == approval.NewAddresses && r.Decision.By == "" && r.Decision.Rule == "" && !r.Decision.At.IsZero():
		return "No approval was needed: addresses are only removed."
	}
	return ""
}
