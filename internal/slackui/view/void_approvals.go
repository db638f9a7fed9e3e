package view

import (
	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

// notCounted names the approvals that do not count any more, and why.
func notCounted(approvals []approval.Approval) mrkdwn.Text {
	var all []mrkdwn.Text
	for _, a := range approvals {
		if a.Void != "" {
			all = append(all, mrkdwn.Textf("The approval of %s does not count any more: %s.", Mention(a.By), whyVoid(a.Void)))
		}
	}
	return mrkdwn.JoinSentences(all...)
}

func whyVoid(reason policy.VoidReason) mrkdwn.Text {
	switch reason {
	case policy.VoidDeactivated:
		return "that account is deactivated"
	case policy.VoidGuest:
		return "guests do not approve"
	case policy.VoidExternal:
		return "they are not a member of this workspace"
	case policy.VoidBot:
		return "only people approve"
	case policy.VoidOwnRequest:
		return "it is their own request"
	}
	return "they are not among the approvers"
}

// MissingApprovalsNote tells an approver that theirs was not the last approval,
// because an earlier one does not count any more. Otherwise nothing is said: the
// card shows it.
func MissingApprovalsNote(r approval.Request) mrkdwn.Text {
	void := notCounted(r.Approvals)
	if r.State != approval.StatePending || void == "" {
		return ""
	}
	return mrkdwn.JoinSentences("Your approval is recorded.", void, mrkdwn.Textf("The request still waits for %s.", missingApprovalsShort(r)))
}
