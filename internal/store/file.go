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

// own makes the database file at path ours: locked, present, writable, and
// nobody else's to read. The returned file is the lock, for [unlockFile].
func own(path string) (*os.File, error) {
	if dir := filepath.Dir(path); !exists(dir) {
		return nil, fmt.Errorf("the directory %s does not exist", dir)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	if err := present(path); err != nil {
		return nil, errors.Join(err, unlockFile(lock))
	}
	// SQLite gives the files beside a database its mode. These may be older.
	for _, beside := range []string{path + "-wal", path + "-shm"} {
		if err := tighten(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, unlockFile(lock))
		}
	}
	return lock, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// present makes an empty file if there is none, which SQLite takes for an empty
// database. Opening it here finds out whether it can be written.
func present(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return explainFile(path, err)
	}
	return errors.Join(tighten(path), file.Close())
}

// tighten takes a file's permissions away from everybody but its owner, and
// gives a new one its mode whatever the umask.
func tighten(path string) error {
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

// explainFile says why path cannot be written.
func explainFile(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s is on a read-only file system", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write %s", path)
	}
	return err
}
