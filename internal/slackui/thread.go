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
		return say("request %s", r.ID)
	}
	wish := mrkdwn("")
	switch r.Purpose {
	case approval.Extension:
		wish = " for more time"
	case approval.NewAddresses:
		wish = " for other addresses"
	case approval.Rotation:
		if !r.CarriesDecision {
			wish = " for a rotation"
		}
	}
	return say("request %s%s (%s)", r.ID, wish, clip(r.Access.Description, 100))
}

func (v views) whose(r approval.Request) mrkdwn {
	if r.Requester == "" {
		return what(r) + v.inOrg(r)
	}
	return say("%s of %s%s", what(r), mention(asker(r)), v.inOrg(r))
}

// remark is a notice of one sentence, with somebody's own words below.
func remark(said mrkdwn, words string) message {
	if words == "" {
		return newMessage(said, section(said))
	}
	return newMessage(sentences(said, say("The reason: %s", words)), section(said), quote(words))
}

// decidedNotice says who decided, and what.
func (v views) decidedNotice(r approval.Request) message {
	d := r.Decision
	switch {
	case r.State == approval.Denied:
		return remark(say(":no_entry: %s denied %s %s.", mention(d.By), v.whose(r), when(d.At)), d.Reason)
	case d.Rule != "":
		return remark(say(":white_check_mark: The rule %s approved %s %s: nobody had to.", clip(d.Rule, maxName), v.whose(r), when(d.At)), "")
	case d.By == "":
		return remark(sentences(say("%s sent %s%s %s.", mention(asker(r)), what(r), v.inOrg(r), when(d.At)), unapproved(r)), "")
	}
	said := say(":white_check_mark: %s approved %s %s", mention(d.By), v.whose(r), when(d.At))
	n := len(r.Counted())
	if n > 1 {
		said += say(": the last of %s", botText(count(n, "approval")))
	}
	said += "."
	for _, a := range r.Approvals {
		if a.By == d.By {
			said = sentences(said, leftOutBy(a, "was asked for"))
		}
	}
	return remark(sentences(said, notCounted(r.Approvals)), "")
}

// endorsedNotice tells of the n-th approval, which was not the last.
func (v views) endorsedNotice(r approval.Request, n int) message {
	if n > len(r.Approvals) {
		return v.nothingMore(r)
	}
	a, earlier := r.Approvals[n-1], approval.Request{Approvals: r.Approvals[:n-1]}
	counted := len(earlier.Counted()) + 1
	said := say(":ballot_box_with_check: %s approved %s %s: %s of %s.", mention(a.By), v.whose(r), when(a.At), counted, botText(count(max(needed(r), counted+1), "approval")))
	return remark(sentences(said, leftOutBy(a, "was asked for"), notCounted(earlier.Approvals)), "")
}

// madeNotice says that the n-th key of r was made and shown: from the second on
// because the one before it was not seen.
func (v views) madeNotice(r approval.Request, n int) message {
	life := say("It lives %s, unless something ends it before or approvers give it more time.", botText(span(r.Access.Lifetime)))
	if r.Purpose == approval.Rotation {
		life = say("It takes over from the key of request %s.", r.Of)
	}
	made := say(":key: The key%s of %s was made and shown to %s alone %s.", keyName(r), what(r), mention(asker(r)), when(r.Custody.ShownAt))
	if n > 1 {
		life = say("The one before it was not seen and is deleted. It lives until %s, unless something ends it before or approvers give it more time.", when(r.EndsAt))
		made = say(":key: Another key%s of %s was made and shown to %s alone %s.", keyName(r), what(r), mention(asker(r)), when(r.Custody.ShownAt))
	}
	return remark(sentences(made, life), "")
}

// overNotice says how it ended.
func (v views) overNotice(r approval.Request) message {
	switch r.State {
	case approval.Ended:
		note := ""
		if revokeReasonText(r) != "" {
			note = r.End.Note
		}
		return remark(say(":wastebasket: The key%s of %s was deleted%s.", keyName(r), v.whose(r), because(r)), note)
	case approval.Withdrawn:
		if r.End.Cause == approval.CauseDeclined {
			return remark(say("%s declined what was approved of %s %s. No key is made.", mention(r.Requester), what(r), when(r.End.At)), "")
		}
		return remark(say("%s took %s back %s.", mention(r.Requester), what(r), when(r.End.At)), "")
	case approval.Expired:
		return remark(say(":hourglass: The time of %s was over %s: %s", v.whose(r), when(r.End.At), whyLapsed(r)), "")
	case approval.Done:
		return remark(sentences(changed(r, "The"), say("That was request %s of %s.", r.ID, mention(asker(r)))), "")
	}
	return remark(sentences(say("Request %s:", r.ID), approversStory(r)), "")
}

func (v views) nothingMore(r approval.Request) message { return remark(say("Request %s", r.ID), "") }

// prodNotice brings up a request that nobody has decided. Nobody is mentioned:
// it is there for whoever looks.
func (v views) prodNotice(r approval.Request, n int) message {
	if r.State != approval.Pending || n < r.Prods {
		return remark(say("This was brought up while it waited: %s.", what(r)), "")
	}
	sofar := mrkdwn("*Nobody has decided yet* on")
	if n := len(r.Counted()); n > 0 {
		sofar = say("*%s of %s so far* for", n, botText(count(max(needed(r), n+1), "approval")))
	}
	return remark(say(":hourglass_flowing_sand: %s %s, which has waited since %s. Without a decision it lapses %s. The buttons are on the card above.",
		sofar, what(r), when(r.AskedAt), when(r.LapsesAt)), "")
}

// nudgedNotice mentions nobody but the requester.
func (v views) nudgedNotice(r approval.Request) message {
	return remark(sentences(
		say(":wave: %s asked once more for a decision on %s, %s.", mention(r.Requester), what(r), when(r.NudgedAt)),
		say("It was asked for %s, and lapses %s unless it is decided or withdrawn before.", when(r.AskedAt), when(r.LapsesAt)),
	), "")
}

// escalatedNotice calls the second group.
func (v views) escalatedNotice(r approval.Request) message {
	return remark(sentences(
		say(":arrow_up: Nobody had decided on %s by %s, so it went to %s as well.", v.whose(r), when(r.EscalatedAt), people(r.EscalatedTo)),
		say("Any of you can decide until somebody has: each counts for whoever is missing. It lapses %s unless it is decided or withdrawn before. The buttons are on the card above.", when(r.LapsesAt)),
	), "")
}
