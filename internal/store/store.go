// Package store keeps requests and the audit trail in SQL: an
// [approval.Store] over SQLite, written so that PostgreSQL needs no second set
// of queries. It decides nothing; what may follow what is decided in package
// approval.
//
// A request is one JSON document, the truth. The columns beside it are copies
// for finding and guarding it. Times are Unix milliseconds, and 0 is never.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"atlaskeybot/internal/approval"
)

// Store is a database of requests. What its methods returned from survives a
// crash of the process and a loss of power.
type Store struct {
	db       *sql.DB
	dialect  dialect
	owned    *ownedFile // nil in memory and for a guest
	attached bool       // the file is another process's
	health   *fileHealth
	rows     rowHealth
}

var _ approval.Store = (*Store)(nil)

// Options change how a database is opened. The zero value is what the bot uses.
type Options struct {
	// ReadOnly opens an existing database beside the bot that owns it. Nothing
	// is locked, made or brought up to date, and every change is refused.
	ReadOnly bool

	// Attach opens an existing database, to move requests beside the bot that
	// owns it, or in its absence. Nothing is locked, made, brought up to date or
	// taken from the owner; work and drawings are not to be claimed.
	Attach bool
}

// isAttached reports whether another process owns the database.
func (o Options) isAttached() bool { return o.ReadOnly || o.Attach }

// Open opens the database at url, making it if there is none, and brings its
// tables up to date. A url is "sqlite:" and a path, or "sqlite::memory:" for a
// database that lasts as long as the Store.
//
// A SQLite file belongs to one process: a second one is refused, unless it says
// that it is a guest, and leases that a crash left behind are dropped. Call
// [Store.Close] when done.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	scheme, path, ok := strings.Cut(url, ":")
	switch {
	case !ok:
		return nil, errors.New("opening the database: its URL has no scheme; write sqlite: and a path, as in sqlite:atlas-key-bot.db")
	case scheme == "sqlite":
		return openSQLite(ctx, path, o)
	case scheme == "postgres" || scheme == "postgresql":
		return nil, fmt.Errorf("opening the database: %s:// is not supported by this build yet; use sqlite: and a path", scheme)
	}
	// The rest of the URL is not repeated: it may hold a password.
	return nil, fmt.Errorf("opening the database: %q is not a known kind of database; use sqlite: and a path", scheme)
}

// Close ends the use of the database. Closing twice is harmless.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.owned == nil {
		return err
	}
	err = errors.Join(err, s.owned.letGo())
	s.owned = nil
	return err
}

// Path is where the database is, absolute and without links; empty for one in
// memory.
func (s *Store) Path() string { return s.health.path }

// IsNew reports whether Open made the database.
func (s *Store) IsNew() bool { return s.owned != nil && s.owned.isNew }

// inTx runs do in one transaction and commits it, unless do returns an error.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}
