package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// The notices under the card tell its status once more, in the order in which it
// happened: users who follow the thread read each step without opening
// anything. Those that tell of an event are posted once and never changed, so
// each says only what stays true; see [approval.MessageName.IsEvent].

// what names a request to users who did not read its card. Of a key that was
// found in Atlas nothing but the id is known.
func what(r approval.Request) mrkdwn.Text {
	if r.Requester == "" {
		return mrkdwn.Textf("request %s", r.ID)
	}
	summary := mrkdwn.Text("")
	switch r.Type {
	case approval.Extension:
		summary = " to extend a key"
	case approval.AccessListChange:
		summary = " for a new IP access list"
	case approval.Rotation:
		if !r.CarriesDecision {
			summary = " to rotate a key"
		}
	}
	return mrkdwn.Textf("request %s%s (%s)", r.ID, summary, mrkdwn.Truncate(r.Access.Description, 100))
}

func (v Screens) whose(r approval.Request) mrkdwn.Text {
	if r.Requester == "" {
		return what(r) + v.inOrg(r)
	}
	return mrkdwn.Textf("%s of %s%s", what(r), Mention(requester(r)), v.inOrg(r))
}

// threadReply is a notice of one sentence, with a user's own words below.
func threadReply(said mrkdwn.Text, words string) mrkdwn.Message {
	if words == "" {
		return mrkdwn.NewMessage(said, mrkdwn.Section(said))
	}
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(said, mrkdwn.Textf("The reason: %s", words)), mrkdwn.Section(said), mrkdwn.Quote(words))
}

// DeniedNotice says who denied it, and why.
func (v Screens) DeniedNotice(r approval.Request) mrkdwn.Message {
	d := r.Decision
	if r.State != approval.StateDenied {
		return v.nothingLeft(r)
	}
	return threadReply(mrkdwn.Textf(":no_entry: Denied by %s: %s, %s.", Mention(d.By), v.whose(r), mrkdwn.Date(d.At)), d.Reason)
}

// approvalAddedNotice tells of the n-th approval, which was not the last.
func (v Screens) approvalAddedNotice(r approval.Request, n int) mrkdwn.Message {
	if n > len(r.Approvals) {
		return v.nothingLeft(r)
	}
	a, earlier := r.Approvals[n-1], approval.Request{Approvals: r.Approvals[:n-1]}
	counted := len(earlier.Counted()) + 1
	said := mrkdwn.Textf(":ballot_box_with_check: Approved by %s: %s, %s (%s of %s).", Mention(a.By), v.whose(r), mrkdwn.Date(a.At), counted, mrkdwn.BotText(mrkdwn.Count(max(needed(r), counted+1), "approval")))
	return threadReply(mrkdwn.JoinSentences(said, removedBy(a), notCounted(earlier.Approvals)), "")
}

// keyCreatedNotice says that the n-th key of r was made and shown: from the second on
// because the one before it was not seen.
func (v Screens) keyCreatedNotice(r approval.Request, n int) mrkdwn.Message {
	life := expires(r)
	if r.Type == approval.Rotation {
		life = mrkdwn.Textf("It replaces the key of %s.", r.ParentID)
	}
	made := mrkdwn.Textf(":key: The key%s of %s was shown only to %s %s.", KeyName(r), what(r), Mention(requester(r)), mrkdwn.Date(r.Confirmation.ShownAt))
	if n > 1 {
		life = mrkdwn.Textf("The previous one wasn't seen and is deleted. Expires %s.", mrkdwn.Date(r.KeyExpiresAt))
		made = mrkdwn.Textf(":key: Another key%s of %s was shown only to %s %s.", KeyName(r), what(r), Mention(requester(r)), mrkdwn.Date(r.Confirmation.ShownAt))
	}
	return threadReply(mrkdwn.JoinSentences(made, approvedBy(r), removedByApprover(r), life), "")
}

// ClosedNotice says how it ended.
func (v Screens) ClosedNotice(r approval.Request) mrkdwn.Message {
	switch r.State {
	case approval.StateEnded:
		note := ""
		if revokeReasonText(r) != "" {
			note = r.Outcome.Note
		}
		return threadReply(mrkdwn.Textf(":wastebasket: The key%s of %s was deleted%s.", KeyName(r), v.whose(r), endReason(r)), note)
	case approval.StateWithdrawn:
		if r.Outcome.Cause == approval.CauseDeclined {
			return threadReply(mrkdwn.Textf("%s declined the reduced access of %s, %s. No key is created.", Mention(r.Requester), what(r), mrkdwn.Date(r.Outcome.At)), "")
		}
		return threadReply(mrkdwn.Textf("%s withdrew %s, %s.", Mention(r.Requester), what(r), mrkdwn.Date(r.Outcome.At)), "")
	case approval.StateExpired:
		return threadReply(mrkdwn.Textf(":hourglass: Expired: %s, %s. The reason: %s", v.whose(r), mrkdwn.Date(r.Outcome.At), expiryReason(r)), "")
	case approval.StateApplied:
		return threadReply(mrkdwn.JoinSentences(changed(r), approvedBy(r)), "")
	}
	return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), statusForApprovers(r)), "")
}

func (v Screens) nothingLeft(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.Textf("Request %s", r.ID), "")
}

// ApproverReminderNotice mentions those whose approval is missing.
func (v Screens) ApproverReminderNotice(r approval.Request, n int) mrkdwn.Message {
	if r.State != approval.StatePending || n < r.ApproverReminders {
		return threadReply(mrkdwn.Textf("Reminder sent; decided since: %s.", what(r)), "")
	}
	sofar := mrkdwn.Text("*Still waiting for a decision* on")
	if n := len(r.Counted()); n > 0 {
		sofar = mrkdwn.Textf("*%s of %s so far* for", n, mrkdwn.BotText(mrkdwn.Count(max(needed(r), n+1), "approval")))
	}
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":hourglass_flowing_sand: %s %s, requested %s. Expires %s if nobody decides.", sofar, what(r), mrkdwn.Date(r.RequestedAt), mrkdwn.Date(r.ExpiresAt)),
		v.calling(r, approval.ApproverReminderNotice(n), "decide on the card above"),
	), "")
}

// NudgedNotice mentions those whose approval is missing.
func (v Screens) NudgedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":wave: %s still needs a decision on %s (reminded %s).", Mention(r.Requester), what(r), mrkdwn.Date(r.NudgedAt)),
		mrkdwn.Textf("Expires %s if nobody decides.", mrkdwn.Date(r.ExpiresAt)),
		v.calling(r, approval.NudgedNotice, "decide on the card above"),
	), "")
}

// EscalatedNotice calls the second group.
func (v Screens) EscalatedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":arrow_up: No decision yet on %s, so %s can approve as well since %s.", v.whose(r), people(r.EscalatedTo), mrkdwn.Date(r.EscalatedAt)),
		mrkdwn.Textf("One approval is enough for each that is missing. Decide on the card above; expires %s.", mrkdwn.Date(r.ExpiresAt)),
	), "")
}
