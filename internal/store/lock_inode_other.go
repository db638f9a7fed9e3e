//go:build unix && !linux

package store

import "os"

// lockInode does nothing: on the BSDs and macOS flock and the fcntl locks of
// SQLite exclude each other. There [hasOneName] alone refuses a second name.
func lockInode(*os.File) error { return nil }
