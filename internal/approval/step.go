package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// A Step is a request as one event leaves it, with the line of the audit trail
// for that event. [Requests.Move] stores both together.
//
// The methods of Request that return a Step are the only ways to change a
// request. They are pure: they read no clock and no store, and leave the request
// that they are called on as it is. The machine refuses what [Transitions] does
// not list, with [ErrNotAllowed].
type Step struct {
	Next  Request
	Entry AuditEntry
}

// step returns r after the event, with what change does to it. by is empty for
// the bot itself; note stands in the audit trail.
func (r Request) step(on Event, by policy.UserID, now time.Time, note string, change func(next *Request)) (Step, error) {
	to, err := r.State.Next(on)
	if err != nil {
		return Step{}, err
	}
	next := r.Clone()
	next.State = to
	change(&next)
	next.keepEvents()
	e := AuditEntry{At: now, Org: r.Org, Request: r.ID, Event: on, From: r.State, To: to, By: by, Note: note, Details: NewAuditDetails(next.Details)}
	return Step{Next: next, Entry: e.withKey(r.Key, next.Key)}, nil
}

// created returns the step that stores r as a new request.
func (r Request) created(on Event, by policy.UserID, note string) Step {
	r.Events = nil
	r.keepEvents()
	e := AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: on, To: r.State, By: by, Note: note, Details: NewAuditDetails(r.Details)}
	return Step{Next: r, Entry: e.withKey(r.Key, r.Key)}
}

// Refused returns the entry of a refused attempt at the event. The caller adds when
// and why.
func (r Request) Refused(on Event, by policy.UserID) AuditEntry {
	e := AuditEntry{Org: r.Org, Request: r.ID, Event: on, From: r.State, To: r.State, By: by, Details: NewAuditDetails(r.Details)}
	return e.withKey(r.Key, r.Key)
}
