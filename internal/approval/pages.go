package approval

import (
	"time"

	"atlaskeybot/internal/approval/policy"
)

// A Cursor is a place in the list of one person's requests, newest first: at the
// request with ID that was asked for at RequestedAt, whether or not it is theirs or
// exists any more. The zero Cursor is the beginning.
type Cursor struct {
	AskedAt time.Time // to the millisecond
	ID      policy.ID
	Newer   bool // what comes before the place is meant, and not what comes after it
}

// CursorAt is the place of r.
func CursorAt(r Request) Cursor { return Cursor{AskedAt: r.RequestedAt, ID: r.ID} }

// A Page is a part of the list of one person's requests, newest first.
type Page struct {
	Requests []Request
	Newer    bool // there are newer ones than these
	Older    bool // there are older ones than these
}
