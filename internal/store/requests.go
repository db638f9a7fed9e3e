package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Create implements [approval.Store].
func (s *Store) Create(ctx context.Context, r approval.Request, e approval.AuditEntry) (approval.Request, error) {
	r.Version = 1
	var stored approval.Request
	err := s.inTx(ctx, func(ctx context.Context, tx writer) error {
		added, err := insert(ctx, tx, r, e)
		if err != nil {
			return err
		}
		if !added {
			stored, err = conflictWith(ctx, tx, r)
			return err
		}
		if err := record(ctx, tx, e); err != nil {
			return err
		}
		stored, err = get(ctx, tx, r.ID)
		return err
	})
	return stored, err
}

// insert reports whether it inserted r, which fails if its id or idempotency key is
// in use.
func insert(ctx context.Context, tx writer, r approval.Request, e approval.AuditEntry) (bool, error) {
	body, err := encode(r)
	if err != nil {
		return false, err
	}
	const add = `
		INSERT INTO request (id, org, kind, state, version, requester, idempotency_key, requested_at, work_at, sync_at, awaiting_review, predecessor, new_key, key_expires_at, roles, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT DO NOTHING`
	done, err := tx.ExecContext(ctx, add, r.ID, r.Org, r.Kind, r.State, r.Version, r.Requester, r.IdempotencyKey,
		millis(r.RequestedAt), millis(r.WorkAt()), millis(r.SyncAt(e.At)), awaitingReview(r), predecessor(r), newKey(r), millis(r.KeyExpiresAt), rolesOf(r), body)
	if err != nil {
		return false, fmt.Errorf("inserting request %s: %w", r.ID, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// conflictWith returns the request with r's idempotency key and
// [approval.ErrDuplicate], or [approval.ErrIDTaken].
func conflictWith(ctx context.Context, tx writer, r approval.Request) (approval.Request, error) {
	same, err := listAll(ctx, tx, `WHERE r.idempotency_key = $1`, r.IdempotencyKey)
	if err != nil {
		return approval.Request{}, err
	}
	if len(same) == 0 {
		return approval.Request{}, approval.ErrIDTaken
	}
	return same[0], approval.ErrDuplicate
}

// Get implements [approval.Store].
func (s *Store) Get(ctx context.Context, id policy.ID) (approval.Request, error) {
	r, err := get(ctx, s.db, id)
	return r, s.rows.note(err)
}

// Move implements [approval.Store].
func (s *Store) Move(ctx context.Context, next approval.Request, e approval.AuditEntry) (approval.Request, error) {
	var stored approval.Request
	err := s.inTx(ctx, func(ctx context.Context, tx writer) error {
		moved, err := update(ctx, tx, next, e)
		if err != nil {
			return err
		}
		if moved {
			if err := record(ctx, tx, e); err != nil {
				return err
			}
		}
		stored, err = get(ctx, tx, next.ID)
		switch {
		case err != nil:
			return err
		case !moved:
			return approval.ErrConflict
		}
		return forgetUnlisted(ctx, tx, stored)
	})
	return stored, err
}

// forgetUnlisted deletes from the database and from r where the messages are that r
// no longer lists.
func forgetUnlisted(ctx context.Context, tx writer, r approval.Request) error {
	for name := range r.MessageRefs {
		if slices.Contains(r.Messages, name) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM message_ref WHERE request = $1 AND name = $2`, r.ID, name); err != nil {
			return fmt.Errorf("forgetting message %s of request %s: %w", name, r.ID, err)
		}
		delete(r.MessageRefs, name)
	}
	return nil
}

// update reports whether it updated the request, which fails if it is no longer in
// state e.From or of next's version.
func update(ctx context.Context, tx writer, next approval.Request, e approval.AuditEntry) (bool, error) {
	was := next.Version
	next.Version++
	body, err := encode(next)
	if err != nil {
		return false, err
	}
	const change = `
		UPDATE request SET state = $1, version = $2, requester = $3, work_at = $4, sync_at = $5, awaiting_review = $6, key_expires_at = $7, roles = $8, body = $9
		WHERE id = $10 AND state = $11 AND version = $12`
	done, err := tx.ExecContext(ctx, change, next.State, next.Version, next.Requester, millis(next.WorkAt()), millis(next.SyncAt(e.At)), awaitingReview(next), millis(next.KeyExpiresAt), rolesOf(next), body,
		next.ID, e.From, was)
	if err != nil {
		return false, fmt.Errorf("updating request %s: %w", next.ID, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// awaitingReview is 1 for a break-glass key that has not been reviewed.
func awaitingReview(r approval.Request) int {
	if r.BreakGlass && r.Review.By == "" {
		return 1
	}
	return 0
}

// newKey is 1 if r requests a new key.
func newKey(r approval.Request) int {
	if r.Type == approval.NewKey {
		return 1
	}
	return 0
}

// predecessor is the request whose key a rotation replaces.
func predecessor(r approval.Request) policy.ID {
	if r.Type == approval.Rotation {
		return r.ParentID
	}
	return ""
}

// Successors implements [approval.Store]. It fails if any of them cannot be read,
// because a key that it left out would outlive its revocation.
func (s *Store) Successors(ctx context.Context, id policy.ID) ([]approval.Request, error) {
	return listAll(ctx, s.db, `WHERE r.predecessor = $1 AND r.predecessor <> '' ORDER BY r.requested_at, r.id`, id)
}

// ListByRequester implements [approval.Store].
func (s *Store) ListByRequester(ctx context.Context, user policy.UserID) ([]approval.Request, error) {
	newest, _, err := s.PageByRequester(ctx, user, approval.Cursor{}, policy.MaxListed)
	return newest, err
}

// ListActive implements [approval.Store].
func (s *Store) ListActive(ctx context.Context) ([]approval.Request, error) {
	return s.listReadable(ctx, `WHERE r.state IN ($1, $2) ORDER BY r.requested_at, r.id`, approval.StateDelivered, approval.StateActive)
}

// ListPending implements [approval.Store].
func (s *Store) ListPending(ctx context.Context) ([]approval.Request, error) {
	return s.listReadable(ctx, `WHERE r.state = $1 ORDER BY r.requested_at, r.id`, approval.StatePending)
}

// AwaitingReview implements [approval.Store].
func (s *Store) AwaitingReview(ctx context.Context) ([]approval.Request, error) {
	return s.listReadable(ctx, `WHERE r.awaiting_review > 0 ORDER BY r.requested_at, r.id`)
}

func encode(r approval.Request) (string, error) {
	body, err := json.Marshal(inMillis(r))
	if err != nil {
		return "", fmt.Errorf("encoding request %s: %w", r.ID, err)
	}
	return string(body), nil
}
