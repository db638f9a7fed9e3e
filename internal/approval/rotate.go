package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// The keys of one rotation stand for one access: what an approver or the operator
// revokes is deleted with every key before and after it. The revoked request says
// so on disk, in the same step; the worker ends the others and then records that
// it did. After a crash in between the next run makes up for it.

// A CascadeScope says which requests of the same rotations end with one.
type CascadeScope string

const (
	// CascadeAll ends every key before and after it, and every successor on its way.
	CascadeAll CascadeScope = "all"

	// CascadeUnconfirmed ends successors that their owner has not confirmed.
	CascadeUnconfirmed CascadeScope = "unconfirmed"

	// CascadeUnshown ends successors whose key was not shown.
	CascadeUnshown CascadeScope = "unshown"
)

// cascadeTo makes the ending of others due with this one, if r may have any.
func (r *Request) cascadeTo(scope CascadeScope) {
	if r.Type == Rotation || r.Successor != "" || len(r.Transfers) > 0 {
		r.Cascade = scope
	}
}

// RecordCascade records that the other requests of the same rotations were ended.
func (r Request) RecordCascade(now time.Time) (Step, error) {
	return r.step(EventCascaded, "", now, string(r.Cascade), func(next *Request) { next.Cascade = "" })
}

// Rotate names the successor of an active key.
func (r Request) Rotate(successor policy.ID, by policy.UserID, now time.Time) (Step, error) {
	if r.Successor == successor {
		return Step{}, ErrRotationUnderway
	}
	return r.step(EventRotate, by, now, "successor "+string(successor), func(next *Request) { next.Successor = successor })
}

// ScheduleRetirement lets an active key expire earlier, now that the successor
// with the given id is in use.
func (r Request) ScheduleRetirement(successor policy.ID, end, now time.Time, p policy.Policy) (Step, error) {
	return r.step(EventScheduleRetirement, "", now, "by "+string(successor), func(next *Request) {
		next.KeyExpiresAt = end
		next.planExpiryReminder(now, p)
	})
}

// RecordScheduled records, of a successor, that its predecessor's end is scheduled.
func (r Request) RecordScheduled(now time.Time) (Step, error) {
	return r.step(EventPredecessorScheduled, "", now, "", func(next *Request) { next.PredecessorScheduled = true })
}

// IsUnissuedSuccessor reports whether r is a successor for which no key was issued.
func (r Request) IsUnissuedSuccessor() bool {
	return r.Type == Rotation && (r.State == StatePending || r.State == StateApproved)
}

// Started is when the access of r's key began: when the first key of its rotations
// was made.
func (r Request) Started() time.Time {
	if r.Since.IsZero() {
		return r.Key.MadeAt
	}
	return r.Since
}

// LifeUntil is how long the access of r's key lasts in all, with the keys before
// it, if the key expires at end.
func (r Request) LifeUntil(end time.Time) time.Duration { return end.Sub(r.Started()) }
