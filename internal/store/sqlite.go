package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const inMemory = ":memory:"

// walLimit is the size, in bytes, to which SQLite truncates the write-ahead log after
// a checkpoint. The log grows beyond it while another process reads.
const walLimit = 8 << 20

// openSQLite opens the path of a "sqlite:" URL.
func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	switch {
	case path == inMemory:
		return openMemory(ctx, o)
	case path == "" || strings.HasPrefix(path, "//"):
		return nil, errors.New("opening the database: write a path right after sqlite:, as in sqlite:atlas-key-bot.db or sqlite:/var/lib/atlas-key-bot/bot.db")
	}
	path, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	s := &Store{dialect: sqliteDialect, attached: o.isAttached()}
	if s.attached {
		err = attach(path)
	} else {
		s.owned, err = lockAndCreate(path)
	}
	if err == nil && o.Attach {
		err = writable(path)
	}
	if err == nil {
		err = s.start(ctx, path, o)
	}
	if err != nil {
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	return s, nil
}

// attach checks that path can be opened without owning it. If a file has several
// names, it can only be attached by the name that its owner uses.
func attach(path string) error {
	if err := mustExist(path); err != nil {
		return err
	}
	if inUse, err := locked(path + ".lock"); err != nil || inUse {
		return err
	}
	return hasOneName(path)
}

func openMemory(ctx context.Context, o Options) (*Store, error) {
	if o.isAttached() {
		return nil, errors.New("opening the database: one in memory is empty, and cannot be attached")
	}
	s := &Store{dialect: sqliteDialect}
	if err := s.start(ctx, inMemory, o); err != nil {
		return nil, fmt.Errorf("opening a database in memory: %w", err)
	}
	return s, nil
}

// resolve makes path absolute and follows links, so that each file has one lock.
func resolve(path string) (string, error) {
	if strings.TrimSpace(path) != path || strings.ContainsFunc(path, unicode.IsControl) {
		return strconv.Quote(path), errors.New("there is a space at an end of its path, or a character in it that cannot be seen, such as the end of a line")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return path, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	if _, err := os.Lstat(path); err == nil {
		return path, errors.New("it is a link to a file that does not exist")
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path)), nil // not there yet
	}
	return path, nil
}

// start connects and migrates. If it fails, nothing stays open.
func (s *Store) start(ctx context.Context, path string, o Options) error {
	if err := s.connect(path, o); err != nil {
		return err
	}
	if err := s.prepare(ctx, o); err != nil {
		return errors.Join(explainSQLite(err), s.Close())
	}
	s.health.opened()
	return nil
}

func (s *Store) connect(path string, o Options) error {
	s.health = &fileHealth{}
	if path != inMemory {
		s.health.path = path
	}
	c, err := newConnector(dsn(path, o), s.health)
	if err != nil {
		return err
	}
	db := sql.OpenDB(c)
	// There is one connection, which is never closed: SQLite has one writer
	// anyway, the queue of database/sql is fair where SQLite's waiting is not, and
	// a database in memory ends with its connection.
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	s.db = db
	return nil
}

func (s *Store) prepare(ctx context.Context, o Options) error {
	if err := s.checkOwnership(ctx); err != nil {
		return err
	}
	steps, err := migrations(migrationFiles, s.dialect)
	if err != nil {
		return err
	}
	if o.isAttached() {
		return s.requireVersion(ctx, steps)
	}
	if err := s.migrate(ctx, steps); err != nil {
		return err
	}
	return s.dropWaits(ctx)
}

// dsn returns the data source name, with the settings of every connection.
func dsn(path string, o Options) string {
	q := url.Values{
		"_pragma": {
			"busy_timeout(5000)", // for other readers, and writers with the sqlite3 tool
			"foreign_keys(1)",
		},
		"_txlock": {"immediate"}, // a transaction that reads, then writes, never meets "busy" in between
		"_dqs":    {"0"},         // "text" in double quotes is a mistake, not a string
	}
	if path == inMemory {
		return "file::memory:?" + q.Encode()
	}
	q.Set("mode", "rw") // lockAndCreate has created the file with its mode
	if o.ReadOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Add("_pragma", "synchronous(FULL)") // NORMAL may lose the last commits with the power
	}
	if !o.isAttached() {
		q.Add("_pragma", "journal_mode(WAL)") // a property of the file
		q.Add("_pragma", fmt.Sprintf("journal_size_limit(%d)", walLimit))
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return u.String()
}

// checkOwnership refuses another program's database.
func (s *Store) checkOwnership(ctx context.Context) error {
	var tables, ours int
	const count = `SELECT count(*), count(CASE WHEN name = 'schema_version' THEN 1 END) FROM sqlite_master WHERE type = 'table'`
	if err := s.db.QueryRowContext(ctx, count).Scan(&tables, &ours); err != nil {
		return err
	}
	if tables > 0 && ours == 0 {
		return errors.New("this is another program's database; choose another file")
	}
	return nil
}

// explainSQLite tells an operator what to do about an error of the file.
func explainSQLite(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff { // the low byte is the kind of error
	case sqlite3.SQLITE_NOTADB:
		return errors.New("this file is not a SQLite database")
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("this file is damaged; restore a backup with 'atlas-key-bot restore': %w", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another program has it locked: %w", err)
	}
	return err
}

// mustExist requires an existing file.
func mustExist(path string) error {
	if !exists(path) {
		return errors.New("there is no such file")
	}
	return mustBeRegular(path)
}
