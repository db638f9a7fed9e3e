package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

// cores is how many processors a measurement needs: one for the bot, one for the people
// and the platforms.
const cores = 2

// pinThread has one thread, and what it starts, run on one processor only.
func pinThread(tid, processor int) error {
	var mask [16]uint64
	mask[processor/64] = 1 << (processor % 64)
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(tid), unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	if errno != 0 {
		return fmt.Errorf("choosing processor %d: %w", processor, errno)
	}
	return nil
}

// pinSelf leaves the first processor to the bot.
func pinSelf() error {
	if runtime.NumCPU() < cores {
		return nil
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("listing the threads: %w", err)
	}
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err == nil {
			err = pinThread(tid, 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// onBotsProcessor calls start, so that a process that it starts runs on the first
// processor only.
func onBotsProcessor(start func() error) error {
	if runtime.NumCPU() < cores {
		return start()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := pinThread(0, 0)
		if err == nil {
			err = start()
		}
		done <- err
	}()
	return <-done
}
