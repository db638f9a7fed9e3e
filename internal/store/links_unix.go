//go:build unix

package store

import (
	"io/fs"
	"syscall"
)

// linksOf returns the number of hard links of a file.
func linksOf(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}
