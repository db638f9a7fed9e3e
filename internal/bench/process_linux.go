package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// residentBytes is the memory of a process that is in RAM.
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	number := bytes.Fields(rest)
	if len(number) == 0 {
		return 0, fmt.Errorf("process %d says nothing of its memory", pid)
	}
	kib, err := strconv.ParseInt(string(number[0]), 10, 64)
	return kib * 1024, err
}

// ticksPerSecond is Linux's USER_HZ.
const ticksPerSecond = 100

// cpuSeconds is the time that a process has used processors.
func cpuSeconds(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks int64
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return float64(ticks) / ticksPerSecond, nil
}

// openFiles is how many file descriptors a process has.
func openFiles(pid int) (int, error) {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(files), err
}
