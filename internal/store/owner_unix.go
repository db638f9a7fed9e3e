//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// giveOwner gives a file that the superuser created to the owner of the database
// at like, or else of its directory, because the bot runs as an ordinary user.
func giveOwner(path, like string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(like)
	if err != nil {
		info, err = os.Stat(filepath.Dir(like))
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := os.Chown(path, int(stat.Uid), int(stat.Gid)); err != nil {
		return fmt.Errorf("giving %s to the owner of the database: %w", path, err)
	}
	return nil
}
