package approval

import (
	"slices"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// deletionOverdueAfter is how long a key that has to be deleted may stay before
// people are told.
const deletionOverdueAfter = 15 * time.Minute

// Revoke ends an active key. A revocation by an approver or the operator ends the
// access: every key of the same rotations is deleted. The owner ends this key, and
// successors that were not shown yet.
func (r Request) Revoke(by policy.UserID, now time.Time, reason string) (Step, error) {
	return r.step(EventRevoke, by, now, reason, func(next *Request) {
		next.startDeletion(Outcome{Cause: CauseRevoked, By: by, At: now, Note: reason}, now)
		if by == r.Requester {
			next.cascadeTo(CascadeUnshown)
			return
		}
		next.cascadeTo(CascadeAll)
	})
}

// RetireFor ends an active key because its owner uses the successor with the given
// id.
func (r Request) RetireFor(successor policy.ID, by policy.UserID, now time.Time) (Step, error) {
	return r.step(EventRevoke, by, now, "switched over to "+string(successor), func(next *Request) {
		next.startDeletion(Outcome{Cause: CauseReplaced, By: by, At: now}, now)
	})
}

// startDeletion makes the key's deletion due now.
func (r *Request) startDeletion(why Outcome, now time.Time) {
	r.Outcome = why
	r.Deletion = Deletion{Since: now, RetryAt: now}
}

// IsDeleting reports whether r's key has to be deleted and is not known to be gone.
func (r Request) IsDeleting() bool {
	return r.State == StateRevoking || r.State == StateIssuing && r.Issuance.Stage == StageRollingBack && r.Key.ID != ""
}

// WaitsToDelete reports whether the next try to delete r's key is still ahead.
func (r Request) WaitsToDelete(now time.Time) bool {
	return r.IsDeleting() && r.Deletion.Tries > 0 && r.Deletion.RetryAt.After(now)
}

// RetryDeletion makes the next try to delete the key due now, or returns
// [ErrNothingToRetry].
func (r Request) RetryDeletion(by policy.UserID, now time.Time) (Step, error) {
	if !r.WaitsToDelete(now) {
		return Step{}, ErrNothingToRetry
	}
	return r.step(EventRetry, by, now, "", func(next *Request) {
		next.Deletion.RetryAt = now
		next.Issuance.RetryAt = now
	})
}

// RecordDeleteFailure records that the key could not be deleted, or its access
// list not restored, and plans the next try: at the latest when people have to be
// told.
func (r Request) RecordDeleteFailure(f *CallError, now time.Time) (Step, error) {
	return r.step(r.deletionEvent(), "", now, f.Note(), func(next *Request) {
		next.Deletion.Tries++
		next.Deletion.Cause, next.Deletion.Code = f.Cause, f.Code
		if next.Deletion.Since.After(now) {
			next.Deletion.Since = now // the clock went back
		}
		next.Deletion.RetryAt = now.Add(WaitAfter(f, next.Deletion.Tries))
		next.notifyIfOverdue(now)
		if tell := next.Deletion.Since.Add(deletionOverdueAfter); !next.Deletion.Notified && tell.Before(next.Deletion.RetryAt) {
			next.Deletion.RetryAt = tell
		}
		next.Issuance.RetryAt = next.Deletion.RetryAt
	})
}

// NotifyDeletionOverdue tells owner and approvers that the key still exists.
func (r Request) NotifyDeletionOverdue(now time.Time) (Step, error) {
	return r.step(r.deletionEvent(), "", now, "still alive", func(next *Request) { next.notifyIfOverdue(now) })
}

// deletionEvent is the event of a deletion that is not over yet.
func (r Request) deletionEvent() Event {
	if r.State == StateRevoking {
		return EventDeleteFailed
	}
	return EventRollback
}

func (r *Request) notifyIfOverdue(now time.Time) {
	if !r.Deletion.IsOverdue(now) {
		return
	}
	r.Deletion.Notified = true
	r.addMessage(DeletionOverdueMessage)
	r.addMessage(DeletionOverdueNotice)
}

// IsOverdue reports whether people have to be told, and were not yet, that the
// deletion takes long.
func (d Deletion) IsOverdue(now time.Time) bool {
	return !d.Notified && !d.Since.IsZero() && now.Sub(d.Since) >= deletionOverdueAfter
}

// foretold reports whether the owner was reminded of the expiry that r ended with: the
// reminder then says that it came.
func (r Request) foretold() bool {
	return r.Outcome.Cause == CauseKeyExpired && !r.Deletion.Notified && r.ExpiryReminders > 0 && slices.Contains(r.Messages, ExpiryReminderMessage(r.ExpiryReminders))
}

// SaysOutcome returns the message that tells the owner how r ended; empty if none does.
func (r Request) SaysOutcome() MessageName {
	switch {
	case slices.Contains(r.Messages, OutcomeMessage):
		return OutcomeMessage
	case r.State == StateEnded && r.foretold():
		return ExpiryReminderMessage(r.ExpiryReminders)
	}
	return ""
}

// RecordDeleted ends a request whose key is deleted.
func (r Request) RecordDeleted(now time.Time) (Step, error) {
	return r.step(EventDeleted, "", now, "key "+r.Key.ID, func(next *Request) {
		next.Deletion = Deletion{}
		if !r.foretold() {
			next.addMessage(OutcomeMessage)
		}
		next.addMessage(ClosedNotice)
	})
}
