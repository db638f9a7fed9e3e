package store

import (
	"math"
	"path/filepath"
	"syscall"
)

// freeSpace is the room for files beside path, in bytes; unknown is plenty.
func freeSpace(path string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil || fs.Bavail > math.MaxInt32 {
		return math.MaxInt64
	}
	return int64(fs.Bavail) * fs.Bsize
}
