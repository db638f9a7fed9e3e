package store

import (
	"context"
	"errors"
	"fmt"
	"math"

	"atlaskeybot/internal/approval"
)

// Record implements [approval.Store]. An entry that names a request must be a
// refusal, because [Store.QuickCheck] counts any other as a change of the request.
func (s *Store) Record(ctx context.Context, e approval.AuditEntry) error {
	return s.inTx(ctx, func(ctx context.Context, tx writer) error { return record(ctx, tx, e) })
}

// record adds e to the end of the chain. It updates audit_head first, which locks
// that row on any database, so that concurrent writers run one after another and a
// rolled back transaction leaves no gap.
func record(ctx context.Context, tx writer, e approval.AuditEntry) error {
	if e.At.IsZero() {
		return errors.New("adding to the audit trail: the entry has no time")
	}
	var prev string
	const count = `UPDATE audit_head SET seq = seq + 1 RETURNING seq, hash`
	if err := tx.QueryRowContext(ctx, count).Scan(&e.Seq, &prev); err != nil {
		return fmt.Errorf("finding the end of the audit trail: %w", err)
	}
	e = e.Linked(prev)
	const add = `
		INSERT INTO audit (seq, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	_, err := tx.ExecContext(ctx, add, e.Seq, millis(e.At), e.Org, e.Request, e.Event, e.From, e.To, e.By, e.Note, e.Refused,
		e.Key, e.KeyID, e.Details, e.Prev, e.Hash)
	if err != nil {
		return fmt.Errorf("adding to the audit trail: %w", err)
	}
	return setHead(ctx, tx, e)
}

func setHead(ctx context.Context, tx writer, last approval.AuditEntry) error {
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET seq = $1, hash = $2`, last.Seq, last.Hash); err != nil {
		return fmt.Errorf("moving the end of the audit trail: %w", err)
	}
	return nil
}

// An AuditHead is the recorded end of the audit trail. It is zero for an empty
// trail.
type AuditHead struct {
	Seq  int64
	Hash string
}

// AuditHead returns the end of the audit trail. Later entries only follow it.
func (s *Store) AuditHead(ctx context.Context) (AuditHead, error) {
	var h AuditHead
	if err := s.db.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head`).Scan(&h.Seq, &h.Hash); err != nil {
		return AuditHead{}, fmt.Errorf("reading the end of the audit trail: %w", err)
	}
	return h, nil
}

// auditPage is how many entries are read at once.
const auditPage = 500

// Audit implements [approval.Store]. It reads pages, so that yield may be slow and
// may use the store.
func (s *Store) Audit(ctx context.Context, yield func(approval.AuditEntry) error) error {
	return scanEntries(ctx, s.db, yield)
}

func scanEntries(ctx context.Context, q queryer, yield func(approval.AuditEntry) error) error {
	from := int64(math.MinInt64) // the bot's own begin with 1; inserted rows may not
	for {
		page, err := entriesFrom(ctx, q, from)
		if err != nil {
			return fmt.Errorf("reading the audit trail: %w", err)
		}
		for _, e := range page {
			if err := yield(e); err != nil {
				return err
			}
			if e.Seq == math.MaxInt64 {
				return nil
			}
			from = e.Seq + 1
		}
		if len(page) < auditPage {
			return nil
		}
	}
}

// AuditRows counts the rows of the trail with a number of at most upTo, and those
// with an invalid number. If the table was tampered with, the count can exceed the
// number of entries that [Store.Audit] yields.
func (s *Store) AuditRows(ctx context.Context, upTo int64) (int64, error) {
	var n int64
	const count = `SELECT count(*) FROM audit WHERE typeof(seq) <> 'integer' OR seq <= $1`
	if err := s.db.QueryRowContext(ctx, count, upTo).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the audit trail: %w", err)
	}
	return n, nil
}

func entriesFrom(ctx context.Context, q queryer, seq int64) ([]approval.AuditEntry, error) {
	const next = `
		SELECT seq, at, org, request, event, from_state, to_state, actor, note, refused, public_key, key_id, details, prev, hash
		FROM audit WHERE seq >= $1 AND typeof(seq) = 'integer' ORDER BY seq LIMIT $2`
	rows, err := q.QueryContext(ctx, next, seq, auditPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []approval.AuditEntry
	for rows.Next() {
		var e approval.AuditEntry
		var at int64
		if err := rows.Scan(&e.Seq, &at, &e.Org, &e.Request, &e.Event, &e.From, &e.To, &e.By, &e.Note, &e.Refused,
			&e.Key, &e.KeyID, &e.Details, &e.Prev, &e.Hash); err != nil {
			return nil, err
		}
		e.At = fromMillis(at)
		page = append(page, e)
	}
	return page, rows.Err()
}
