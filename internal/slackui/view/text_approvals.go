package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// missingApprovalsShort says whose approvals a pending request still waits for, as far as can
// be said without knowing who is in which group.
func missingApprovalsShort(r approval.Request) mrkdwn.Text {
	return mrkdwn.TruncateText(missingApprovals(r), 900)
}

// awaitedByAll names the missing approvers for the card. Users named in a message are notified
// when it is posted: that is for those whom a role's rule asks for. The usual
// approvers watch the channel.
func awaitedByAll(r approval.Request) mrkdwn.Text {
	if len(r.Approvals) > 0 {
		return missingApprovalsShort(r) // the card was posted before
	}
	usual := len(r.Requirements) == 1 && len(r.Requirements[0].For) == 0
	switch {
	case usual && r.Requirements[0].Count > 1:
		return mrkdwn.Textf("%s approvers", r.Requirements[0].Count)
	case usual:
		return "an approver"
	}
	return missingApprovalsShort(r)
}

func missingApprovals(r approval.Request) mrkdwn.Text {
	missing := needed(r) - len(r.Counted())
	switch {
	case len(r.Requirements) == 0:
		return "an approver"
	case len(r.Counted()) == 0:
		return approvalsNeeded(r.Requirements)
	case len(r.Requirements) == 1 && missing > 0:
		return mrkdwn.Textf("%s more of %s", missing, people(r.Requirements[0].From))
	}
	return mrkdwn.Textf("%s (it takes %s)", mrkdwn.BotText(mrkdwn.Count(max(missing, 1), "more approval")), approvalsNeeded(r.Requirements))
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
func approvedSoFar(r approval.Request) mrkdwn.Text {
	if r.State != approval.StatePending {
		return ""
	}
	var so mrkdwn.Text
	if n := len(r.Counted()); n > 0 {
		so = mrkdwn.Textf("Approved by %s (%s of %s).", approvers(r), n, max(needed(r), n+1))
	}
	return mrkdwn.JoinSentences(so, notCounted(r.Approvals))
}

// approvers names whose approval counts, in their order.
func approvers(r approval.Request) mrkdwn.Text {
	counted := r.Counted()
	if len(counted) == 0 {
		return Mention(r.Decision.By)
	}
	var all []mrkdwn.Text
	for _, user := range counted {
		all = append(all, Mention(user))
	}
	return enumerated(all, "and")
}

// approvedBy is empty if neither an approver nor a rule approved. A successor that took no
// approval carries the decision on the key before it.
func approvedBy(r approval.Request) mrkdwn.Text {
	switch {
	case r.State == approval.StateDenied, r.CarriesDecision:
		return ""
	case r.Decision.Rule != "":
		return mrkdwn.Textf(":white_check_mark: *Approved by the rule* %s %s: no approval was needed.", mrkdwn.Truncate(r.Decision.Rule, maxName), mrkdwn.Date(r.Decision.At))
	case r.Decision.By == "":
		return ""
	}
	return mrkdwn.Textf(":white_check_mark: *Approved* by %s %s.", approvers(r), mrkdwn.Date(r.Decision.At))
}

// nudgedNote says what was done to get a decision.
func nudgedNote(r approval.Request) mrkdwn.Text {
	var nudged, escalated mrkdwn.Text
	if !r.NudgedAt.IsZero() {
		nudged = mrkdwn.Textf("%s asked once more %s.", Mention(r.Requester), mrkdwn.Date(r.NudgedAt))
	}
	if !r.EscalatedAt.IsZero() {
		escalated = mrkdwn.Textf("Since %s it waits for %s as well: any of them counts for an approval that is missing.", mrkdwn.Date(r.EscalatedAt), people(r.EscalatedTo))
	}
	return mrkdwn.JoinSentences(nudged, escalated)
}
