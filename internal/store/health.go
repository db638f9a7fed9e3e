package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Reasons why a database cannot be used, as an operator reads them.
var (
	ErrDamaged  = errors.New("the database file is damaged: stop the bot and restore a backup with 'atlas-key-bot restore'")
	ErrFull     = errors.New("the disk is full, so nothing can be recorded: make room")
	ErrReadOnly = errors.New("the file system has become read-only, so nothing can be recorded")
	ErrFailing  = errors.New("the disk fails to read or to write the database")
	ErrLost     = errors.New("the database file was deleted or replaced while the bot runs: put the same file back, or stop the bot and restore one with 'atlas-key-bot restore'")
)

// probeEvery is the interval at which [Store.Ping] writes.
const probeEvery = 5 * time.Second

// roomAgain is the free space, in bytes, above which a disk no longer counts as
// full. A change of a request needs less.
const roomAgain = 256 << 10

// A fileHealth records the condition of a database file while it is open.
type fileHealth struct {
	path   string
	beside map[string]fs.FileInfo // the files of the database, as they were opened

	mu       sync.Mutex
	damaged  bool  // until the bot restarts
	failed   error // why the last write failed; nil after one that succeeded
	lost     bool  // path is another file now, or none
	probedAt time.Time
}

// note records what err reveals about the file, and returns err.
func (h *fileHealth) note(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Code() & 0xff { // the low byte is the kind of error
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		h.damaged = true
	case sqlite3.SQLITE_FULL:
		h.failed = ErrFull
	case sqlite3.SQLITE_READONLY:
		h.failed = ErrReadOnly
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		h.failed = ErrFailing
	}
	return err
}

// damage records that the file is damaged.
func (h *fileHealth) damage() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.damaged = true
}

// mayChange returns an error if the next start would not find the file.
func (h *fileHealth) mayChange() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost {
		return ErrLost
	}
	return nil
}

// opened records the files of the database.
func (h *fileHealth) opened() {
	h.beside = map[string]fs.FileInfo{}
	if h.path == "" {
		return // in memory
	}
	for _, name := range []string{h.path, h.path + "-wal", h.path + "-shm"} {
		if info, err := os.Stat(name); err == nil {
			h.beside[name] = info
		}
	}
}

// look compares the files with those that were opened.
func (h *fileHealth) look() error {
	var gone string
	for name, was := range h.beside {
		is, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(was, is) {
			gone = name
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = gone != ""
	if h.lost {
		return fmt.Errorf("%w (%s)", ErrLost, gone)
	}
	return nil
}

// state returns what is known without a check.
func (h *fileHealth) state() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.damaged {
		return ErrDamaged
	}
	return h.failed
}

// due reports whether Ping has to try a write now.
func (h *fileHealth) due(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil && now.Sub(h.probedAt) < probeEvery && now.After(h.probedAt) {
		return false
	}
	h.probedAt = now
	return true
}

// written records that a write succeeded.
func (h *fileHealth) written() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == ErrFull && h.path != "" && freeSpace(h.path) < roomAgain {
		return // there was room for the probe, not for a request
	}
	h.failed = nil
}

// Ping reports whether the database can be used: its file is the one that was
// opened, is not known to be damaged, and can be written. If the reason is known,
// its error wraps [ErrDamaged], [ErrFull], [ErrReadOnly], [ErrFailing] or
// [ErrLost]. Every few seconds it writes, which detects a full disk and the end of
// that condition.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.health.look(); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(fmt.Errorf("beginning a transaction: %w", err))
	}
	defer tx.Rollback() // does nothing after Commit
	if s.attached || !s.health.due(time.Now()) {
		return s.health.state()
	}
	if _, err := tx.ExecContext(ctx, `UPDATE audit_head SET seq = seq`); err != nil {
		return s.explain(fmt.Errorf("writing: %w", err))
	}
	if err := tx.Commit(); err != nil {
		return s.explain(fmt.Errorf("committing: %w", err))
	}
	s.health.written()
	return s.health.state()
}

// explain wraps an error with the known condition of the file.
func (s *Store) explain(err error) error {
	if why := s.health.state(); why != nil {
		return fmt.Errorf("%w (%w)", why, err)
	}
	return err
}

// WALSize is the size of the write-ahead log, in bytes. SQLite truncates it to a
// few megabytes whenever no other process reads.
func (s *Store) WALSize() int64 { return sizeOf(s.health.path + "-wal") }
