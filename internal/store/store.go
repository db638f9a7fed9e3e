// Package store keeps requests and the audit trail in SQL: an
// [approval.Store] over SQLite, written so that PostgreSQL needs no second set
// of queries. It decides nothing; package approval decides which changes are
// allowed.
//
// A request is one JSON document, the source of truth. The other columns copy parts
// of it, for queries and for optimistic locking. Times are Unix milliseconds, and 0
// is never.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"atlaskeybot/internal/approval"
)

// Store is a database of requests. A change survives a crash of the process and a
// loss of power once its method has returned.
type Store struct {
	db       *sql.DB
	dialect  dialect
	owned    *ownedFile // nil in memory and if attached
	attached bool       // the file is another process's
	health   *fileHealth
	rows     rowHealth
	leases   struct{ work, sync leases }
	commits  commits
}

var _ approval.Store = (*Store)(nil)

// Options change how a database is opened. The bot uses the zero value.
type Options struct {
	// ReadOnly opens an existing database that a bot may own. It locks, creates and
	// migrates nothing, and refuses every change.
	ReadOnly bool

	// Attach opens an existing database to move requests while a bot may own it. It
	// locks, creates and migrates nothing and takes no leases. Work and messages
	// cannot be claimed.
	Attach bool
}

// isAttached reports whether another process owns the database.
func (o Options) isAttached() bool { return o.ReadOnly || o.Attach }

// Open opens the database at url, creates it if missing, and migrates it. A url is
// "sqlite:" and a path, or "sqlite::memory:" for a database that ends with the
// Store.
//
// A SQLite file has one owner: a second process is refused unless it attaches. Leases
// end with the process. Call [Store.Close] when done.
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

// Close closes the database. Closing twice is harmless.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.owned == nil {
		return err
	}
	err = errors.Join(err, s.owned.letGo())
	s.owned = nil
	return err
}

// Path is the path of the database, absolute and without links; empty for one in
// memory.
func (s *Store) Path() string { return s.health.path }

// IsNew reports whether Open created the database.
func (s *Store) IsNew() bool { return s.owned != nil && s.owned.isNew }
