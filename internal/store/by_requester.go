package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A person can have tens of thousands of requests. These queries read no more than
// they return or count: each uses an index that begins with the requester.

// openOrLive is the condition that a request is open or its key active.
var openOrLive = stateIn(approval.StatePending, approval.StateApproved, approval.StateIssuing, approval.StateApplying, approval.StateDelivered, approval.StateActive, approval.StateRevoking)

// OpenByRequester implements [approval.Store].
func (s *Store) OpenByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	return s.listReadable(ctx, `
		WHERE r.id IN (SELECT id FROM request WHERE requester = $1 AND `+openOrLive+` ORDER BY requested_at DESC, id LIMIT $2)
		ORDER BY r.requested_at DESC, r.id`, user, policy.MaxListed)
}

// PageByRequester implements [approval.Store].
func (s *Store) PageByRequester(ctx context.Context, user policy.UserID, at approval.Cursor, limit int) ([]approval.Request, bool, error) {
	page, args := firstPage, []any{user, limit}
	if !at.RequestedAt.IsZero() {
		page, args = olderPage, append(args, millis(at.RequestedAt), at.ID)
		if at.Newer {
			page = newerPage
		}
	}
	found, err := s.listReadable(ctx, `WHERE r.id IN (`+page+`) ORDER BY r.requested_at DESC, r.id`, args...)
	if err != nil {
		return nil, false, err
	}
	args[1] = limit + 1 // unreadable requests count, too
	var there int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM (`+page+`)`, args...).Scan(&there); err != nil {
		return nil, false, fmt.Errorf("counting a page of requests: %w", err)
	}
	return found, there > limit, nil
}

// The queries of one person's list: $1 is the person, $2 the length, $3 and $4 the
// cursor.
const (
	firstPage = `SELECT id FROM request WHERE requester = $1 ORDER BY requested_at DESC, id LIMIT $2`
	olderPage = `SELECT id FROM request WHERE requester = $1 AND requested_at <= $3 AND (requested_at < $3 OR id > $4) ORDER BY requested_at DESC, id LIMIT $2`
	newerPage = `SELECT id FROM request WHERE requester = $1 AND requested_at >= $3 AND (requested_at > $3 OR id < $4) ORDER BY requested_at, id DESC LIMIT $2`
)

// ByIdempotencyKey implements [approval.Store].
func (s *Store) ByIdempotencyKey(ctx context.Context, key string) (approval.Request, error) {
	found, err := listAll(ctx, s.db, `WHERE r.idempotency_key = $1`, key)
	if err != nil {
		return approval.Request{}, err
	}
	if len(found) == 0 {
		return approval.Request{}, approval.ErrNotFound
	}
	return found[0], nil
}

// Usage implements [approval.Store].
func (s *Store) Usage(ctx context.Context, user policy.UserID, org policy.OrgID, since time.Time) (policy.Usage, error) {
	live, open := stateIn(approval.StateDelivered, approval.StateActive), stateIn(approval.OpenStates...)
	var t policy.Usage
	err := s.db.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM request WHERE requester = $1),
			(SELECT COUNT(*) FROM request WHERE requester = $1 AND `+live+`),
			(SELECT COUNT(*) FROM request WHERE requester = $1 AND `+live+` AND org = $2),
			(SELECT COUNT(*) FROM request WHERE requester = $1 AND `+open+` AND org = $2),
			(SELECT COUNT(*) FROM request WHERE requester = $1 AND `+open+` AND org = $2 AND new_key > 0),
			(SELECT COUNT(*) FROM request WHERE requester = $1 AND requested_at > $3 AND org = $2)`,
		user, org, millis(since)).Scan(&t.Any, &t.Held, &t.ActiveKeys, &t.Open, &t.Coming, &t.Recent)
	if err != nil && err != sql.ErrNoRows {
		return t, fmt.Errorf("counting requests: %w", err)
	}
	return t, nil
}
