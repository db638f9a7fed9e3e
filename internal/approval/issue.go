package approval

import (
	"cmp"
	"fmt"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// issueGrace is how long an approved request can be issued after a failed
// attempt, if its organization has no policy any more.
const issueGrace = 24 * time.Hour

// Issue opens the first attempt to issue the key, when the requester presses
// "Create my key".
func (r Request) Issue(by policy.UserID, now time.Time) (Step, error) {
	return r.step(EventIssue, by, now, "", func(next *Request) { next.startAttempt(now) })
}

// Replace opens another attempt, when the requester did not see the key: the
// worker deletes that key and issues another.
func (r Request) Replace(by policy.UserID, now time.Time) (Step, error) {
	return r.step(EventReplace, by, now, "", func(next *Request) { next.startAttempt(now) })
}

// startAttempt opens an attempt. Its number is on disk before Atlas is called,
// and so is the key that it replaces.
func (r *Request) startAttempt(now time.Time) {
	r.Attempt++
	r.Issuance = Issuance{Stage: StageQueued, ClickedAt: now}
	r.Confirmation = Confirmation{}
}

// attemptNote is the note of [EventCreateStarted].
const attemptNote = "attempt %d"

// Attempt returns the number of the attempt that the entry, an
// [EventCreateStarted], begins; 0 if it does not say.
func (e AuditEntry) Attempt() int {
	var n int
	if _, err := fmt.Sscanf(e.Note, attemptNote, &n); err != nil {
		return 0
	}
	return n
}

// StartCreate records that the next call to Atlas creates the key.
func (r Request) StartCreate(now time.Time) (Step, error) {
	return r.step(EventCreateStarted, "", now, fmt.Sprintf(attemptNote, r.Attempt), func(next *Request) {
		next.Issuance.Stage = StageStarted
		next.Key = Key{}
	})
}

// RecordKey records the key that Atlas created, so that a clean-up needs no
// search.
func (r Request) RecordKey(k Key, now time.Time) (Step, error) {
	return r.step(EventKeyCreated, "", now, "key "+k.ID+" "+k.PublicKey, func(next *Request) { next.Key = k })
}

// Deliver records that the private key was shown. The first delivery starts the
// key's lifetime.
func (r Request) Deliver(now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventDeliver, "", now, "", func(next *Request) {
		next.Issuance = Issuance{}
		next.Confirmation = Confirmation{ShownAt: now, RemindAt: now.Add(p.ConfirmWithin / 2), ConfirmBy: now.Add(p.ConfirmWithin)}
		next.addKeyCreatedNotice()
		if next.KeyExpiresAt.IsZero() {
			next.KeyExpiresAt = next.Key.MadeAt.Add(next.Access.Lifetime)
		}
		if next.Since.IsZero() {
			next.Since = next.Key.MadeAt
		}
	})
}

// addKeyCreatedNotice adds the post about a key that was shown: each showing has
// its own.
func (r *Request) addKeyCreatedNotice() {
	shown := 0
	for _, m := range r.Messages {
		if m.isKeyCreated() {
			shown++
		}
	}
	r.addMessage(KeyCreatedAgainNotice(shown + 1))
}

// RetryIssuing plans the next try of an attempt that Atlas refused for now.
func (r Request) RetryIssuing(f *CallError, at, now time.Time) (Step, error) {
	return r.step(EventRetryLater, "", now, f.Note(), func(next *Request) {
		next.Issuance.Stage = StageQueued
		next.Issuance.RetryAt = at
		next.Issuance.Tries++
	})
}

// ReturnUnresolved ends an attempt whose create call has no known outcome: the
// requester can press again, and the worker searches for the key.
func (r Request) ReturnUnresolved(f *CallError, now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventReturnToApproved, "", now, f.Note(), func(next *Request) {
		next.recordUnresolvedCreate(now)
		next.returnToApproved(f, now, p)
	})
}

// StartRollback records that the attempt's key has to be deleted, why, and which
// event follows: [EventReturnToApproved] or [EventFail].
func (r Request) StartRollback(then Event, f *CallError, now time.Time) (Step, error) {
	return r.step(EventRollback, "", now, f.Note(), func(next *Request) {
		next.startRollback(then, f, f.Cause == CauseInterrupted, now)
	})
}

// StopIssuing rolls back the attempt of a successor because the request with the
// given id ended.
func (r Request) StopIssuing(with policy.ID, now time.Time) (Step, error) {
	return r.step(EventRollback, "", now, "with "+string(with), func(next *Request) {
		next.startRollback(EventFail, &CallError{Cause: CauseKeyNotActive}, true, now)
	})
}

// startRollback plans the rollback. A create call that was interrupted may have
// made a key.
func (r *Request) startRollback(then Event, f *CallError, interrupted bool, now time.Time) {
	if r.Issuance.Stage == StageStarted && r.Key.ID == "" && interrupted {
		r.recordUnresolvedCreate(now)
	}
	r.Issuance.Stage, r.Issuance.NextEvent, r.Issuance.Cause, r.Issuance.Code = StageRollingBack, then, f.Cause, f.Code
	r.Issuance.Tries, r.Issuance.RetryAt = 0, now
	r.Deletion = Deletion{Since: now}
}

// FinishRollback ends a rollback, now that the attempt's key is deleted, with the
// event that [Request.StartRollback] named.
func (r Request) FinishRollback(now time.Time, p policy.Policy) (Step, error) {
	f := &CallError{Cause: r.Issuance.Cause, Code: r.Issuance.Code}
	return r.step(r.Issuance.NextEvent, "", now, f.Note(), func(next *Request) {
		next.Key = Key{}
		if r.Issuance.NextEvent == EventFail {
			next.fail(f, now)
			return
		}
		next.returnToApproved(f, now, p)
	})
}

func (r *Request) returnToApproved(f *CallError, now time.Time, p policy.Policy) {
	r.Issuance = Issuance{Cause: f.Cause, Code: f.Code}
	r.Deletion = Deletion{}
	r.ExpiresAt = now.Add(cmp.Or(p.IssueWithin, issueGrace))
}

func (r *Request) fail(f *CallError, now time.Time) {
	r.Issuance = Issuance{}
	r.Deletion = Deletion{}
	r.Outcome = Outcome{Cause: f.Cause, Code: f.Code, At: now}
	r.addMessage(OutcomeMessage)
	r.addMessage(FailedNotice)
}

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
