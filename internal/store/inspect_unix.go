//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// locked reports whether a process holds the lock at path. It acquires the lock,
// shared, and releases it at once, because there is no other way to find out.
func locked(path string) (bool, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, describeFileError(path, err)
	}
	defer file.Close()
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return true, nil
	case err != nil:
		return false, err
	}
	return false, syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
}
