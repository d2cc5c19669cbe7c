package judge

import (
	"strconv"
	"strings"
)

// Signals by their numbers, which are the same on all architectures that we know.
const (
	sighup    = 1
	sigalrm   = 14
	sigvtalrm = 26
)

// isArmed reads what /proc/PID/fdinfo says of a timerfd (proc(5)): the time that is left, zero when nothing is.
func isArmed(fdinfo string) bool {
	for line := range strings.Lines(fdinfo) {
		if left, ok := strings.CutPrefix(line, "it_value:"); ok {
			return strings.TrimSpace(left) != "(0, 0)"
		}
	}
	return true
}

// hasTimer reads /proc/PID/timers: those that timer_create(2) has made, armed or not. One with SIGVTALRM is a clock
// by which a runtime, Ruby's for one, switches between threads.
func hasTimer(timers string) bool {
	for line := range strings.Lines(timers) {
		if signal, ok := strings.CutPrefix(line, "signal:"); ok && !strings.HasPrefix(strings.TrimSpace(signal), strconv.Itoa(sigvtalrm)+"/") {
			return true
		}
	}
	return false
}

// catchesAlarm reads from /proc/PID/status whether a process handles the signal of alarm(2) and setitimer(2), which
// nothing else shows. A runtime that handles SIGHUP as well, such as Go's and Ruby's, handles whatever comes, and sets
// none.
func catchesAlarm(status string) bool {
	for line := range strings.Lines(status) {
		if mask, ok := strings.CutPrefix(line, "SigCgt:"); ok {
			caught, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			has := func(signal int) bool { return caught&(1<<(signal-1)) != 0 }
			return err == nil && has(sigalrm) && !has(sighup)
		}
	}
	return false
}
