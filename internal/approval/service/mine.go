package service

import (
	"context"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Mine lists at most limit of who's requests from a place on. Where nothing comes
// after the place any more, or less than a page before it, the newest are listed.
func (s *Service) Mine(ctx context.Context, who policy.Actor, at approval.Cursor, limit int) (approval.Page, error) {
	if err := requireMember(ctx, s.Directory, who); err != nil {
		return approval.Page{}, err
	}
	found, more, err := s.Store.PageByRequester(ctx, who.User, at, limit)
	switch {
	case err != nil:
		return approval.Page{}, err
	case at.AskedAt.IsZero():
		return approval.Page{Requests: found, Older: more}, nil
	case len(found) == 0, at.Newer && !more:
		return s.Mine(ctx, who, approval.Cursor{}, limit)
	case at.Newer:
		return approval.Page{Requests: found, Newer: true, Older: true}, nil
	}
	return approval.Page{Requests: found, Newer: true, Older: more}, nil
}
