package slackui

import "atlaskeybot/internal/approval"

// notCounted names the approvals that do not count any more, and why.
func notCounted(approvals []approval.Approval) mrkdwn {
	var all []mrkdwn
	for _, a := range approvals {
		if a.Void != "" {
			all = append(all, mrkdwnf("The approval of %s does not count any more: %s.", mention(a.By), whyVoid(a.Void)))
		}
	}
	return joinSentences(all...)
}

func whyVoid(reason approval.VoidReason) mrkdwn {
	switch reason {
	case approval.VoidDeactivated:
		return "that account is deactivated"
	case approval.VoidGuest:
		return "guests do not approve"
	case approval.VoidExternal:
		return "they are not a member of this workspace"
	case approval.VoidBot:
		return "only people approve"
	case approval.VoidOwnRequest:
		return "it is their own request"
	}
	return "they are not among the approvers"
}

// stillMissing tells whoever approved that theirs was not the last approval,
// because an earlier one does not count any more. Otherwise nothing is said: the
// card shows it.
func stillMissing(r approval.Request) mrkdwn {
	void := notCounted(r.Approvals)
	if r.State != approval.StatePending || void == "" {
		return ""
	}
	return joinSentences("Your approval is recorded.", void, mrkdwnf("The request still waits for %s.", missingApprovalsShort(r)))
}
