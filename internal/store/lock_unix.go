//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile makes path and locks it until [unlockFile] or until the process
// ends, however it ends. The file stays: removing it would let two
// processes hold a lock on the same name.
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

// unlockFile ends the lock. Closing alone would not: a process that is being
// started at this moment has a copy of the descriptor until it runs.
func unlockFile(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
