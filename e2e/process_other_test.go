//go:build !linux

package e2e

import "syscall"

// diesWithParent is of Linux; elsewhere a process ends when its stdin does.
func diesWithParent() *syscall.SysProcAttr { return nil }
