package view

import (
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// RolledBackForOwner answers an action on a key that was created and is not handed
// over: its owner may hold it.
func RolledBackForOwner(r approval.Request) mrkdwn.Text {
	return mrkdwn.JoinSentences(whyNotMade(r.Issuance.Cause), rollbackStatus(r), "The message about the key will say when you can create another.")
}

// What owner and approvers read of keys that should not be there: one that may
// have been made and cannot be looked for, and one that came back after its
// deletion. Like every message that is no event, it is drawn again when that is
// over.

// unresolved says to the owner that there may be a key.
func (v Screens) unresolved(r approval.Request) mrkdwn.Message {
	status := v.unresolvedStatus(r)
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), mrkdwn.Footnote(mrkdwn.Textf("Request %s", r.ID)))
}

// unresolvedNotice says it to the approvers, with where to look.
func (v Screens) unresolvedNotice(r approval.Request) mrkdwn.Message {
	status := v.unresolvedStatus(r)
	if isUnresolved(r) {
		status = mrkdwn.JoinSentences(status, mrkdwn.Textf("Its description in Atlas contains %s.", mrkdwn.Code(string(r.ID))))
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status))
}

// isUnresolved reports whether people know that there may be a key.
func isUnresolved(r approval.Request) bool {
	return slices.ContainsFunc(r.UnresolvedCreates, func(d approval.UnresolvedCreate) bool { return d.Notified })
}

func (v Screens) unresolvedStatus(r approval.Request) mrkdwn.Text {
	if !isUnresolved(r) {
		return mrkdwn.Textf("Request %s left no extra key in Atlas.", r.ID)
	}
	why := mrkdwn.Text("Atlas doesn't answer me, or refuses to.")
	if _, err := v.Orgs.Find(r.Org); err != nil {
		why = noOrg
	}
	return mrkdwn.JoinSentences(
		mrkdwn.Textf(":warning: There may be a key of request %s in Atlas that I can't look for: Atlas never said whether it was created.", r.ID), why,
		"Its private key wasn't shown. I keep trying, and delete it when I find it.",
	)
}

// noOrg says why nothing can be done in an organization.
const noOrg mrkdwn.Text = "This bot isn't set up for that Atlas organization any more; the operator of this bot has to fix that."

// leftover says to the owner that a key came back.
func (v Screens) leftover(r approval.Request) mrkdwn.Message {
	status := leftoverStatus(r)
	if r.Leftover.IsOpen() {
		status = mrkdwn.JoinSentences(status, "The approvers know.")
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status), mrkdwn.Footnote(mrkdwn.Textf("Request %s", r.ID)))
}

// leftoverNotice says it to the approvers, with what they can do.
func (v Screens) leftoverNotice(r approval.Request) mrkdwn.Message {
	status := leftoverStatus(r)
	if r.Leftover.IsOpen() {
		status = mrkdwn.JoinSentences(status, "If it can't wait, an Organization Owner can delete it in Atlas. Ask MongoDB's support why it came back.")
	}
	return mrkdwn.NewMessage(status, mrkdwn.Section(status))
}

func leftoverStatus(r approval.Request) mrkdwn.Text {
	key := mrkdwn.Code(r.Leftover.Key.PublicKey)
	if !r.Leftover.IsOpen() {
		return mrkdwn.Textf("The key %s of request %s is gone now.", key, r.ID)
	}
	return mrkdwn.Textf(":rotating_light: Atlas deleted the key %s of request %s, and lists it again. Assume that it works. I found it %s and keep deleting it.", key, r.ID, mrkdwn.Date(r.Leftover.Since))
}

// stillListed goes on from "the key was deleted" if it came back.
func stillListed(r approval.Request) mrkdwn.Text {
	if !r.Leftover.IsOpen() || r.Leftover.Key.ID != r.Key.ID {
		return ""
	}
	return ":rotating_light: *Atlas lists it again:* assume that it works. I keep deleting it."
}

// rollbackStatus says what is so of a key that was made and is not handed over, until it
// is gone.
func rollbackStatus(r approval.Request) mrkdwn.Text {
	key := "The key" + KeyName(r) + " "
	switch {
	case r.Key.ID == "":
		return "I make sure that no key is left."
	case mayHaveBeenShown(r.Issuance.Cause):
		key += "is being deleted. If it was shown, don't use it."
	default:
		key += "wasn't shown and is being deleted."
	}
	return mrkdwn.JoinSentences(key, notDeletedYet(r))
}

// notDeletedYet says why a deletion takes long.
func notDeletedYet(r approval.Request) mrkdwn.Text {
	if r.Deletion.Tries == 0 {
		return ""
	}
	return mrkdwn.JoinSentences("Deleting it hasn't worked yet.", whyNotDeleted(r), "I keep trying.")
}

// mayHaveBeenShown reports whether a key can be on a screen although it
// was not handed over, for that reason.
func mayHaveBeenShown(why approval.Cause) bool {
	return why == approval.CauseNotShown || why == approval.CauseInterrupted
}

// deleting are the buttons of a key whose deletion takes long.
func deleting(r approval.Request) []*slack.ButtonBlockElement {
	if !r.IsDeleting() || r.Deletion.Tries == 0 {
		return nil
	}
	return []*slack.ButtonBlockElement{button(ActionRetry, r, "Try again now", "")}
}
