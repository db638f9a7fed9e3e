package service

import (
	"context"
	"errors"
	"maps"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Get returns the request, to show it.
func (s *Service) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	return s.Store.Get(ctx, id)
}

// MineOpen lists the caller's requests that are not over, newest first; at most
// [approval.MaxListed].
func (s *Service) MineOpen(ctx context.Context, caller policy.Actor) ([]approval.Request, error) {
	if err := s.requireMember(ctx, caller); err != nil {
		return nil, err
	}
	return s.Store.OpenByRequester(ctx, caller.User)
}

// Mine returns a page of at most limit of the caller's requests at the cursor. If
// no requests follow the cursor, or less than a page precedes it, it returns the
// newest.
func (s *Service) Mine(ctx context.Context, caller policy.Actor, at approval.Cursor, limit int) (approval.Page, error) {
	if err := s.requireMember(ctx, caller); err != nil {
		return approval.Page{}, err
	}
	found, more, err := s.Store.PageByRequester(ctx, caller.User, at, limit)
	switch {
	case err != nil:
		return approval.Page{}, err
	case at.RequestedAt.IsZero():
		return approval.Page{Requests: found, Older: more}, nil
	case len(found) == 0, at.Newer && !more:
		return s.Mine(ctx, caller, approval.Cursor{}, limit)
	case at.Newer:
		return approval.Page{Requests: found, Newer: true, Older: true}, nil
	}
	return approval.Page{Requests: found, Newer: true, Older: more}, nil
}

// ByIdempotencyKey returns the request that a form made, to its requester. For others it
// does not exist.
func (s *Service) ByIdempotencyKey(ctx context.Context, caller policy.Actor, idempotencyKey string) (approval.Request, error) {
	if err := s.requireMember(ctx, caller); err != nil {
		return approval.Request{}, err
	}
	r, err := s.Store.ByIdempotencyKey(ctx, idempotencyKey)
	switch {
	case err != nil:
		return approval.Request{}, err
	case r.Requester != caller.User:
		return approval.Request{}, approval.ErrNotFound
	}
	return r, nil
}

// ListPending lists the requests that wait for the caller's decision, oldest first,
// or returns [policy.ErrNotApprover] if the caller approves nothing at all.
func (s *Service) ListPending(ctx context.Context, caller policy.Actor) ([]approval.Request, error) {
	administered, err := s.administered(ctx, caller)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListPending(ctx)
	return slices.DeleteFunc(all, func(r approval.Request) bool {
		return !isForDecision(administered, r, caller)
	}), err
}

// MayAdminister reports why the caller administers no organization, or nil. Nothing is
// recorded: the caller asked for nothing.
func (s *Service) MayAdminister(ctx context.Context, caller policy.Actor) error {
	_, err := s.administered(ctx, caller)
	return err
}

// pendingPage is how many pending requests FirstPending reads at once.
const pendingPage = 50

// FirstPending lists the oldest limit of the requests of [Service.ListPending], and
// reports whether there are more.
func (s *Service) FirstPending(ctx context.Context, caller policy.Actor, limit int) ([]approval.Request, bool, error) {
	administered, err := s.administered(ctx, caller)
	if err != nil {
		return nil, false, err
	}
	var found []approval.Request
	var after approval.Cursor
	for {
		page, more, err := s.Store.PagePending(ctx, after, pendingPage)
		if err != nil {
			return nil, false, err
		}
		for _, r := range page {
			if isForDecision(administered, r, caller) {
				found = append(found, r)
			}
		}
		switch {
		case len(found) > limit:
			return found[:limit], true, nil
		case !more || len(page) == 0:
			return found, false, nil
		}
		last := page[len(page)-1]
		after = approval.Cursor{RequestedAt: last.RequestedAt, ID: last.ID}
	}
}

// isForDecision reports whether a pending request waits for the caller.
func isForDecision(administered map[policy.OrgID]policy.ResolvedPolicy, r approval.Request, caller policy.Actor) bool {
	resolved, ok := administered[r.Org]
	return ok && resolved.MayDecide(r.Requester, r.Access, r.IsEscalated(), caller.User) == nil && !r.ApprovedBy(caller.User)
}

// A KeyPage is a part of the active keys that a search finds, oldest first.
type KeyPage struct {
	Keys  []approval.Request
	Page  int // from 0
	Total int // of all pages
}

// maxPage is beyond every page that there is.
const maxPage = 1 << 20

// ActiveKeys returns a page of size of the active keys that a search finds in the
// organizations that the caller administers: the last one if there are not as many.
func (s *Service) ActiveKeys(ctx context.Context, caller policy.Actor, which approval.KeySearch, page, size int) (KeyPage, error) {
	administered, err := s.administered(ctx, caller)
	if err != nil {
		return KeyPage{}, err
	}
	page = min(max(page, 0), maxPage)
	which.Orgs = slices.Sorted(maps.Keys(administered))
	keys, total, err := s.Store.PageActive(ctx, which, page*size, size)
	if last := max(total-1, 0) / size; err == nil && page > last {
		page = last
		keys, total, err = s.Store.PageActive(ctx, which, page*size, size)
	}
	return KeyPage{Keys: keys, Page: page, Total: total}, err
}

// AwaitingReview lists the keys taken by break-glass and not reviewed yet, of the
// organizations that the caller administers, oldest first.
func (s *Service) AwaitingReview(ctx context.Context, caller policy.Actor) ([]approval.Request, error) {
	return s.listAdministered(ctx, caller, s.Store.AwaitingReview)
}

func (s *Service) listAdministered(ctx context.Context, caller policy.Actor, list func(context.Context) ([]approval.Request, error)) ([]approval.Request, error) {
	administered, err := s.administered(ctx, caller)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx)
	return slices.DeleteFunc(all, func(r approval.Request) bool {
		_, ok := administered[r.Org]
		return !ok
	}), err
}

// administered returns the organizations of which the caller is an approver, with
// their policies as they are now, or [policy.ErrNotApprover] if there are none.
func (s *Service) administered(ctx context.Context, caller policy.Actor) (map[policy.OrgID]policy.ResolvedPolicy, error) {
	if err := s.requireMember(ctx, caller); err != nil {
		return nil, err
	}
	found := map[policy.OrgID]policy.ResolvedPolicy{}
	why := policy.ErrNotApprover
	for _, org := range s.Orgs {
		resolved := org.Policy.Resolve(ctx, s.Directory)
		switch err := resolved.IsApprover(caller.User); {
		case err == nil:
			found[org.ID] = resolved
		case !errors.Is(err, policy.ErrNotApprover):
			why = err
		}
	}
	if len(found) == 0 {
		return nil, why
	}
	return found, nil
}
