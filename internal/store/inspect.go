package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// A Status is what can be told of a database without touching it.
type Status struct {
	Path   string // absolute; empty for a database in memory
	Exists bool
	InUse  bool // a bot has it open
	Older  bool // the next start brings it up to date

	// Wrong is why a bot would not start with it, or should not go on: it is
	// damaged, or put together from two. Nil if it is whole.
	Wrong error

	// Unreadable are the requests that are damaged in an otherwise whole database.
	Unreadable []policy.ID
}

// Inspect looks at the database at url beside whoever uses it. It makes,
// migrates and locks nothing. Its error says why the database cannot be used:
// a directory that does not exist, a file that may not be written, another
// program's, a newer bot's.
func Inspect(ctx context.Context, url string) (Status, error) {
	path, _ := strings.CutPrefix(url, "sqlite:")
	if path == inMemory {
		return Status{}, nil
	}
	path, err := resolve(path)
	if err != nil {
		return Status{Path: path}, fmt.Errorf("inspecting database %s: %w", path, err)
	}
	c := Status{Path: path, Exists: exists(path)}
	if !c.Exists {
		if dir := filepath.Dir(path); !exists(dir) {
			return c, fmt.Errorf("inspecting database %s: the directory %s does not exist", path, dir)
		}
		return c, nil
	}
	err = mustExist(path)
	if err == nil {
		err = writable(path)
	}
	if err == nil {
		c.InUse, err = locked(path + ".lock")
	}
	if err == nil {
		err = hasOneName(path)
	}
	if err == nil {
		err = c.read(ctx, path)
	}
	if err != nil {
		return c, fmt.Errorf("inspecting database %s: %w", path, explainSQLite(err))
	}
	return c, nil
}

// writable goes before SQLite, which would leave files beside a database that
// it cannot write.
func writable(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return describeFileError(path, err)
	}
	return file.Close()
}

// read looks at what is in the file. A file without any table is older: it
// becomes a database with the first start.
func (c *Status) read(ctx context.Context, path string) error {
	s := &Store{dialect: sqliteDialect}
	if err := s.connect(path, Options{ReadOnly: true}); err != nil {
		return err
	}
	defer s.Close()
	if err := s.checkOwnership(ctx); err != nil {
		return err
	}
	var tables int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil || tables == 0 {
		c.Older = err == nil
		return err
	}
	steps, err := migrations(migrationFiles, s.dialect)
	if err != nil {
		return err
	}
	if err := s.checkNotNewer(ctx, steps); err != nil {
		return err
	}
	at, err := s.schemaVersion(ctx)
	if c.Older = at < len(steps); err == nil && !c.Older {
		c.Wrong = s.QuickCheck(ctx)
	}
	if err == nil && !c.Older && c.Wrong == nil {
		c.Unreadable, err = s.FindUnreadable(ctx)
	}
	return err
}
