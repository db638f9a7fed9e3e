package approval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// An event post says once what happened, with the facts of that moment. Every
// other message says how things stand, and is updated whenever that changes.

// IsEvent reports whether m is an event post.
func (m MessageName) IsEvent() bool {
	_, isApprovalAdded := m.Number("approval_added")
	return isApprovalAdded || m.isMade() || slices.Contains([]MessageName{DecidedNotice, FailedNotice, ClosedNotice, NudgedNotice, EscalatedNotice}, m)
}

// keepEvents keeps r as it is now for each event post that has just become due.
// What was posted is kept no longer: it is never updated.
func (r *Request) keepEvents() {
	var kept map[MessageName]string
	for _, m := range r.Messages {
		if !m.IsEvent() || r.MessageRefs[m].TS != "" {
			continue
		}
		if kept == nil {
			kept = map[MessageName]string{}
		}
		kept[m] = cmp.Or(r.Events[m], r.asJSON())
	}
	r.Events = kept
}

// asJSON returns r without the fields that no event post shows.
func (r Request) asJSON() string {
	r.Messages, r.UnresolvedCreates, r.Events = nil, nil, nil
	encoded, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a request: %v", err)) // every field of it has a form in JSON
	}
	return string(encoded)
}

// AtEvent returns r as it was when the event of m happened, with its present
// MessageRefs.
func (r Request) AtEvent(m MessageName) (Request, error) {
	kept, isKept := r.Events[m]
	if !isKept {
		return r, nil
	}
	var then Request
	if err := json.Unmarshal([]byte(kept), &then); err != nil {
		return r, fmt.Errorf("reading request %s as it was for %s: %w", r.ID, m, err)
	}
	then.MessageRefs = r.MessageRefs
	return then, nil
}
