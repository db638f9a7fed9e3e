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

// ClaimWork implements [approval.Store]. A request due after the longest wait is due
// now, because the clock was set back after its time was written.
func (s *Store) ClaimWork(ctx context.Context, now, until time.Time, in ...approval.State) (approval.Request, error) {
	also := ""
	if len(in) > 0 {
		// An expression, so that the index of states isn't used: it has every request
		// that is over, and the indexes of what is due have few.
		also = ` AND state || '' IN (` + namesOf(in...) + `)`
	}
	return s.claim(ctx, &s.leases.work, now, until,
		`SELECT id FROM request WHERE work_at > 0 AND work_at <= $1`+also+` ORDER BY work_at, id`,
		`SELECT id FROM request`+s.dialect.useShortWaits+` WHERE work_at > 0 AND work_at > $1 AND `+shortWait+also+` ORDER BY work_at, id`)
}

// shortWait is the condition of the index of requests that wait for no date.
var shortWait = stateIn(approval.ShortWaits...)

// stateIn returns the SQL condition that a row is in one of states, whose names are
// constants.
func stateIn(states ...approval.State) string { return `state IN (` + namesOf(states...) + `)` }

func namesOf(states ...approval.State) string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = "'" + string(s) + "'"
	}
	return strings.Join(names, ", ")
}

// ClaimSync implements [approval.Store].
func (s *Store) ClaimSync(ctx context.Context, now, until time.Time) (approval.Request, error) {
	return s.claim(ctx, &s.leases.sync, now, until,
		`SELECT id FROM request WHERE sync_at > 0 AND sync_at <= $1 ORDER BY sync_at, id`,
		`SELECT id FROM request WHERE sync_at > 0 AND sync_at > $1 ORDER BY sync_at, id`)
}

// claim leases a request that due selects, or one that implausible does: $1 is now,
// and the latest time that a wait can end.
func (s *Store) claim(ctx context.Context, held *leases, now, until time.Time, due, implausible string) (approval.Request, error) {
	if s.attached {
		return approval.Request{}, errors.New("leasing a request: the database is attached, and its owner does the work")
	}
	latest := now.Add(approval.MaxWait)
	id, err := s.lease(ctx, held, now, until, due, now)
	if errors.Is(err, approval.ErrNothingDue) {
		id, err = s.lease(ctx, held, now, until, implausible, latest)
	}
	if err != nil {
		return approval.Request{}, err
	}
	r, err := s.Get(ctx, id)
	switch {
	case errors.Is(err, approval.ErrUnreadable): // the lease stays, so that the next claim gives another
		return r, fmt.Errorf("leasing request %s: %w", id, approval.ErrUnreadable)
	case err != nil:
		held.drop(id)
	}
	return r, err
}

// lease leases the first request that query selects and that is not leased. The rows
// hold the connection meanwhile, so that no change comes in between.
func (s *Store) lease(ctx context.Context, held *leases, now, until time.Time, query string, arg time.Time) (policy.ID, error) {
	rows, err := s.db.QueryContext(ctx, query, millis(arg))
	if err != nil {
		return "", fmt.Errorf("leasing a request: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id policy.ID
		if err := rows.Scan(&id); err != nil {
			return "", fmt.Errorf("leasing a request: %w", err)
		}
		if held.take(id, millis(now), millis(until)) {
			return id, nil
		}
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("leasing a request: %w", err)
	}
	return "", approval.ErrNothingDue
}

// ReleaseWork implements [approval.Store].
func (s *Store) ReleaseWork(ctx context.Context, id policy.ID, version int64, at time.Time) error {
	const (
		read  = `SELECT version, work_at FROM request WHERE id = $1`
		write = `UPDATE request SET work_at = $1 WHERE id = $2 AND version = $3`
	)
	return s.release(ctx, &s.leases.work, id, version, at, !at.IsZero(), nil, read, write)
}

// ReleaseSync implements [approval.Store].
func (s *Store) ReleaseSync(ctx context.Context, id policy.ID, version int64, at time.Time, updated map[approval.MessageName]string) error {
	const (
		read  = `SELECT version, sync_at FROM request WHERE id = $1`
		write = `UPDATE request SET sync_at = $1 WHERE id = $2 AND version = $3`
	)
	return s.release(ctx, &s.leases.sync, id, version, at, true, updated, read, write)
}

// release ends a lease. It writes only if a message was updated, or the time of a request
// that is still of that version changes, and ends the lease after that: another worker
// would be given the request as it was due before.
func (s *Store) release(ctx context.Context, held *leases, id policy.ID, version int64, at time.Time, sets bool, updated map[approval.MessageName]string, read, write string) error {
	var is, due int64
	err := s.db.QueryRowContext(ctx, read, id).Scan(&is, &due)
	if errors.Is(err, sql.ErrNoRows) {
		return approval.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reading when request %s is due: %w", id, err)
	}
	if sets = sets && is == version && due != millis(at); sets || len(updated) > 0 {
		err = s.inTx(ctx, func(ctx context.Context, tx writer) error {
			for name, digest := range updated {
				const save = `UPDATE message_ref SET digest = $1 WHERE request = $2 AND name = $3`
				if _, err := tx.ExecContext(ctx, save, digest, id, name); err != nil {
					return fmt.Errorf("saving what message %s shows: %w", name, err)
				}
			}
			if !sets {
				return nil
			}
			_, err := tx.ExecContext(ctx, write, millis(at), id, version)
			return err
		})
		if err != nil {
			return fmt.Errorf("releasing request %s: %w", id, err)
		}
	}
	held.drop(id)
	return nil
}

// SaveMessageRef implements [approval.Store].
func (s *Store) SaveMessageRef(ctx context.Context, id policy.ID, name approval.MessageName, at approval.MessageRef) error {
	return s.inTx(ctx, func(ctx context.Context, tx writer) error {
		r, err := get(ctx, tx, id)
		if err != nil || !slices.Contains(r.Messages, name) {
			return err
		}
		const save = `
			INSERT INTO message_ref (request, name, channel, ts, digest) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (request, name) DO UPDATE
			SET channel = excluded.channel, ts = excluded.ts, digest = excluded.digest`
		if _, err := tx.ExecContext(ctx, save, id, name, at.Channel, at.TS, at.Digest); err != nil {
			return fmt.Errorf("saving message %s of request %s: %w", name, id, err)
		}
		return nil
	})
}

// NextDue implements [approval.Store]. A leased request is due when its lease ends.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	work, err := s.firstDue(ctx, &s.leases.work, `SELECT id, work_at FROM request WHERE work_at > 0 ORDER BY work_at, id`)
	if err != nil {
		return time.Time{}, err
	}
	first, err := s.firstDue(ctx, &s.leases.sync, `SELECT id, sync_at FROM request WHERE sync_at > 0 ORDER BY sync_at, id`)
	if err != nil {
		return time.Time{}, err
	}
	if first == 0 || work != 0 && work < first {
		first = work
	}
	return fromMillis(first), nil
}

// firstDue is when the first of the requests that query selects is due, or 0. It reads
// no further than to the first without a lease.
func (s *Store) firstDue(ctx context.Context, held *leases, query string) (int64, error) {
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return 0, fmt.Errorf("reading what is due next: %w", err)
	}
	defer rows.Close()
	var first int64
	for rows.Next() {
		var id policy.ID
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			return 0, fmt.Errorf("reading what is due next: %w", err)
		}
		until := held.until(id)
		if due := max(at, until); first == 0 || due < first {
			first = due
		}
		if until <= at {
			break // what follows is due later
		}
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("reading what is due next: %w", err)
	}
	return first, nil
}

// dropWaits ends the waits before the retries of a process that has ended, so that a
// restarted bot retries at once.
func (s *Store) dropWaits(ctx context.Context) error {
	for _, drop := range []string{
		`UPDATE request SET work_at = 1 WHERE work_at > 0 AND work_at > 1 AND ` + stateIn(approval.StateIssuing, approval.StateApplying, approval.StateRevoking),
		`UPDATE request SET sync_at = 1 WHERE sync_at > 0 AND sync_at > 1`,
	} {
		if _, err := s.db.ExecContext(ctx, drop); err != nil {
			return fmt.Errorf("ending old waits: %w", err)
		}
	}
	return nil
}
