package approval

import (
	"slices"
)

// An event post says what happened, once, with the facts of that moment. Every
// other message says how things stand, and is drawn again whenever that changes.

// IsEvent reports whether m is an event post.
func (m MessageName) IsEvent() bool {
	_, isEndorsed := m.Number("endorsed")
	return isEndorsed || m.isMade() || slices.Contains([]MessageName{DecidedNotice, FailedNotice, ClosedNotice, NudgedNotice, EscalatedNotice}, m)
}
