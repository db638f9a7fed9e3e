package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// isChange reports whether r changes an active key, and issues none.
func (r Request) isChange() bool { return r.Type == Extension || r.Type == AccessListChange }

// Apply ends a change that was made.
func (r Request) Apply(now time.Time) (Step, error) {
	return r.step(EventApply, "", now, "", func(next *Request) {
		next.Issuance = Issuance{}
		next.Outcome = Outcome{At: now}
		if next.Decision.By != "" { // otherwise the card says so itself, a moment after it was posted
			next.addMessage(ClosedNotice)
		}
	})
}

// Fail ends a request for good.
func (r Request) Fail(f *CallError, now time.Time) (Step, error) {
	return r.step(EventFail, "", now, f.Note(), func(next *Request) { next.fail(f, now) })
}

// RetryApplying plans the next try of a change that could not be made.
func (r Request) RetryApplying(f *CallError, now time.Time) (Step, error) {
	return r.step(EventRetryLater, "", now, f.Note(), func(next *Request) { next.retryApplying(f, now) })
}

// PostponeApplying is RetryApplying for a change that cannot be made before the
// operator configures its organization again. After a while people are told.
func (r Request) PostponeApplying(f *CallError, now time.Time) (Step, error) {
	return r.step(EventRetryLater, "", now, f.Note(), func(next *Request) {
		next.retryApplying(f, now)
		if next.Deletion.Since.IsZero() {
			next.Deletion.Since = now
		}
		next.notifyIfOverdue(now)
	})
}

func (r *Request) retryApplying(f *CallError, now time.Time) {
	r.Issuance.Tries++
	r.Issuance.Cause, r.Issuance.Code = f.Cause, f.Code
	r.Issuance.RetryAt = now.Add(WaitAfter(f, r.Issuance.Tries))
}

// ExtendFor gives an active key the later end that the given extension asks for.
func (r Request) ExtendFor(change Request, now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventExtend, "", now, "by "+string(change.ID), func(next *Request) {
		next.KeyExpiresAt = change.Change.NewEnd
		next.planExpiryReminder(now, p)
	})
}

// StartListChange records with an active key that the given request is changing
// its access list in Atlas. Two changes of one list at once could leave a mix of
// both.
func (r Request) StartListChange(by policy.ID, now time.Time) (Step, error) {
	return r.step(EventChangeAccessList, "", now, "by "+string(by), func(next *Request) {
		next.Changing = ListChange{By: by, Since: now}
	})
}

// RecordAdded records that the new entries of a changed access list are all in
// Atlas, and that the former ones are deleted next.
func (r Request) RecordAdded(now time.Time) (Step, error) {
	return r.step(EventChangeAccessList, "", now, "deleting the former addresses", func(next *Request) { next.Change.Added = true })
}

// ReplaceAccessListFor gives an active key the access list that the given request
// asks for, now that Atlas has it.
func (r Request) ReplaceAccessListFor(change Request, now time.Time) (Step, error) {
	return r.step(EventReplaceAccessList, "", now, "by "+string(change.ID), func(next *Request) {
		if next.ApprovedNetworks == nil {
			next.ApprovedNetworks = r.Access.Networks
		}
		next.Access.Networks, next.Access.NetworkPresets = change.Access.Networks, change.Access.NetworkPresets
		next.Changing = ListChange{Since: now}
	})
}

// StartRestore records that a partly changed access list has to be restored, and
// why.
func (r Request) StartRestore(f *CallError, now time.Time) (Step, error) {
	return r.step(EventRollback, "", now, f.Note(), func(next *Request) {
		next.Issuance = Issuance{Stage: StageRollingBack, NextEvent: EventFail, Cause: f.Cause, Code: f.Code, RetryAt: now}
		next.Deletion = Deletion{Since: now}
	})
}
