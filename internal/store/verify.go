package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
)

// A Summary summarizes the content of a database.
type Summary struct {
	Requests int64     // number of requests
	Lines    int64     // number of lines of the audit trail
	Head     AuditHead // the end of the trail
	Schema   int       // the number of its last migration
}

// QuickCheck reads every page of the database and compares every request with the
// audit trail. It returns an error if the file is damaged or was combined from two
// databases.
func (s *Store) QuickCheck(ctx context.Context) error {
	if err := s.checkPages(ctx, `PRAGMA quick_check(1)`); err != nil {
		return err
	}
	return s.checkRows(ctx)
}

// Verify runs all checks that do not need Atlas: of pages and indexes, of the chain
// of the audit trail up to its recorded end, and of every request against the
// trail.
func (s *Store) Verify(ctx context.Context) (Summary, error) {
	sum, err := s.verifyFile(ctx)
	if err == nil {
		err = s.checkRows(ctx)
	}
	return sum, err
}

// verifyFile is [Store.Verify] without the comparison of requests and trail.
func (s *Store) verifyFile(ctx context.Context) (Summary, error) {
	if err := s.checkPages(ctx, `PRAGMA integrity_check(1)`); err != nil {
		return Summary{}, err
	}
	sum, err := s.summary(ctx)
	if err == nil {
		err = s.checkChain(ctx, sum)
	}
	return sum, err
}

func (s *Store) summary(ctx context.Context) (Summary, error) {
	var sum Summary
	var err error
	if sum.Schema, err = s.schemaVersion(ctx); err != nil {
		return sum, err
	}
	const counts = `SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM audit)`
	if err := s.db.QueryRowContext(ctx, counts).Scan(&sum.Requests, &sum.Lines); err != nil {
		return sum, fmt.Errorf("counting: %w", explainSQLite(err))
	}
	sum.Head, err = s.AuditHead(ctx)
	return sum, err
}

// checkPages runs one of SQLite's own checks.
func (s *Store) checkPages(ctx context.Context, pragma string) error {
	var says string
	if err := s.db.QueryRowContext(ctx, pragma).Scan(&says); err != nil {
		return fmt.Errorf("reading every page: %w", explainSQLite(err))
	}
	if says != "ok" {
		s.health.damage()
		return fmt.Errorf("this file is damaged; restore a backup with 'atlas-key-bot restore': %s", says)
	}
	return nil
}

// checkChain follows the whole audit trail.
func (s *Store) checkChain(ctx context.Context, sum Summary) error {
	var chain approval.Chain
	if err := s.Audit(ctx, chain.Next); err != nil {
		return fmt.Errorf("following the audit trail: %w", err)
	}
	if chain.Lines != sum.Lines || chain.Last.Seq != sum.Head.Seq || chain.Last.Hash != sum.Head.Hash {
		return fmt.Errorf("following the audit trail: %w: it ends at line %d, and line %d is noted as its end", approval.ErrBrokenChain, chain.Last.Seq, sum.Head.Seq)
	}
	return nil
}

// checkRows compares requests with the trail. Every change of a request adds one
// line that is not a refusal and increments its version, in one transaction, so
// they differ only if one of them is older.
func (s *Store) checkRows(ctx context.Context) error {
	// Two halves and no FULL JOIN, for which SQLite uses no index: with 10,000 requests
	// that took ten seconds.
	const differ = `
		WITH t AS MATERIALIZED (
			SELECT request, to_state, count(*) AS changes, max(seq) FROM audit
			WHERE refused = '' AND request <> '' GROUP BY request
		)
		SELECT r.id, r.state, r.version, COALESCE(t.to_state, ''), COALESCE(t.changes, 0)
		FROM request r LEFT JOIN t ON t.request = r.id
		WHERE t.request IS NULL OR r.state <> t.to_state OR r.version <> t.changes
		UNION ALL
		SELECT t.request, '', 0, t.to_state, t.changes
		FROM t WHERE NOT EXISTS (SELECT 1 FROM request r WHERE r.id = t.request)
		LIMIT 1`
	var id, state, said string
	var version, changes int64
	err := s.db.QueryRowContext(ctx, differ).Scan(&id, &state, &version, &said, &changes)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("comparing requests with the audit trail: %w", explainSQLite(err))
	}
	var what string
	switch {
	case version == 0:
		what = fmt.Sprintf("%s is %s in the trail and has no row", id, said)
	case changes == 0:
		what = fmt.Sprintf("%s is %s and not in the trail", id, state)
	default:
		what = fmt.Sprintf("%s is %s after %d changes, and in the trail %s after %d", id, state, version, said, changes)
	}
	return fmt.Errorf("%w (%s): a backup was copied over a database whose -wal was still there, or the file was changed by hand; restore a backup with 'atlas-key-bot restore'", ErrNotItsTrail, what)
}
