package slackui

import "atlaskeybot/internal/approval"

// The notices under the card tell its story once more, in the order in which it
// happened: whoever follows the thread reads each step without opening
// anything. Those that tell of an event are posted once and never changed, so
// each says only what stays true; see [approval.MessageName.IsEvent].

// what names a request to whoever did not read its card. Of a key that was
// found in Atlas nothing but the id is known.
func what(r approval.Request) mrkdwn {
	if r.Requester == "" {
		return mrkdwnf("request %s", r.ID)
	}
	wish := mrkdwn("")
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
	return mrkdwnf("request %s%s (%s)", r.ID, wish, truncate(r.Access.Description, 100))
}

func (v Screens) whose(r approval.Request) mrkdwn {
	if r.Requester == "" {
		return what(r) + v.inOrg(r)
	}
	return mrkdwnf("%s of %s%s", what(r), mention(asker(r)), v.inOrg(r))
}

// threadReply is a notice of one sentence, with somebody's own words below.
func threadReply(said mrkdwn, words string) message {
	if words == "" {
		return newMessage(said, section(said))
	}
	return newMessage(joinSentences(said, mrkdwnf("The reason: %s", words)), section(said), quote(words))
}

// decidedNotice says who decided, and what.
func (v Screens) decidedNotice(r approval.Request) message {
	d := r.Decision
	switch {
	case r.State == approval.StateDenied:
		return threadReply(mrkdwnf(":no_entry: %s denied %s %s.", mention(d.By), v.whose(r), slackDate(d.At)), d.Reason)
	case d.Rule != "":
		return threadReply(mrkdwnf(":white_check_mark: The rule %s approved %s %s: nobody had to.", truncate(d.Rule, maxName), v.whose(r), slackDate(d.At)), "")
	case d.By == "":
		return threadReply(joinSentences(mrkdwnf("%s sent %s%s %s.", mention(asker(r)), what(r), v.inOrg(r), slackDate(d.At)), unapproved(r)), "")
	}
	said := mrkdwnf(":white_check_mark: %s approved %s %s", mention(d.By), v.whose(r), slackDate(d.At))
	n := len(r.Counted())
	if n > 1 {
		said += mrkdwnf(": the last of %s", botText(count(n, "approval")))
	}
	said += "."
	for _, a := range r.Approvals {
		if a.By == d.By {
			said = joinSentences(said, removedBy(a, "was asked for"))
		}
	}
	return threadReply(joinSentences(said, notCounted(r.Approvals)), "")
}

// approvalAddedNotice tells of the n-th approval, which was not the last.
func (v Screens) approvalAddedNotice(r approval.Request, n int) message {
	if n > len(r.Approvals) {
		return v.nothingMore(r)
	}
	a, earlier := r.Approvals[n-1], approval.Request{Approvals: r.Approvals[:n-1]}
	counted := len(earlier.Counted()) + 1
	said := mrkdwnf(":ballot_box_with_check: %s approved %s %s: %s of %s.", mention(a.By), v.whose(r), slackDate(a.At), counted, botText(count(max(needed(r), counted+1), "approval")))
	return threadReply(joinSentences(said, removedBy(a, "was asked for"), notCounted(earlier.Approvals)), "")
}

// keyCreatedNotice says that the n-th key of r was made and shown: from the second on
// because the one before it was not seen.
func (v Screens) keyCreatedNotice(r approval.Request, n int) message {
	life := mrkdwnf("It lives %s, unless something ends it before or approvers give it more time.", botText(humanDuration(r.Access.Lifetime)))
	if r.Type == approval.Rotation {
		life = mrkdwnf("It takes over from the key of request %s.", r.ParentID)
	}
	made := mrkdwnf(":key: The key%s of %s was made and shown to %s alone %s.", keyName(r), what(r), mention(asker(r)), slackDate(r.Confirmation.ShownAt))
	if n > 1 {
		life = mrkdwnf("The one before it was not seen and is deleted. It lives until %s, unless something ends it before or approvers give it more time.", slackDate(r.KeyExpiresAt))
		made = mrkdwnf(":key: Another key%s of %s was made and shown to %s alone %s.", keyName(r), what(r), mention(asker(r)), slackDate(r.Confirmation.ShownAt))
	}
	return threadReply(joinSentences(made, life), "")
}

// closedNotice says how it ended.
func (v Screens) closedNotice(r approval.Request) message {
	switch r.State {
	case approval.StateEnded:
		note := ""
		if revokeReasonText(r) != "" {
			note = r.Outcome.Note
		}
		return threadReply(mrkdwnf(":wastebasket: The key%s of %s was deleted%s.", keyName(r), v.whose(r), endReason(r)), note)
	case approval.StateWithdrawn:
		if r.Outcome.Cause == approval.CauseDeclined {
			return threadReply(mrkdwnf("%s declined what was approved of %s %s. No key is made.", mention(r.Requester), what(r), slackDate(r.Outcome.At)), "")
		}
		return threadReply(mrkdwnf("%s took %s back %s.", mention(r.Requester), what(r), slackDate(r.Outcome.At)), "")
	case approval.StateExpired:
		return threadReply(mrkdwnf(":hourglass: The time of %s was over %s: %s", v.whose(r), slackDate(r.Outcome.At), expiryReason(r)), "")
	case approval.StateApplied:
		return threadReply(joinSentences(changed(r, "The"), mrkdwnf("That was request %s of %s.", r.ID, mention(asker(r)))), "")
	}
	return threadReply(joinSentences(mrkdwnf("Request %s:", r.ID), statusForApprovers(r)), "")
}

func (v Screens) nothingMore(r approval.Request) message {
	return threadReply(mrkdwnf("Request %s", r.ID), "")
}

// approverReminderNotice brings up a request that nobody has decided. Nobody is mentioned:
// it is there for whoever looks.
func (v Screens) approverReminderNotice(r approval.Request, n int) message {
	if r.State != approval.StatePending || n < r.ApproverReminders {
		return threadReply(mrkdwnf("This was brought up while it waited: %s.", what(r)), "")
	}
	sofar := mrkdwn("*Nobody has decided yet* on")
	if n := len(r.Counted()); n > 0 {
		sofar = mrkdwnf("*%s of %s so far* for", n, botText(count(max(needed(r), n+1), "approval")))
	}
	return threadReply(mrkdwnf(":hourglass_flowing_sand: %s %s, which has waited since %s. Without a decision it lapses %s. The buttons are on the card above.",
		sofar, what(r), slackDate(r.RequestedAt), slackDate(r.ExpiresAt)), "")
}

// nudgedNotice mentions nobody but the requester.
func (v Screens) nudgedNotice(r approval.Request) message {
	return threadReply(joinSentences(
		mrkdwnf(":wave: %s asked once more for a decision on %s, %s.", mention(r.Requester), what(r), slackDate(r.NudgedAt)),
		mrkdwnf("It was asked for %s, and lapses %s unless it is decided or withdrawn before.", slackDate(r.RequestedAt), slackDate(r.ExpiresAt)),
	), "")
}

// escalatedNotice calls the second group.
func (v Screens) escalatedNotice(r approval.Request) message {
	return threadReply(joinSentences(
		mrkdwnf(":arrow_up: Nobody had decided on %s by %s, so it went to %s as well.", v.whose(r), slackDate(r.EscalatedAt), people(r.EscalatedTo)),
		mrkdwnf("Any of you can decide until somebody has: each counts for whoever is missing. It lapses %s unless it is decided or withdrawn before. The buttons are on the card above.", slackDate(r.ExpiresAt)),
	), "")
}
