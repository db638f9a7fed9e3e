package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// ClaimWork implements [approval.Store]. A request due after $3 is due now, because
// the clock was set back after its time was written.
func (s *Store) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	due := `(work_at <= $2 OR work_at > $3 AND ` + stateIn(approval.ShortWaits...) + `)`
	if len(in) > 0 {
		due += ` AND ` + stateIn(in...)
	}
	return s.claim(ctx, `
		UPDATE request SET work_until = $1 WHERE id = (
			SELECT id FROM request WHERE work_at > 0 AND `+due+` AND (work_until <= $2 OR work_until > $3)
			ORDER BY work_at, id LIMIT 1`+s.dialect.skipLocked+`)
		RETURNING id`, now, until)
}

// stateIn returns the SQL condition that a row is in one of states, whose names are
// constants.
func stateIn(states ...approval.State) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = "'" + string(s) + "'"
	}
	return `state IN (` + strings.Join(names, ", ") + `)`
}

// ClaimSync implements [approval.Store].
func (s *Store) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return s.claim(ctx, `
		UPDATE request SET sync_until = $1 WHERE id = (
			SELECT id FROM request WHERE sync_at > 0 AND (sync_at <= $2 OR sync_at > $3) AND (sync_until <= $2 OR sync_until > $3)
			ORDER BY sync_at, id LIMIT 1`+s.dialect.skipLocked+`)
		RETURNING id`, now, until)
}

func (s *Store) claim(ctx context.Context, lease string, now, until time.Time) (approval.Request, error) {
	var r approval.Request
	if s.attached {
		return r, errors.New("leasing a request: the database is attached, and its owner does the work")
	}
	var id policy.ID
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, lease, millis(until), millis(now), millis(now.Add(approval.MaxWait))).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return approval.ErrNothingDue
		}
		if err != nil {
			return fmt.Errorf("leasing a request: %w", err)
		}
		r, err = get(ctx, tx, id)
		if errors.Is(s.rows.note(err), approval.ErrUnreadable) {
			return nil // the lease stays, so that the next claim gives another
		}
		return err
	})
	if err == nil && r.ID == "" {
		return r, fmt.Errorf("leasing request %s: %w", id, approval.ErrUnreadable)
	}
	return r, err
}

// ReleaseWork implements [approval.Store].
func (s *Store) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	return s.updateOne(ctx, id, `
		UPDATE request SET work_until = 0,
			work_at = CASE WHEN version = $2 AND $3 > 0 THEN $3 ELSE work_at END
		WHERE id = $1`, id, version, millis(at))
}

// ReleaseSync implements [approval.Store].
func (s *Store) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	return s.updateOne(ctx, id, `
		UPDATE request SET sync_until = 0,
			sync_at = CASE WHEN version = $2 THEN $3 ELSE sync_at END
		WHERE id = $1`, id, version, millis(at))
}

// SaveMessageRef implements [approval.Store].
func (s *Store) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		r, err := get(ctx, tx, id)
		if err != nil || !slices.Contains(r.Messages, name) {
			return err
		}
		const save = `
			INSERT INTO message_ref (request, name, channel, ts, shown, digest) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (request, name) DO UPDATE
			SET channel = excluded.channel, ts = excluded.ts, shown = excluded.shown, digest = excluded.digest`
		if _, err := tx.ExecContext(ctx, save, id, name, at.Channel, at.TS, at.Shown, at.Digest); err != nil {
			return fmt.Errorf("saving message %s of request %s: %w", name, id, err)
		}
		return nil
	})
}

// NextDue implements [approval.Store]. A leased request is due when its lease ends.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	const next = `
		SELECT COALESCE(MIN(due), 0) FROM (
			SELECT CASE WHEN work_until > work_at THEN work_until ELSE work_at END AS due FROM request WHERE work_at > 0
			UNION ALL
			SELECT CASE WHEN sync_until > sync_at THEN sync_until ELSE sync_at END AS due FROM request WHERE sync_at > 0
		) AS pending`
	var due int64
	if err := s.db.QueryRowContext(ctx, next).Scan(&due); err != nil {
		return time.Time{}, fmt.Errorf("reading what is due next: %w", err)
	}
	return fromMillis(due), nil
}

// dropLeases ends the leases of a process that has ended, and the waits before its
// retries, so that a restarted bot retries at once.
func (s *Store) dropLeases(ctx context.Context) error {
	for _, drop := range []string{
		`UPDATE request SET work_until = 0, sync_until = 0 WHERE work_until > 0 OR sync_until > 0`,
		`UPDATE request SET work_at = 1 WHERE work_at > 1 AND ` + stateIn(approval.StateIssuing, approval.StateApplying, approval.StateRevoking),
		`UPDATE request SET sync_at = 1 WHERE sync_at > 1`,
	} {
		if _, err := s.db.ExecContext(ctx, drop); err != nil {
			return fmt.Errorf("dropping old leases: %w", err)
		}
	}
	return nil
}

// updateOne updates request id, or returns [approval.ErrNotFound].
func (s *Store) updateOne(ctx context.Context, id policy.ID, change string, args ...any) error {
	done, err := s.db.ExecContext(ctx, change, args...)
	if err != nil {
		return fmt.Errorf("updating request %s: %w", id, err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		return approval.ErrNotFound
	}
	return err
}
