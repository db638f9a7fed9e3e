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
		summary = " for more time"
	case approval.AccessListChange:
		summary = " for other addresses"
	case approval.Rotation:
		if !r.CarriesDecision {
			summary = " for a rotation"
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
	return threadReply(mrkdwn.Textf(":no_entry: %s denied %s %s.", Mention(d.By), v.whose(r), mrkdwn.Date(d.At)), d.Reason)
}

// approvalAddedNotice tells of the n-th approval, which was not the last.
func (v Screens) approvalAddedNotice(r approval.Request, n int) mrkdwn.Message {
	if n > len(r.Approvals) {
		return v.nothingLeft(r)
	}
	a, earlier := r.Approvals[n-1], approval.Request{Approvals: r.Approvals[:n-1]}
	counted := len(earlier.Counted()) + 1
	said := mrkdwn.Textf(":ballot_box_with_check: %s approved %s %s: %s of %s.", Mention(a.By), v.whose(r), mrkdwn.Date(a.At), counted, mrkdwn.BotText(mrkdwn.Count(max(needed(r), counted+1), "approval")))
	return threadReply(mrkdwn.JoinSentences(said, removedBy(a, "was asked for"), notCounted(earlier.Approvals)), "")
}

// keyCreatedNotice says that the n-th key of r was made and shown: from the second on
// because the one before it was not seen.
func (v Screens) keyCreatedNotice(r approval.Request, n int) mrkdwn.Message {
	life := mrkdwn.Textf("It is valid for %s, unless something ends it before or approvers give it more time.", mrkdwn.BotText(mrkdwn.Duration(r.Access.Lifetime)))
	if r.Type == approval.Rotation {
		life = mrkdwn.Textf("It takes over from the key of request %s.", r.ParentID)
	}
	made := mrkdwn.Textf(":key: The key%s of %s was made and shown to %s alone %s.", KeyName(r), what(r), Mention(requester(r)), mrkdwn.Date(r.Confirmation.ShownAt))
	if n > 1 {
		life = mrkdwn.Textf("The one before it was not seen and is deleted. It is valid until %s, unless something ends it before or approvers give it more time.", mrkdwn.Date(r.KeyExpiresAt))
		made = mrkdwn.Textf(":key: Another key%s of %s was made and shown to %s alone %s.", KeyName(r), what(r), Mention(requester(r)), mrkdwn.Date(r.Confirmation.ShownAt))
	}
	return threadReply(mrkdwn.JoinSentences(made, approvedBy(r), removedByApprover(r, "was asked for"), life), "")
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
			return threadReply(mrkdwn.Textf("%s declined what was approved of %s %s. No key is made.", Mention(r.Requester), what(r), mrkdwn.Date(r.Outcome.At)), "")
		}
		return threadReply(mrkdwn.Textf("%s took %s back %s.", Mention(r.Requester), what(r), mrkdwn.Date(r.Outcome.At)), "")
	case approval.StateExpired:
		return threadReply(mrkdwn.Textf(":hourglass: The time of %s was over %s: %s", v.whose(r), mrkdwn.Date(r.Outcome.At), expiryReason(r)), "")
	case approval.StateApplied:
		return threadReply(mrkdwn.JoinSentences(changed(r, "The"), mrkdwn.Textf("That was request %s of %s.", r.ID, Mention(requester(r))), approvedBy(r)), "")
	}
	return threadReply(mrkdwn.JoinSentences(mrkdwn.Textf("Request %s:", r.ID), statusForApprovers(r)), "")
}

func (v Screens) nothingLeft(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.Textf("Request %s", r.ID), "")
}

// ApproverReminderNotice mentions those whose approval is missing.
func (v Screens) ApproverReminderNotice(r approval.Request, n int) mrkdwn.Message {
	if r.State != approval.StatePending || n < r.ApproverReminders {
		return threadReply(mrkdwn.Textf("This was brought up while it waited: %s.", what(r)), "")
	}
	sofar := mrkdwn.Text("*Still waiting for a decision* on")
	if n := len(r.Counted()); n > 0 {
		sofar = mrkdwn.Textf("*%s of %s so far* for", n, mrkdwn.BotText(mrkdwn.Count(max(needed(r), n+1), "approval")))
	}
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":hourglass_flowing_sand: %s %s, which has waited since %s. Without a decision it expires %s.", sofar, what(r), mrkdwn.Date(r.RequestedAt), mrkdwn.Date(r.ExpiresAt)),
		v.calling(r, approval.ApproverReminderNotice(n), "decide on the card above"),
	), "")
}

// NudgedNotice mentions those whose approval is missing.
func (v Screens) NudgedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":wave: %s asked once more for a decision on %s, %s.", Mention(r.Requester), what(r), mrkdwn.Date(r.NudgedAt)),
		mrkdwn.Textf("It was asked for %s, and expires %s unless it is decided or withdrawn before.", mrkdwn.Date(r.RequestedAt), mrkdwn.Date(r.ExpiresAt)),
		v.calling(r, approval.NudgedNotice, "decide on the card above"),
	), "")
}

// EscalatedNotice calls the second group.
func (v Screens) EscalatedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Textf(":arrow_up: There was no decision on %s by %s, so it went to %s as well.", v.whose(r), mrkdwn.Date(r.EscalatedAt), people(r.EscalatedTo)),
		mrkdwn.Textf("Any of you can decide until one of you has: each counts for an approval that is missing. It expires %s unless it is decided or withdrawn before. The buttons are on the card above.", mrkdwn.Date(r.ExpiresAt)),
	), "")
}
