package limits

import (
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// visit makes the kernel add what the first thread of a process has used since the last scheduler tick to the counters
// of its group: it does so when another thread comes to the same CPU. (It also did, before some Linux 6, when somebody
// read the CPU clock of the process.) That takes some 30 µs, of them a few from the process. If the process has ended
// there is nothing to add.
func visit(pid int) {
	var own, there unix.CPUSet
	cpu, ok := cpuOf(pid)
	if !ok || unix.SchedGetaffinity(0, &own) != nil {
		return
	}
	there.Set(cpu)
	runtime.LockOSThread()
	if unix.SchedSetaffinity(0, &there) != nil || unix.SchedSetaffinity(0, &own) == nil {
		runtime.UnlockOSThread() // else the thread, which would have to stay there, ends with its goroutine
	}
}

// cpuOf is the CPU that the first thread of a process has run on last, the field processor of proc_pid_stat(5).
func cpuOf(pid int) (int, bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false
	}
	return parseProcessor(stat)
}

func parseProcessor(stat []byte) (int, bool) {
	const state, processor = 3, 39
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // a name may have anything in it
	if len(fields) <= processor-state {
		return 0, false
	}
	n, err := strconv.Atoi(string(fields[processor-state]))
	return n, err == nil && n >= 0
}
