//go:build !linux

package main

import "syscall"

// diesWithParent is of Linux; elsewhere a child ends when its stdin does.
func diesWithParent() *syscall.SysProcAttr { return nil }
