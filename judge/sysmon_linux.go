package judge

import (
	"os"
	"strconv"
)

// CalmSysmon lets Go's monitor thread, which the runtime calls sysmon, sleep up to 2 ms at a time. It is for a process
// that does little but judge: with it, two slots on two CPUs made 1.15 times as many runs. It is called once, at the
// beginning of main, after isolate.Enter, and cannot be undone.
//
// The thread wants to sleep 20 us while there is anything to do, and judge, which waits for one process after the other,
// always has a little: that took a tenth of the CPU time of a short run, from the programs that are measured. It preempts
// goroutines and takes over from those in long system calls; neither is urgent here. Timers depend on it in the first
// 20 ms of a run, if as many slots wait for their programs as Go uses CPUs: limits are longer.
//
// It is the first thread that the runtime starts, and a directory of threads is in the order of their age (proc(5)).
// Another thread's timer slack can be set with CAP_SYS_NICE (timerslack_ns, Linux 4.6); without, nothing changes.
func CalmSysmon() {
	tasks, err := os.Open("/proc/self/task")
	if err != nil {
		return
	}
	defer tasks.Close()
	threads, err := tasks.Readdirnames(2)
	if err != nil || len(threads) < 2 || threads[0] != strconv.Itoa(os.Getpid()) {
		return
	}
	slack, err := os.OpenFile("/proc/"+threads[1]+"/timerslack_ns", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer slack.Close()
	slack.WriteString("2000000")
}
