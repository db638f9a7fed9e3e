package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Expire ends a wait that took too long, or an active key whose time is over.
func (r Request) Expire(now time.Time) (Step, error) {
	return r.ExpireFor(r.expiryCause(now), now)
}

func (r Request) expiryCause(now time.Time) Cause {
	switch r.State {
	case StatePending:
		return CauseUndecided
	case StateApproved:
		if r.KeyExpiresAt.IsZero() || r.KeyExpiresAt.After(now) {
			return CauseNotIssuedInTime
		}
	}
	return CauseKeyExpired
}

// ExpireFor is Expire for the given cause.
func (r Request) ExpireFor(cause Cause, now time.Time) (Step, error) {
	return r.step(EventExpire, "", now, string(cause), func(next *Request) {
		next.end(Outcome{Cause: cause, At: now}, now)
	})
}

// EndWith ends r because the request with the given id ended. If r has a key, its
// own rotations are looked at once more: one may have been opened meanwhile.
func (r Request) EndWith(id policy.ID, why Outcome, cascade CascadeScope, now time.Time) (Step, error) {
	why.At = now
	return r.step(EventExpire, "", now, "with "+string(id), func(next *Request) {
		next.end(why, now)
		if next.State == StateRevoking {
			next.cascadeTo(cascade)
		}
	})
}

// end plans the deletion of a key, or tells people that a request without one is
// over.
func (r *Request) end(why Outcome, now time.Time) {
	if r.State == StateRevoking {
		r.startDeletion(why, now)
		return
	}
	r.Outcome = why
	r.addMessage(OutcomeMessage)
	r.addMessage(ClosedNotice)
}

// RemindOfExpiry tells the owner that their key expires soon.
func (r Request) RemindOfExpiry(now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventRemind, "", now, "", func(next *Request) {
		next.ExpiryReminders++
		next.addMessage(ExpiryReminderMessage(next.ExpiryReminders))
		next.planExpiryReminder(now, p)
	})
}

// remindOnceUnder is the life of a key under which one reminder of its expiry is enough.
const remindOnceUnder = 24 * time.Hour

// planExpiryReminder plans when the owner is next told that the key expires. A
// short-lived key is not spoken of before three quarters of its life are over, and then
// once.
func (r *Request) planExpiryReminder(now time.Time, p policy.Policy) {
	r.RemindAt = time.Time{}
	life := r.KeyExpiresAt.Sub(r.Key.MadeAt)
	for i, before := range p.RemindBeforeExpiry {
		if i > 0 && life < remindOnceUnder {
			break
		}
		at := r.KeyExpiresAt.Add(-min(before, life/4))
		if at.After(now) {
			r.RemindAt = Earliest(r.RemindAt, at)
		}
	}
}
