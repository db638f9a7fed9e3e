package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockInode locks an open database file under all its names, until [unlockFile] or
// the end of the process. On Linux flock does not interact with SQLite's fcntl
// locks.
func lockInode(file *os.File) error {
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errors.New("another process is using it, perhaps by another name (hard link) of the file; a SQLite file serves one bot")
	case err != nil:
		return fmt.Errorf("locking it: %w", err)
	}
	return nil
}
