package selftest

import (
	"fmt"
	"os/exec"
	"slices"
	"time"

	"judge/fixtures/hostile"
	"judge/limits"
)

// The limits of hostile programs are for hosts on which a shell that does nothing takes about this much
// CPU time. Most have some reserve: only those that are tolerable times slower get more.
const (
	usualStart = 700 * time.Microsecond
	tolerable  = 3
)

// Slowness says how many times longer than usual a process takes here; 1 on any host that is not very slow.
// It is meant for emulated machines, where arithmetic is as fast as elsewhere, but page faults, system
// calls and indirect jumps take 15 to 40 times as long. The start of a process consists of these.
func Slowness() (int, error) {
	starts := make([]time.Duration, 21)
	for i := range starts {
		c := exec.Command("/bin/sh", "-c", ":")
		if err := c.Run(); err != nil {
			return 0, fmt.Errorf("start a shell: %w", err)
		}
		starts[i] = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	return slownessOf(starts), nil
}

// slownessOf looks at the fastest start. The first one reads files, and in a virtual machine what the
// others are disturbed by counts as their CPU time: the median was up to ten times as long.
func slownessOf(starts []time.Duration) int {
	n := int(slices.Min(starts) / usualStart)
	if n < tolerable {
		return 1
	}
	return n
}

// slower gives a program n times the CPU time, and the wall time that this takes. It may wait as long as
// elsewhere. Memory, processes and all else have nothing to do with speed.
func slower(l limits.Limits, n int) limits.Limits {
	more := time.Duration(n-1) * l.CPU
	l.CPU += more
	l.Wall += more
	return l
}

// countsTime says whether a program names its own CPU limit. Such a one uses CPU until a clock says that it
// has had a certain time, more or less than the limit, and takes no longer for it on a slow host.
func countsTime(p hostile.Program) bool {
	return slices.ContainsFunc(p.Limits, func(l hostile.Limit) bool { return l.Name == "cpu" })
}

// compileTimeOn is what a compiler gets. It needs far less than it has on a usual host, where a program
// that keeps it busy for as long as it may should not hold up the others.
func compileTimeOn(slowness int) time.Duration {
	const needed = 3 * time.Second
	return max(compileLimits.CPU, time.Duration(slowness)*needed)
}
