package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
)

// Record implements [approval.Store].
func (s *Store) Record(ctx context.Context, e approval.Entry) error {
	return record(ctx, s.db, e)
}

// An execer is the database, or a transaction on it.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func record(ctx context.Context, x execer, e approval.Entry) error {
	if e.At.IsZero() {
		return errors.New("adding to the audit trail: the entry has no time")
	}
	const add = `
		INSERT INTO audit (at, org, request, event, from_state, to_state, by_whom, note, refused)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err := x.ExecContext(ctx, add, millis(e.At), e.Org, e.Request, e.Event, e.From, e.To, e.By, e.Note, e.Refused)
	if err != nil {
		return fmt.Errorf("adding to the audit trail: %w", err)
	}
	return nil
}

// auditPage is how many entries are read at once.
const auditPage = 500

// Audit implements [approval.Store]. It reads in pages, so that yield may take
// its time and use the store.
func (s *Store) Audit(ctx context.Context, yield func(approval.Entry) error) error {
	var last int64
	for {
		page, err := s.entriesAfter(ctx, last)
		if err != nil {
			return fmt.Errorf("reading the audit trail: %w", err)
		}
		for _, e := range page {
			if err := yield(e); err != nil {
				return err
			}
			last = e.Seq
		}
		if len(page) < auditPage {
			return nil
		}
	}
}

func (s *Store) entriesAfter(ctx context.Context, seq int64) ([]approval.Entry, error) {
	const next = `
		SELECT seq, at, org, request, event, from_state, to_state, by_whom, note, refused
		FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`
	rows, err := s.db.QueryContext(ctx, next, seq, auditPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []approval.Entry
	for rows.Next() {
		var e approval.Entry
		var at int64
		if err := rows.Scan(&e.Seq, &at, &e.Org, &e.Request, &e.Event, &e.From, &e.To, &e.By, &e.Note, &e.Refused); err != nil {
			return nil, err
		}
		e.At = fromMillis(at)
		page = append(page, e)
	}
	return page, rows.Err()
}
