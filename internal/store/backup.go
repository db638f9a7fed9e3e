package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// Progress reports how much of a copy is done, in bytes.
type Progress func(done, total int64)

// ErrNotItsTrail means that the database was combined from two. A bot does not
// start with it.
var ErrNotItsTrail = errors.New("requests and audit trail do not belong together")

// Backup copies the database at databaseURL to the new file to, while a bot may use
// it, and checks the copy. The copy is a consistent snapshot. Backup never
// overwrites a file. After an error it leaves no file, except for
// [ErrNotItsTrail]: then the copy has the same fault as the database.
func Backup(ctx context.Context, databaseURL, to string, progress Progress) (Summary, error) {
	s, err := attachForCopy(ctx, databaseURL)
	if err != nil {
		return Summary{}, err
	}
	defer s.Close()
	to, err = newFile(to, s.Path())
	if err != nil {
		return Summary{}, err
	}
	return s.backup(ctx, to, progress)
}

// attachForCopy opens a database to read it. The schema may be older, because a
// backup precedes an update.
func attachForCopy(ctx context.Context, databaseURL string) (*Store, error) {
	path, isFile := strings.CutPrefix(databaseURL, "sqlite:")
	if !isFile || path == "" || path == inMemory {
		return nil, errors.New("opening the database: only a file, sqlite:PATH, can be backed up")
	}
	path, err := resolve(path)
	if err == nil {
		err = attach(path)
	}
	s := &Store{dialect: sqliteDialect, attached: true}
	if err == nil {
		err = s.connect(path, Options{ReadOnly: true})
	}
	if err != nil {
		return nil, fmt.Errorf("opening database %s: %w", path, err)
	}
	if err := s.isOurs(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %s: %w", path, explainSQLite(err)), s.Close())
	}
	return s, nil
}

// isOurs returns an error if this is not a database of the bot, or is one of a
// newer version.
func (s *Store) isOurs(ctx context.Context) error {
	if err := s.checkOwnership(ctx); err != nil {
		return err
	}
	var tables int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return errEmpty
	}
	steps, err := migrations(migrationFiles, s.dialect)
	if err != nil {
		return err
	}
	if err := s.checkNotNewer(ctx, steps); err != nil {
		return err
	}
	at, err := s.schemaVersion(ctx)
	if err == nil && at == 0 { // the first start was killed
		return errEmpty
	}
	return err
}

var errEmpty = errors.New("it is empty: no bot has used it yet")

// newFile makes to absolute, and checks that it does not exist and is not part of
// the database.
func newFile(to, database string) (string, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return to, err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(to)); err == nil {
		to = filepath.Join(dir, filepath.Base(to))
	}
	for _, taken := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		if to == database+taken {
			return to, fmt.Errorf("%s belongs to the database itself: choose another name", to)
		}
	}
	switch _, err := os.Lstat(to); {
	case err == nil:
		return to, fmt.Errorf("%s is there already and is not overwritten: choose another name", to)
	case !errors.Is(err, fs.ErrNotExist):
		return to, describeFileError(to, err)
	}
	if dir := filepath.Dir(to); !exists(dir) {
		return to, fmt.Errorf("the directory %s does not exist", dir)
	}
	return to, nil
}

// backup writes the copy under a temporary name, checks it, and renames it.
func (s *Store) backup(ctx context.Context, to string, progress Progress) (Summary, error) {
	partial, err := newPartial(to)
	if err != nil {
		return Summary{}, err
	}
	defer removeDatabase(partial)
	if err := s.copyPages(ctx, partial, progress); err != nil {
		return Summary{}, fmt.Errorf("copying to %s: %w", to, explainCopy(err))
	}
	sum, wrong := verifyCopy(ctx, partial)
	if wrong != nil && !errors.Is(wrong, ErrNotItsTrail) {
		return sum, fmt.Errorf("checking the copy, which is not kept: %w", wrong)
	}
	if err := publish(partial, to); err != nil {
		return sum, err
	}
	return sum, wrong
}

// Rescue copies a database whose file is lost (see [ErrLost]) but still open in
// this process, to a new file in the same directory.
func (s *Store) Rescue(ctx context.Context, now time.Time) (to string, err error) {
	if to, err = freeName(s.Path()+".rescued-", now); err != nil {
		return "", err
	}
	_, err = s.backup(ctx, to, nil)
	return to, err
}

// pagesAtOnce is the number of pages copied between two checks of the context.
const pagesAtOnce = 256

// copyPages copies a snapshot of the database. The transaction around it keeps the
// snapshot, no matter how long the copy takes.
func (s *Store) copyPages(ctx context.Context, to string, progress Progress) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	moment, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer moment.Rollback()
	var pageSize int64
	const begin = `SELECT page_size FROM pragma_page_size, (SELECT count(*) FROM sqlite_master)`
	if err := moment.QueryRowContext(ctx, begin).Scan(&pageSize); err != nil {
		return err
	}
	return conn.Raw(func(c any) error {
		source, ok := c.(*connection).sqliteConn.(interface {
			NewBackup(uri string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("this driver does not support backups")
		}
		u := url.URL{Scheme: "file", Path: to, RawQuery: "mode=rw"}
		b, err := source.NewBackup(u.String())
		if err != nil {
			return err
		}
		return finish(ctx, b, pageSize, progress)
	})
}

// finish runs all steps of b, and leaves a file that needs no log.
func finish(ctx context.Context, b *sqlite.Backup, pageSize int64, progress Progress) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, b.Finish())
		}
		var err error
		if more, err = b.Step(pagesAtOnce); err != nil {
			return errors.Join(err, b.Finish())
		}
		if progress != nil {
			progress(int64(b.PageCount()-b.Remaining())*pageSize, int64(b.PageCount())*pageSize)
		}
	}
	conn, err := b.Commit()
	if err != nil {
		return err
	}
	return conn.Close()
}

// verifyCopy makes a copy a single file and checks it.
func verifyCopy(ctx context.Context, path string) (Summary, error) {
	if err := fold(ctx, path); err != nil {
		return Summary{}, err
	}
	s := &Store{dialect: sqliteDialect, attached: true}
	if err := s.connect(path, Options{ReadOnly: true}); err != nil {
		return Summary{}, err
	}
	defer s.Close()
	if err := s.isOurs(ctx); err != nil {
		return Summary{}, explainSQLite(err)
	}
	sum, err := s.verifyFile(ctx)
	if err != nil {
		return sum, err
	}
	return sum, s.checkRows(ctx)
}

// fold moves the content of the write-ahead log into the database and removes the
// log. It fails if another process has the database open.
func fold(ctx context.Context, path string) error {
	s := &Store{dialect: sqliteDialect, attached: true}
	if err := s.connect(path, Options{Attach: true}); err != nil {
		return err
	}
	defer s.Close()
	return s.leaveWAL(ctx)
}

func (s *Store) leaveWAL(ctx context.Context) error {
	var mode string
	if err := s.db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return explainSQLite(err)
	}
	if mode != "delete" {
		return errors.New("another process has it open")
	}
	return nil
}

// explainCopy explains to an operator why a copy could not be written.
func explainCopy(err error) error {
	h := &fileHealth{}
	h.note(err)
	if errors.Is(h.failed, ErrFull) {
		return errors.New("the disk is full")
	}
	return explainSQLite(err)
}
