package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Confirm records that the owner saved the key.
func (r Request) Confirm(by policy.UserID, now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventConfirm, by, now, "", func(next *Request) { next.planExpiryReminder(now, p) })
}

// ConfirmByUse records that Atlas saw the key in use, which is as good as the
// owner's word.
func (r Request) ConfirmByUse(now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventConfirm, "", now, "seen in use", func(next *Request) {
		next.Confirmation.ByUse = true
		next.planExpiryReminder(now, p)
	})
}

// RemindToConfirm asks the requester whether they saved the key. It leaves them at
// least half of the time to answer, also when the bot was down while the reminder
// was due.
func (r Request) RemindToConfirm(now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventRemind, "", now, "", func(next *Request) {
		next.Confirmation.Reminded = true
		next.Confirmation.ConfirmBy = latest(next.Confirmation.ConfirmBy, now.Add(p.ConfirmWithin/2))
		next.addMessage(ReminderMessage)
	})
}
