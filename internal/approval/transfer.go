package approval

import (
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Transfer gives an active key another owner. approved says that by alone gave
// every approval that the access takes. The former owner's messages stay theirs,
// and their successor, if one is on its way, ends.
func (r Request) Transfer(to, by policy.UserID, approved bool, now time.Time) (Step, error) {
	return r.step(EventTransfer, by, now, "to "+string(to), func(next *Request) {
		next.Transfers = append(next.Transfers, OwnershipTransfer{From: next.Requester, To: to, By: by, At: now, Approved: approved})
		if next.Successor != "" {
			next.Cascade = CascadeUnconfirmed
		}
		next.Requester, next.OwnerDeactivatedAt, next.Successor = to, time.Time{}, ""
		next.Messages = slices.DeleteFunc(next.Messages, func(m MessageName) bool { return !m.ToApprovers() })
		next.addMessage(TransferMessage(len(next.Transfers)))
	})
}

// OwnedBefore reports whether user has or had r's key.
func (r Request) OwnedBefore(user policy.UserID) bool {
	return user == r.Requester || slices.ContainsFunc(r.Transfers, func(t OwnershipTransfer) bool { return t.From == user })
}

// RecordOwnerDeactivated records that the owner's Slack account is deactivated,
// and tells the approvers.
func (r Request) RecordOwnerDeactivated(now time.Time) (Step, error) {
	return r.step(EventOwnerDeactivated, "", now, "", func(next *Request) {
		next.OwnerDeactivatedAt = now
		next.OwnerDeactivations++
		next.addMessage(OwnerDeactivatedNotice(next.OwnerDeactivations))
	})
}

// RecordOwnerReactivated records that the owner's Slack account is active again.
func (r Request) RecordOwnerReactivated(now time.Time) (Step, error) {
	return r.step(EventOwnerReactivated, "", now, "", func(next *Request) { next.OwnerDeactivatedAt = time.Time{} })
}
