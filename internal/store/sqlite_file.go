package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ownerOnly is the mode of every file of a database. Requests name people,
// addresses and reasons.
const ownerOnly fs.FileMode = 0o600

// An ownedFile is a database file that belongs to this process until it is let
// go.
type ownedFile struct {
	lock *os.File // PATH.lock

	// file is the database itself, locked by inode, so that another name of it
	// is refused too. It is closed after SQLite has closed the database: closing
	// any descriptor of a file ends all POSIX locks that a process has on it.
	file *os.File

	isNew bool // there was no database in it
}

// lockAndCreate makes the database file at path ours: a regular file, locked, present,
// writable, and not readable by others.
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

// take opens the database file, making one if there is none.
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
	// SQLite gives the files beside a database its mode. These may be older.
	for _, name := range []string{path + "-wal", path + "-shm"} {
		if err := restrictMode(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ensureFile makes an empty file if there is none, which SQLite takes for an empty
// database. Opening it here finds out whether it can be written.
func ensureFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return describeFileError(path, err)
	}
	return errors.Join(restrictMode(path), file.Close())
}

// letGo ends the ownership.
func (o *ownedFile) letGo() error {
	var errs []error
	for _, file := range []*os.File{o.file, o.lock} {
		if file != nil {
			errs = append(errs, unlockFile(file))
		}
	}
	return errors.Join(errs...)
}

// mustBeRegular refuses devices, directories, pipes and sockets before anything
// opens them or changes their mode. A path that is not there is fine.
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

// hasOneName refuses a file with hard links. SQLite keeps what was written last
// beside the name under which a database was opened, so two names of one file
// are two databases that overwrite each other.
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

// sizeOf is 0 for a file that is not there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// restrictMode takes a file's permissions away from everybody but its owner, and
// gives a new one its mode whatever the umask.
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

// describeFileError says why path cannot be written.
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
