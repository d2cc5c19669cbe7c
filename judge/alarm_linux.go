package judge

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// maxAlarmFiles is how many descriptors of a run are looked at: a hostile program has many, and to look takes microseconds each.
const maxAlarmFiles = 1000

// haveAlarm tells whether one of a run's processes may be woken by a timer that it has set before it waited without a timeout;
// or that they cannot be asked.
func haveAlarm(pids []int) bool {
	if slices.ContainsFunc(pids, hasSignal) { // which is found faster
		return true
	}
	left := maxAlarmFiles
	return slices.ContainsFunc(pids, func(pid int) bool { return hasTimerfd(pid, &left) })
}

// hasSignal tells whether a process has a timer that ends in a signal.
func hasSignal(pid int) bool {
	return hasTimer(readProc(pid, "timers")) || catchesAlarm(readProc(pid, "status"))
}

// hasTimerfd tells whether a process has a timerfd that will ring, or more descriptors than are left to look at.
func hasTimerfd(pid int, left *int) bool {
	directory, err := os.Open(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return true
	}
	defer directory.Close()
	names, err := directory.Readdirnames(*left + 1)
	if *left -= len(names); *left < 0 || err != nil && err != io.EOF {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool {
		link, err := os.Readlink(directory.Name() + "/" + name)
		return err == nil && link == "anon_inode:[timerfd]" && isArmed(readProc(pid, "fdinfo/"+name))
	})
}

// readProc reads what the kernel tells of a process; empty: it does not, as one without posix timers.
func readProc(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	return string(text)
}
