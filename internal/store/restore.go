package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Restored describes the result of a restore.
type Restored struct {
	Summary
	Path   string // of the database
	KeptAs string // the path of the previous database; empty if there was none

	// Before summarizes the previous database; nil if it could not be read.
	Before *Summary
}

// Restore replaces the database at databaseURL by the backup at from. No process
// may use the database. Restore first copies the backup and checks the copy, and
// keeps the previous database under another name. If it is killed at any point, it
// leaves one of the two, intact.
func Restore(ctx context.Context, databaseURL, from string, now time.Time, progress Progress) (Restored, error) {
	path, isFile := strings.CutPrefix(databaseURL, "sqlite:")
	if !isFile || path == "" || path == inMemory {
		return Restored{}, errors.New("restoring: only a file, sqlite:PATH, can be restored")
	}
	path, err := resolve(path)
	if err != nil {
		return Restored{}, fmt.Errorf("restoring database %s: %w", path, err)
	}
	r := &restoring{path: path, now: now, progress: progress, reached: func(string) {}}
	done, err := r.run(ctx, from)
	if err != nil {
		return Restored{}, fmt.Errorf("restoring database %s: %w", path, err)
	}
	return done, nil
}

// A restoring is a restore in progress.
type restoring struct {
	path     string
	now      time.Time
	progress Progress
	reached  func(step string) // called after each step, for tests

	fresh string   // the checked copy of the backup
	old   *os.File // the previous database; nil if there is none
}

func (r *restoring) run(ctx context.Context, from string) (done Restored, err error) {
	done.Path = r.path
	letGo, err := r.claim()
	if err != nil {
		return done, err
	}
	defer letGo()
	if done.Summary, err = r.bring(ctx, from); err != nil {
		return done, err
	}
	defer removeDatabase(r.fresh) // which has been renamed after a success
	r.reached("checked")
	if r.old != nil {
		letOld, err := r.setAside(ctx, &done)
		if err != nil {
			return done, err
		}
		defer letOld()
	}
	return done, r.swap()
}

// claim locks the database, so that no bot can use it.
func (r *restoring) claim() (letGo func(), err error) {
	if dir := filepath.Dir(r.path); !exists(dir) {
		return nil, fmt.Errorf("the directory %s does not exist", dir)
	}
	if err := mustBeRegular(r.path); err != nil {
		return nil, err
	}
	if err := mustBeRegular(r.path + ".lock"); err != nil {
		return nil, err
	}
	lock, err := lockFile(r.path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("stop the bot first: %w", err)
	}
	o := &ownedFile{lock: lock}
	if err := giveOwner(r.path+".lock", r.path); err != nil {
		return nil, errors.Join(err, o.letGo())
	}
	r.sweep()
	if exists(r.path) {
		if o.file, err = os.OpenFile(r.path, os.O_RDWR, 0); err != nil {
			return nil, errors.Join(describeFileError(r.path, err), o.letGo())
		}
		if err := lockInode(o.file); err != nil {
			return nil, errors.Join(fmt.Errorf("stop the bot first: %w", err), o.letGo())
		}
		r.old = o.file
	}
	return func() { o.letGo() }, nil
}

// sweep removes the files of a restore that was killed.
func (r *restoring) sweep() {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(r.path), partialOf(r.path)+"*")) // fails only for a malformed pattern
	for _, path := range left {
		os.Remove(path)
	}
}

// bring copies the backup and its log into the directory of the database, and checks
// the copy.
func (r *restoring) bring(ctx context.Context, from string) (Summary, error) {
	source, err := r.backupFile(from)
	if err != nil {
		return Summary{}, err
	}
	fresh, err := newPartial(r.path)
	if err != nil {
		return Summary{}, err
	}
	r.fresh = fresh
	sum, err := r.copyBackup(ctx, source)
	if err != nil {
		removeDatabase(fresh)
	}
	return sum, err
}

// backupFile checks that source can be a backup before it is read.
func (r *restoring) backupFile(from string) (string, error) {
	source, err := resolve(from)
	if err == nil && !exists(source) {
		err = errors.New("there is no such file")
	}
	if err == nil {
		err = mustBeRegular(source)
	}
	if err != nil {
		return "", fmt.Errorf("reading backup %s: %w", source, err)
	}
	if r.old != nil {
		is, _ := os.Stat(source)
		if was, err := r.old.Stat(); err == nil && os.SameFile(is, was) {
			return "", fmt.Errorf("%s is the database itself", source)
		}
	}
	if inUse, err := locked(source + ".lock"); err != nil || inUse {
		return "", errors.Join(err, fmt.Errorf("%s is in use by a bot: copy it with 'atlas-key-bot backup', and restore that", source))
	}
	return source, nil
}

func (r *restoring) copyBackup(ctx context.Context, source string) (Summary, error) {
	for _, end := range []string{"-wal", "-journal"} {
		if sizeOf(source+end) > 0 {
			if err := r.copyTo(ctx, source+end, r.fresh+end, nil); err != nil {
				return Summary{}, err
			}
		}
	}
	if err := r.copyTo(ctx, source, r.fresh, r.progress); err != nil {
		return Summary{}, err
	}
	if sizeOf(r.fresh) == 0 {
		return Summary{}, fmt.Errorf("backup %s is empty", source)
	}
	sum, err := verifyCopy(ctx, r.fresh)
	if err != nil {
		return sum, fmt.Errorf("checking backup %s, with nothing changed: %w", source, err)
	}
	return sum, giveOwner(r.fresh, r.path)
}

// swap renames the checked copy to the database. It first removes the log of the
// previous database, which SQLite would apply to any file with this name.
func (r *restoring) swap() error {
	for _, end := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(r.path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return describeFileError(r.path+end, err)
		}
	}
	if err := syncFile(filepath.Dir(r.path)); err != nil {
		return err
	}
	r.reached("cleared")
	if err := os.Rename(r.fresh, r.path); err != nil {
		return describeFileError(r.path, err)
	}
	r.reached("renamed")
	return syncFile(filepath.Dir(r.path))
}
