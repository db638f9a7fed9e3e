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

// Progress is told how much of a copy is done, in bytes.
type Progress func(done, total int64)

// ErrNotItsTrail is of a database that was put together from two: a bot does
// not start with it.
var ErrNotItsTrail = errors.New("requests and audit trail do not belong together")

// Backup copies the database at databaseURL into the new file at to, beside the bot
// that uses it: everything that was recorded before it began, and nothing half
// done. It then checks the copy. A file that is there is never overwritten. An
// error leaves nothing behind, but for [ErrNotItsTrail]: then the copy is as
// good as the database.
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

// attachForCopy opens a database to read it, whatever its schema: a backup
// comes before an update.
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

// isOurs reports, as an error, what is no database of this bot, or of a newer
// one.
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

// newFile makes to absolute and sees that nothing is there, nor belongs there.
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

// backup writes the copy under another name, checks it, and gives it its own.
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

// Rescue saves what the database holds, beside where its file was, while this
// process still has it open. It is for a file that is lost, into which nothing
// is written any more: see [ErrLost].
func (s *Store) Rescue(ctx context.Context, now time.Time) (to string, err error) {
	if to, err = freeName(s.Path()+".rescued-", now); err != nil {
		return "", err
	}
	_, err = s.backup(ctx, to, nil)
	return to, err
}

// pagesAtOnce is how many pages are copied between two looks at the context.
const pagesAtOnce = 256

// copyPages copies the database as it is at one moment: the transaction around
// it holds that moment, however long the copy takes.
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
			return errors.New("this driver makes no backups")
		}
		u := url.URL{Scheme: "file", Path: to, RawQuery: "mode=rw"}
		b, err := source.NewBackup(u.String())
		if err != nil {
			return err
		}
		return finish(ctx, b, pageSize, progress)
	})
}

// finish takes every step of b, and leaves a file that needs no other beside it.
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

// verifyCopy makes a copy one plain file, on the disk, and checks it.
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

// fold brings what is in the write-ahead log into the database and takes the
// log away. It fails if another process has the database open.
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

// explainCopy says why a copy could not be written.
func explainCopy(err error) error {
	h := &fileHealth{}
	h.note(err)
	if errors.Is(h.failed, ErrFull) {
		return errors.New("the disk is full")
	}
	return explainSQLite(err)
}
