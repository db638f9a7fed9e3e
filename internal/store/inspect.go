package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Condition is what can be told of a database without touching it.
type Condition struct {
	Path   string // absolute; empty for a database in memory
	Exists bool
	InUse  bool // a bot has it open
	Older  bool // the next start brings it up to date
}

// Inspect looks at the database at url beside whoever uses it. It makes,
// migrates and locks nothing. Its error says why the database cannot be used:
// a directory that does not exist, a file that may not be written, another
// program's, a newer bot's.
func Inspect(ctx context.Context, url string) (Condition, error) {
	path, _ := strings.CutPrefix(url, "sqlite:")
	if path == inMemory {
		return Condition{}, nil
	}
	path, err := resolve(path)
	if err != nil {
		return Condition{}, fmt.Errorf("inspecting database %s: %w", path, err)
	}
	c := Condition{Path: path, Exists: exists(path)}
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
		c.Older, err = isOlder(ctx, path)
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
		return explainFile(path, err)
	}
	return file.Close()
}

// isOlder reports whether the schema is one of an earlier version. A file
// without any table is: it becomes a database with the first start.
func isOlder(ctx context.Context, path string) (bool, error) {
	s := &Store{dialect: sqliteDialect}
	if err := s.connect(path, Options{ReadOnly: true}); err != nil {
		return false, err
	}
	defer s.Close()
	if err := s.refuseForeign(ctx); err != nil {
		return false, err
	}
	var tables int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil || tables == 0 {
		return err == nil, err
	}
	steps, err := migrations(migrationFiles, s.dialect)
	if err != nil {
		return false, err
	}
	if err := s.refuseNewer(ctx, steps); err != nil {
		return false, err
	}
	at, err := s.schemaVersion(ctx)
	return at < len(steps), err
}
