package approval

import (
	"time"

	"atlaskeybot/internal/backoff"
)

// IsWithin reports whether at is less than d before now. A time ahead of now is not: the
// clock went back, and how old it is cannot be known.
func IsWithin(at, now time.Time, d time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < d
}

// MaxWait is the longest wait between two tries, even if Atlas, Slack or a proxy asks for
// a longer one: none of them decides how long a key that has to be deleted stays.
const MaxWait = 10 * time.Minute

// Backoff is the pause after that many failed tries. It grows from 5 seconds to
// [MaxWait].
func Backoff(tries int) time.Duration {
	return backoff.Exponential(5*time.Second, MaxWait, tries)
}

// IsPast reports whether a wait that began at most [MaxWait] ago is over. One
// that is longer than that began before the clock went back.
func IsPast(at, now time.Time) bool {
	return !at.After(now) || at.After(now.Add(MaxWait))
}

// WaitAfter is the pause after that many failed tries, the last of which ended with f: at
// least as long as the other side asked, but at most [MaxWait].
func WaitAfter(f *CallError, tries int) time.Duration {
	return min(max(f.RetryAfter, Backoff(tries)), MaxWait)
}

// WorkAt is when the worker next has work on r; zero: never.
func (r Request) WorkAt() time.Time {
	at := r.StateDueAt()
	for _, c := range r.UnresolvedCreates {
		at = Earliest(at, c.SearchAt)
	}
	return Earliest(at, r.Leftover.SearchAt)
}

// StateDueAt is WorkAt without the searches for orphaned keys, which are due in every
// state.
func (r Request) StateDueAt() time.Time {
	if r.Cascade != "" {
		return atOnce
	}
	switch r.State {
	case StatePending:
		return Earliest(Earliest(r.ExpiresAt, r.KeyExpiresAt), Earliest(r.NextApproverReminderAt, r.EscalateAt))
	case StateApproved:
		return Earliest(r.ExpiresAt, r.KeyExpiresAt)
	case StateIssuing:
		return latest(r.Issuance.ClickedAt, r.Issuance.RetryAt)
	case StateDelivered:
		if !r.Confirmation.Reminded {
			return Earliest(r.Confirmation.RemindAt, r.KeyExpiresAt)
		}
		return Earliest(r.Confirmation.ConfirmBy, r.KeyExpiresAt)
	case StateActive:
		if r.Type == Rotation && !r.PredecessorScheduled {
			return atOnce // the predecessor's end is to be scheduled
		}
		return Earliest(r.KeyExpiresAt, r.RemindAt)
	case StateApplying:
		return latest(r.Decision.At, r.Issuance.RetryAt)
	case StateRevoking:
		return r.Deletion.RetryAt
	}
	return time.Time{}
}

// atOnce is the due time of work that is due at once, whatever the clock says: it may be
// moved between the click and the work.
var atOnce = time.UnixMilli(1)

// Earliest returns the earlier of two times, where zero means never.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
