//go:build !linux

package e2e

import "syscall"

// diesWithParent is of Linux; elsewhere a child ends when its stdin does.
func diesWithParent() *syscall.SysProcAttr { return nil }
