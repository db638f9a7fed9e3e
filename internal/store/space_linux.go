package store

import (
	"math"
	"path/filepath"
	"syscall"
)

// freeSpace is the free space in the file system of path, in bytes. If unknown, it
// is unlimited.
func freeSpace(path string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &fs); err != nil || fs.Bavail > math.MaxInt32 {
		return math.MaxInt64
	}
	return int64(fs.Bavail) * fs.Bsize
}
