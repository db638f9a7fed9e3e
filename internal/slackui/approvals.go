package slackui

import "atlaskeybot/internal/approval"

// awaited says whose approvals a pending request still waits for, as far as can
// be said without knowing who is in which group.
func awaited(r approval.Request) mrkdwn { return shorten(missingApprovals(r), 900) }

// awaitedByAll is awaited for the card. Whoever is named in a message is called
// when it is posted: that is for those whom a role's rule asks for. The usual
// approvers watch the channel.
func awaitedByAll(r approval.Request) mrkdwn {
	if len(r.Approvals) > 0 {
		return awaited(r) // the card was posted before
	}
	usual := len(r.Needs) == 1 && len(r.Needs[0].For) == 0
	switch {
	case usual && r.Needs[0].Count > 1:
		return say("%s approvers", r.Needs[0].Count)
	case usual:
		return "an approver"
	}
	return awaited(r)
}

func missingApprovals(r approval.Request) mrkdwn {
	missing := needed(r) - len(r.Counted())
	switch {
	case len(r.Needs) == 0:
		return "an approver"
	case len(r.Counted()) == 0:
		return approvalsNeeded(r.Needs)
	case len(r.Needs) == 1 && missing > 0:
		return say("%s more of %s", missing, people(r.Needs[0].From))
	}
	return say("%s (it takes %s)", botText(count(max(missing, 1), "more approval")), approvalsNeeded(r.Needs))
}

// needed counts the approvals that r takes in all.
func needed(r approval.Request) int {
	sum := 0
	for _, n := range r.Needs {
		sum += n.Count
	}
	return sum
}

// approvedSoFar is empty before the first approval, and after the last.
func approvedSoFar(r approval.Request) mrkdwn {
	if r.State != approval.Pending {
		return ""
	}
	var so mrkdwn
	if n := len(r.Counted()); n > 0 {
		so = say("Approved by %s (%s of %s).", approvers(r), n, max(needed(r), n+1))
	}
	return sentences(so, notCounted(r.Approvals))
}

// approvers names whose approval counts, in their order.
func approvers(r approval.Request) mrkdwn {
	counted := r.Counted()
	if len(counted) == 0 {
		return mention(r.Decision.By)
	}
	var all []mrkdwn
	for _, user := range counted {
		all = append(all, mention(user))
	}
	return enumerated(all, "and")
}

// approvedBy is empty if nobody and no rule approved. A successor that took no
// approval carries the decision on the key before it.
func approvedBy(r approval.Request) mrkdwn {
	switch {
	case r.State == approval.Denied, r.CarriesDecision:
		return ""
	case r.Decision.Rule != "":
		return say(":white_check_mark: *Approved by the rule* %s %s: nobody had to.", clip(r.Decision.Rule, maxName), when(r.Decision.At))
	case r.Decision.By == "":
		return ""
	}
	return say(":white_check_mark: *Approved* by %s %s.", approvers(r), when(r.Decision.At))
}

// urged says what was done so that somebody decides.
func urged(r approval.Request) mrkdwn {
	var nudged, escalated mrkdwn
	if !r.NudgedAt.IsZero() {
		nudged = say("%s asked once more %s.", mention(r.Requester), when(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = say("Since %s it waits for %s as well: any of them counts for whoever is missing.", when(r.EscalatedAt), people(r.EscalatedTo))
	}
	return sentences(nudged, escalated)
}
