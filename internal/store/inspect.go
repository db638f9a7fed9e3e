package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"atlaskeybot/internal/approval/policy"
)

// A Status describes a database without changing it.
type Status struct {
	Path   string // absolute; empty for a database in memory
	Exists bool
	InUse  bool // a bot has it open
	Older  bool // the next start migrates it

	// Wrong is why a bot cannot start with the database or should stop: the file is
	// damaged, or was combined from two. Nil if it is intact.
	Wrong error

	// Unreadable lists damaged requests in an otherwise intact database.
	Unreadable []policy.ID
}

// Inspect examines the database at url, which another process may be using. It
// creates, migrates and locks nothing. It returns an error if the database cannot
// be used: the directory does not exist, the file may not be written, or it
// belongs to another program or a newer version.
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

// writable checks that the file can be written. SQLite would first create files
// beside a database that it cannot write.
func writable(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return describeFileError(path, err)
	}
	return file.Close()
}

// read examines the content of the file. A file without tables counts as older,
// because the first start migrates it.
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
