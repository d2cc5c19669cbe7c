package judge

import (
	"fmt"
	"os"
)

// hasAlarm tells whether a process may be woken by a timer that it has set before it waited without a timeout; or
// that it cannot be asked.
func hasAlarm(pid int) bool {
	directory := fmt.Sprintf("/proc/%d/", pid)
	read := func(name string) string {
		text, _ := os.ReadFile(directory + name) // a kernel without it has no such timers
		return string(text)
	}
	files, err := os.ReadDir(directory + "fd")
	if err != nil {
		return true
	}
	for _, f := range files {
		link, err := os.Readlink(directory + "fd/" + f.Name())
		if err == nil && link == "anon_inode:[timerfd]" && isArmed(read("fdinfo/"+f.Name())) {
			return true
		}
	}
	return hasTimer(read("timers")) || catchesAlarm(read("status"))
}
