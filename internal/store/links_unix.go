//go:build unix

package store

import (
	"io/fs"
	"syscall"
)

// linksOf is how many names a file has.
func linksOf(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
