package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ownerOnly is the mode of every file of a database, because requests contain
// personal data.
const ownerOnly fs.FileMode = 0o600

// An ownedFile is a database file that this process has locked.
type ownedFile struct {
	lock *os.File // PATH.lock

	// file is the database itself, locked by inode, so that its other names are
	// locked, too. It must be closed after SQLite has closed the database, because
	// closing any descriptor of a file releases all POSIX locks of the process.
	file *os.File

	isNew bool // it was empty
}

// lockAndCreate locks the database file, creates it if missing, and restricts it to
// mode 0600.
func lockAndCreate(path string) (*ownedFile, error) {
	if dir := filepath.Dir(path); !exists(dir) {
		return nil, fmt.Errorf("the directory %s does not exist", dir)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory", path)
	}
	if err := mustBeRegular(path); err != nil {
		return nil, err
	}
	for _, beside := range []string{path + ".lock", path + "-wal", path + "-shm"} {
		if err := mustBeRegular(beside); err != nil {
			return nil, fmt.Errorf("%s: %w", beside, err)
		}
	}
	if !exists(path) && sizeOf(path+"-wal") > 0 {
		return nil, fmt.Errorf("it is not there, but %s-wal, a part of it, is: put the file back, or restore a backup with 'atlas-key-bot restore'", path)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	o := &ownedFile{lock: lock}
	if err := o.take(path); err != nil {
		return nil, errors.Join(err, o.letGo())
	}
	return o, nil
}

// take opens the database file, creating it if missing.
func (o *ownedFile) take(path string) error {
	o.isNew = sizeOf(path) == 0
	if err := ensureFile(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return describeFileError(path, err)
	}
	o.file = file
	if err := errors.Join(lockInode(file), hasOneName(path)); err != nil {
		return err
	}
	// SQLite creates its other files with the mode of the database, but they may be
	// older.
	for _, name := range []string{path + "-wal", path + "-shm"} {
		if err := restrictMode(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ensureFile creates an empty file if there is none, which is an empty database to
// SQLite. Opening it here checks that it can be written.
func ensureFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return describeFileError(path, err)
	}
	return errors.Join(restrictMode(path), file.Close())
}

// release releases the locks.
func (o *ownedFile) letGo() error {
	var errs []error
	for _, file := range []*os.File{o.file, o.lock} {
		if file != nil {
			errs = append(errs, unlockFile(file))
		}
	}
	return errors.Join(errs...)
}

// mustBeRegular refuses devices, directories, pipes and sockets before they are
// opened or their mode is changed. It accepts a path that does not exist.
func mustBeRegular(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return describeFileError(path, err)
	case info.IsDir():
		return errors.New("this is a directory")
	case !info.Mode().IsRegular():
		return fmt.Errorf("this is %s, not a file", kindOf(info.Mode()))
	}
	return nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// hasOneName refuses a file with hard links. SQLite derives the name of the log from
// the name by which a database is opened, so processes that use different names of
// one file would overwrite each other's changes.
func hasOneName(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return describeFileError(path, err)
	}
	if n := linksOf(info); n > 1 {
		return fmt.Errorf("the file has %d names (hard links), and SQLite would take each for a database of its own: remove the other names (find / -samefile %s); a copy made with 'atlas-key-bot backup' is fine", n, path)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// sizeOf is 0 for a file that does not exist.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// restrictMode removes all permissions except the owner's, and sets the mode of a new
// file regardless of the umask.
func restrictMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm() == ownerOnly {
		return nil
	}
	if err := os.Chmod(path, ownerOnly); err != nil {
		return fmt.Errorf("others may read it, and its mode cannot be changed to %#o: %w", ownerOnly, err)
	}
	return nil
}

// describeFileError explains to an operator why path cannot be written.
func describeFileError(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s is on a read-only file system", path)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("there is no room for %s: the disk is full", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write %s", path)
	}
	return err
}
