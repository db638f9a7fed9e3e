package approval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// An event post says what happened, once, with the facts of that moment. Every
// other message says how things stand, and is drawn again whenever that changes.

// IsEvent reports whether m is an event post.
func (m MessageName) IsEvent() bool {
	_, isEndorsed := m.Number("endorsed")
	return isEndorsed || m.isMade() || slices.Contains([]MessageName{DecidedNotice, FailedNotice, ClosedNotice, NudgedNotice, EscalatedNotice}, m)
}

// addKeyCreatedNotice adds the post of a key that was shown: each showing has its own.
func (r *Request) addKeyCreatedNotice() {
	shown := 0
	for _, m := range r.Messages {
		if m.isMade() {
			shown++
		}
	}
	r.addMessage(KeyCreatedAgainNotice(shown + 1))
}

// keepEvents keeps r as it is now for each event post that has just become due.
// What was posted is kept no longer: it is never drawn again.
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

// asJSON is r without what no event post tells of.
func (r Request) asJSON() string {
	r.Messages, r.UnresolvedCreates, r.Events = nil, nil, nil
	encoded, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a request: %v", err)) // it holds nothing that JSON has not
	}
	return string(encoded)
}

// atEvent is r as it was when the event of m happened; its places are today's.
func (r Request) atEvent(m MessageName) (Request, error) {
	kept, isKept := r.Events[m]
	if !isKept {
		return r, nil
	}
	var of Request
	if err := json.Unmarshal([]byte(kept), &of); err != nil {
		return r, fmt.Errorf("reading request %s as it was for %s: %w", r.ID, m, err)
	}
	of.MessageRefs = r.MessageRefs
	return of, nil
}
