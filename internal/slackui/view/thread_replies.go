package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// The notices under the card tell its story once more, in the order in which it
// happened: whoever follows the thread reads each step without opening
// anything. Those that tell of an event are posted once and never changed, so
// each says only what stays true; see [approval.MessageName.IsEvent].

// what names a request to whoever did not read its card. Of a key that was
// found in Atlas nothing but the id is known.
func what(r approval.Request) mrkdwn.Mrkdwn {
	if r.Requester == "" {
		return mrkdwn.Mrkdwnf("request %s", r.ID)
	}
	wish := mrkdwn.Mrkdwn("")
	switch r.Type {
	case approval.Extension:
		wish = " for more time"
	case approval.AccessListChange:
		wish = " for other addresses"
	case approval.Rotation:
		if !r.CarriesDecision {
			wish = " for a rotation"
		}
	}
	return mrkdwn.Mrkdwnf("request %s%s (%s)", r.ID, wish, mrkdwn.Truncate(r.Access.Description, 100))
}

func (v Screens) whose(r approval.Request) mrkdwn.Mrkdwn {
	if r.Requester == "" {
		return what(r) + v.inOrg(r)
	}
	return mrkdwn.Mrkdwnf("%s of %s%s", what(r), Mention(asker(r)), v.inOrg(r))
}

// threadReply is a notice of one sentence, with somebody's own words below.
func threadReply(said mrkdwn.Mrkdwn, words string) mrkdwn.Message {
	if words == "" {
		return mrkdwn.NewMessage(said, mrkdwn.Section(said))
	}
	return mrkdwn.NewMessage(mrkdwn.JoinSentences(said, mrkdwn.Mrkdwnf("The reason: %s", words)), mrkdwn.Section(said), mrkdwn.Quote(words))
}

// decidedNotice says who decided, and what.
func (v Screens) DecidedNotice(r approval.Request) mrkdwn.Message {
	d := r.Decision
	switch {
	case r.State == approval.StateDenied:
		return threadReply(mrkdwn.Mrkdwnf(":no_entry: %s denied %s %s.", Mention(d.By), v.whose(r), mrkdwn.SlackDate(d.At)), d.Reason)
	case d.Rule != "":
		return threadReply(mrkdwn.Mrkdwnf(":white_check_mark: The rule %s approved %s %s: nobody had to.", mrkdwn.Truncate(d.Rule, maxName), v.whose(r), mrkdwn.SlackDate(d.At)), "")
	case d.By == "":
		return threadReply(mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("%s sent %s%s %s.", Mention(asker(r)), what(r), v.inOrg(r), mrkdwn.SlackDate(d.At)), unapproved(r)), "")
	}
	said := mrkdwn.Mrkdwnf(":white_check_mark: %s approved %s %s", Mention(d.By), v.whose(r), mrkdwn.SlackDate(d.At))
	n := len(r.Counted())
	if n > 1 {
		said += mrkdwn.Mrkdwnf(": the last of %s", mrkdwn.BotText(mrkdwn.Count(n, "approval")))
	}
	said += "."
	for _, a := range r.Approvals {
		if a.By == d.By {
			said = mrkdwn.JoinSentences(said, removedBy(a, "was asked for"))
		}
	}
	return threadReply(mrkdwn.JoinSentences(said, notCounted(r.Approvals)), "")
}

// approvalAddedNotice tells of the n-th approval, which was not the last.
func (v Screens) approvalAddedNotice(r approval.Request, n int) mrkdwn.Message {
	if n > len(r.Approvals) {
		return v.nothingMore(r)
	}
	a, earlier := r.Approvals[n-1], approval.Request{Approvals: r.Approvals[:n-1]}
	counted := len(earlier.Counted()) + 1
	said := mrkdwn.Mrkdwnf(":ballot_box_with_check: %s approved %s %s: %s of %s.", Mention(a.By), v.whose(r), mrkdwn.SlackDate(a.At), counted, mrkdwn.BotText(mrkdwn.Count(max(needed(r), counted+1), "approval")))
	return threadReply(mrkdwn.JoinSentences(said, removedBy(a, "was asked for"), notCounted(earlier.Approvals)), "")
}

// keyCreatedNotice says that the n-th key of r was made and shown: from the second on
// because the one before it was not seen.
func (v Screens) keyCreatedNotice(r approval.Request, n int) mrkdwn.Message {
	life := mrkdwn.Mrkdwnf("It lives %s, unless something ends it before or approvers give it more time.", mrkdwn.BotText(mrkdwn.HumanDuration(r.Access.Lifetime)))
	if r.Type == approval.Rotation {
		life = mrkdwn.Mrkdwnf("It takes over from the key of request %s.", r.ParentID)
	}
	made := mrkdwn.Mrkdwnf(":key: The key%s of %s was made and shown to %s alone %s.", KeyName(r), what(r), Mention(asker(r)), mrkdwn.SlackDate(r.Confirmation.ShownAt))
	if n > 1 {
		life = mrkdwn.Mrkdwnf("The one before it was not seen and is deleted. It lives until %s, unless something ends it before or approvers give it more time.", mrkdwn.SlackDate(r.KeyExpiresAt))
		made = mrkdwn.Mrkdwnf(":key: Another key%s of %s was made and shown to %s alone %s.", KeyName(r), what(r), Mention(asker(r)), mrkdwn.SlackDate(r.Confirmation.ShownAt))
	}
	return threadReply(mrkdwn.JoinSentences(made, life), "")
}

// closedNotice says how it ended.
func (v Screens) ClosedNotice(r approval.Request) mrkdwn.Message {
	switch r.State {
	case approval.StateEnded:
		note := ""
		if revokeReasonText(r) != "" {
			note = r.Outcome.Note
		}
		return threadReply(mrkdwn.Mrkdwnf(":wastebasket: The key%s of %s was deleted%s.", KeyName(r), v.whose(r), endReason(r)), note)
	case approval.StateWithdrawn:
		if r.Outcome.Cause == approval.CauseDeclined {
			return threadReply(mrkdwn.Mrkdwnf("%s declined what was approved of %s %s. No key is made.", Mention(r.Requester), what(r), mrkdwn.SlackDate(r.Outcome.At)), "")
		}
		return threadReply(mrkdwn.Mrkdwnf("%s took %s back %s.", Mention(r.Requester), what(r), mrkdwn.SlackDate(r.Outcome.At)), "")
	case approval.StateExpired:
		return threadReply(mrkdwn.Mrkdwnf(":hourglass: The time of %s was over %s: %s", v.whose(r), mrkdwn.SlackDate(r.Outcome.At), expiryReason(r)), "")
	case approval.StateApplied:
		return threadReply(mrkdwn.JoinSentences(changed(r, "The"), mrkdwn.Mrkdwnf("That was request %s of %s.", r.ID, Mention(asker(r)))), "")
	}
	return threadReply(mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("Request %s:", r.ID), statusForApprovers(r)), "")
}

func (v Screens) nothingMore(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.Mrkdwnf("Request %s", r.ID), "")
}

// approverReminderNotice brings up a request that nobody has decided. Nobody is mentioned:
// it is there for whoever looks.
func (v Screens) ApproverReminderNotice(r approval.Request, n int) mrkdwn.Message {
	if r.State != approval.StatePending || n < r.ApproverReminders {
		return threadReply(mrkdwn.Mrkdwnf("This was brought up while it waited: %s.", what(r)), "")
	}
	sofar := mrkdwn.Mrkdwn("*Nobody has decided yet* on")
	if n := len(r.Counted()); n > 0 {
		sofar = mrkdwn.Mrkdwnf("*%s of %s so far* for", n, mrkdwn.BotText(mrkdwn.Count(max(needed(r), n+1), "approval")))
	}
	return threadReply(mrkdwn.Mrkdwnf(":hourglass_flowing_sand: %s %s, which has waited since %s. Without a decision it lapses %s. The buttons are on the card above.",
		sofar, what(r), mrkdwn.SlackDate(r.RequestedAt), mrkdwn.SlackDate(r.ExpiresAt)), "")
}

// nudgedNotice mentions nobody but the requester.
func (v Screens) NudgedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Mrkdwnf(":wave: %s asked once more for a decision on %s, %s.", Mention(r.Requester), what(r), mrkdwn.SlackDate(r.NudgedAt)),
		mrkdwn.Mrkdwnf("It was asked for %s, and lapses %s unless it is decided or withdrawn before.", mrkdwn.SlackDate(r.RequestedAt), mrkdwn.SlackDate(r.ExpiresAt)),
	), "")
}

// escalatedNotice calls the second group.
func (v Screens) EscalatedNotice(r approval.Request) mrkdwn.Message {
	return threadReply(mrkdwn.JoinSentences(
		mrkdwn.Mrkdwnf(":arrow_up: Nobody had decided on %s by %s, so it went to %s as well.", v.whose(r), mrkdwn.SlackDate(r.EscalatedAt), people(r.EscalatedTo)),
		mrkdwn.Mrkdwnf("Any of you can decide until somebody has: each counts for whoever is missing. It lapses %s unless it is decided or withdrawn before. The buttons are on the card above.", mrkdwn.SlackDate(r.ExpiresAt)),
	), "")
}
