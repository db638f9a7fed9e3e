package e2e

import (
	"syscall"
)

// killWithParent has the kernel kill a process whose parent is gone, however it
// went.
func killWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
