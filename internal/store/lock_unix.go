//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile creates path and locks it until [unlockFile] or the end of the process,
// even after a crash. The file stays, because removing it would let two processes
// lock the same name.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return nil, describeFileError(path, err)
	}
	if err := restrictMode(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		file.Close()
		return nil, fmt.Errorf("another process is using it (it holds %s); a SQLite file serves one bot", path)
	case err != nil:
		file.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return file, nil
}

// unlockFile releases the lock. Closing the file is not enough: a child process
// that is being started has a copy of the descriptor until it runs exec.
func unlockFile(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
