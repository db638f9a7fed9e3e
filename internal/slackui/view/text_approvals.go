package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// missingApprovalsShort says whose approvals a pending request still waits for, as far as can
// be said without knowing who is in which group.
func missingApprovalsShort(r approval.Request) mrkdwn.Mrkdwn {
	return mrkdwn.TruncateMrkdwn(missingApprovals(r), 900)
}

// awaitedByAll is awaited for the card. Whoever is named in a message is called
// when it is posted: that is for those whom a role's rule asks for. The usual
// approvers watch the channel.
func awaitedByAll(r approval.Request) mrkdwn.Mrkdwn {
	if len(r.Approvals) > 0 {
		return missingApprovalsShort(r) // the card was posted before
	}
	usual := len(r.Requirements) == 1 && len(r.Requirements[0].For) == 0
	switch {
	case usual && r.Requirements[0].Count > 1:
		return mrkdwn.Mrkdwnf("%s approvers", r.Requirements[0].Count)
	case usual:
		return "an approver"
	}
	return missingApprovalsShort(r)
}

func missingApprovals(r approval.Request) mrkdwn.Mrkdwn {
	missing := needed(r) - len(r.Counted())
	switch {
	case len(r.Requirements) == 0:
		return "an approver"
	case len(r.Counted()) == 0:
		return approvalsNeeded(r.Requirements)
	case len(r.Requirements) == 1 && missing > 0:
		return mrkdwn.Mrkdwnf("%s more of %s", missing, people(r.Requirements[0].From))
	}
	return mrkdwn.Mrkdwnf("%s (it takes %s)", mrkdwn.BotText(mrkdwn.Count(max(missing, 1), "more approval")), approvalsNeeded(r.Requirements))
}

// needed counts the approvals that r takes in all.
func needed(r approval.Request) int {
	sum := 0
	for _, n := range r.Requirements {
		sum += n.Count
	}
	return sum
}

// approvedSoFar is empty before the first approval, and after the last.
func approvedSoFar(r approval.Request) mrkdwn.Mrkdwn {
	if r.State != approval.StatePending {
		return ""
	}
	var so mrkdwn.Mrkdwn
	if n := len(r.Counted()); n > 0 {
		so = mrkdwn.Mrkdwnf("Approved by %s (%s of %s).", approvers(r), n, max(needed(r), n+1))
	}
	return mrkdwn.JoinSentences(so, notCounted(r.Approvals))
}

// approvers names whose approval counts, in their order.
func approvers(r approval.Request) mrkdwn.Mrkdwn {
	counted := r.Counted()
	if len(counted) == 0 {
		return Mention(r.Decision.By)
	}
	var all []mrkdwn.Mrkdwn
	for _, user := range counted {
		all = append(all, Mention(user))
	}
	return enumerated(all, "and")
}

// approvedBy is empty if nobody and no rule approved. A successor that took no
// approval carries the decision on the key before it.
func approvedBy(r approval.Request) mrkdwn.Mrkdwn {
	switch {
	case r.State == approval.StateDenied, r.CarriesDecision:
		return ""
	case r.Decision.Rule != "":
		return mrkdwn.Mrkdwnf(":white_check_mark: *Approved by the rule* %s %s: nobody had to.", mrkdwn.Truncate(r.Decision.Rule, maxName), mrkdwn.SlackDate(r.Decision.At))
	case r.Decision.By == "":
		return ""
	}
	return mrkdwn.Mrkdwnf(":white_check_mark: *Approved* by %s %s.", approvers(r), mrkdwn.SlackDate(r.Decision.At))
}

// nudgedNote says what was done so that somebody decides.
func nudgedNote(r approval.Request) mrkdwn.Mrkdwn {
	var nudged, escalated mrkdwn.Mrkdwn
	if !r.NudgedAt.IsZero() {
		nudged = mrkdwn.Mrkdwnf("%s asked once more %s.", Mention(r.Requester), mrkdwn.SlackDate(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = mrkdwn.Mrkdwnf("Since %s it waits for %s as well: any of them counts for whoever is missing.", mrkdwn.SlackDate(r.EscalatedAt), people(r.EscalatedTo))
	}
	return mrkdwn.JoinSentences(nudged, escalated)
}
