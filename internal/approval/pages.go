package approval

import (
	"context"
	"time"
)

// A Cursor is a place in the list of one person's requests, newest first: at the
// request with ID that was asked for at RequestedAt, whether or not it is theirs or
// exists any more. The zero Cursor is the beginning.
type Cursor struct {
	AskedAt time.Time // to the millisecond
	ID      ID
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

// Mine lists at most limit of who's requests from a place on. Where nothing comes
// after the place any more, or less than a page before it, the newest are listed.
func (s *Service) Mine(ctx context.Context, who Actor, at Cursor, limit int) (Page, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return Page{}, err
	}
	found, more, err := s.Store.PageByRequester(ctx, who.User, at, limit)
	switch {
	case err != nil:
		return Page{}, err
	case at.AskedAt.IsZero():
		return Page{Requests: found, Older: more}, nil
	case len(found) == 0, at.Newer && !more:
		return s.Mine(ctx, who, Cursor{}, limit)
	case at.Newer:
		return Page{Requests: found, Newer: true, Older: true}, nil
	}
	return Page{Requests: found, Newer: true, Older: more}, nil
}
