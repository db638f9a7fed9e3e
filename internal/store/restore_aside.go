package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// setAside makes the previous database a single file without a log, and copies it.
// No other process can open it until the returned function is called. A database
// that SQLite cannot read is copied unchanged, with its log.
func (r *restoring) setAside(ctx context.Context, done *Restored) (letGo func(), err error) {
	if done.KeptAs, err = freeName(r.path+".replaced-", r.now); err != nil {
		return nil, err
	}
	s := &Store{dialect: sqliteDialect, attached: true}
	if err := s.connect(r.path, Options{Attach: true}); err != nil {
		return nil, err
	}
	letGo = func() { s.Close() }
	if isSQLite(r.old) {
		err = s.holdAlone(ctx, done)
	}
	if err == nil {
		r.reached("folded")
		err = r.keepLog(ctx, done.KeptAs)
	}
	if err == nil {
		err = copyFile(ctx, r.old, done.KeptAs, r.progress)
	}
	if err == nil {
		err = errors.Join(restrictMode(done.KeptAs), giveOwner(done.KeptAs, r.path), syncFile(filepath.Dir(r.path)))
	}
	if err != nil {
		letGo()
		removeDatabase(done.KeptAs)
		return nil, fmt.Errorf("keeping the previous database: %w", err)
	}
	r.reached("kept")
	return letGo, nil
}

// isSQLite reports whether a file begins like a database. SQLite would write the
// log into any file.
func isSQLite(file *os.File) bool {
	const magic = "SQLite format 3\x00"
	begin := make([]byte, len(magic))
	_, err := file.ReadAt(begin, 0)
	return err == nil && string(begin) == magic
}

// holdAlone removes the log and locks the database until s is closed.
func (s *Store) holdAlone(ctx context.Context, done *Restored) error {
	err := s.leaveWAL(ctx)
	if err == nil {
		err = s.checkOwnership(ctx)
	}
	if err == nil {
		_, err = s.db.ExecContext(ctx, `BEGIN EXCLUSIVE`)
	}
	if errors.Is(s.health.state(), ErrDamaged) {
		return nil // a damaged database is about to be replaced
	}
	if err != nil {
		return explainSQLite(err)
	}
	if sum, err := s.summary(ctx); err == nil {
		done.Before = &sum
	}
	return nil
}

// keepLog copies the log of a database that cannot be read. Any other has no log at
// this point.
func (r *restoring) keepLog(ctx context.Context, aside string) error {
	if sizeOf(r.path+"-wal") == 0 {
		return nil
	}
	return r.copyTo(ctx, r.path+"-wal", aside+"-wal", nil)
}

// freeName returns prefix with the time, and a number if that is taken.
func freeName(begin string, now time.Time) (string, error) {
	name := begin + now.UTC().Format("20060102T150405Z")
	for n := 1; n < 100; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s-%d", name, n)
		}
		if _, err := os.Lstat(try); errors.Is(err, fs.ErrNotExist) {
			return try, nil
		}
	}
	return "", fmt.Errorf("there are too many files like %s: move them away", name)
}
