//go:build !linux

package bench

import "errors"

// What a process uses is read from /proc, so on Linux only; elsewhere these figures are
// left out.

var errNotLinux = errors.New("only Linux says what a process uses")

func residentBytes(int) (int64, error) { return 0, errNotLinux }

func cpuSeconds(int) (float64, error) { return 0, errNotLinux }

func openFiles(int) (int, error) { return 0, errNotLinux }
