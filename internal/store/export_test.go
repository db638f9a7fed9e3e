package store

import (
	"context"
	"database/sql"
	"time"
)

// DB is the connection under s, for looking at what no method shows.
func (s *Store) DB() *sql.DB { return s.db }

// RestoreWatched is [Restore] that calls reached after every step.
func RestoreWatched(ctx context.Context, path, from string, reached func(step string)) (Restored, error) {
	r := &restoring{path: path, now: time.Now(), reached: reached}
	return r.run(ctx, from)
}
