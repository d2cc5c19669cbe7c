package judge

import (
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// What can disturb a run, as samples in records name it.
const (
	DisturbedCPU       = "cpu-pressure"    // programs waited for a CPU
	DisturbedMemory    = "memory-pressure" // for memory to be freed or read back
	DisturbedIO        = "io-pressure"     // for disks
	DisturbedSteal     = "steal"           // the hypervisor gave our CPUs to others
	DisturbedThrottled = "throttled"       // a CPU quota of ours was used up
	DisturbedWall      = "wall"            // the clock went on, and neither the program nor any of these says why
)

// hostState is what the host says of itself at an instant: counters that only grow. What the host does not
// tell stays zero, and then never disturbs.
type hostState struct {
	at                             time.Time
	cpuStall, memoryStall, ioStall time.Duration // in which some task waited (/proc/pressure, Linux 4.20)
	steal                          time.Duration // of all CPUs together (/proc/stat)
	throttled                      time.Duration // of the control groups that we are in
}

// Shares of the time between two states from which on a run counts as disturbed, and what is too short to
// matter: /proc/stat counts in hundredths of a second.
const (
	stallShare    = 0.10
	stealShare    = 0.05
	throttleShare = 0.01
	wallShare     = 0.25
	negligible    = 20 * time.Millisecond
)

// disturbances says what else went on between two states while a program ran.
func disturbances(before, after hostState, f Facts) []string {
	span := after.at.Sub(before.at)
	var found []string
	for _, c := range []struct {
		name  string
		took  time.Duration
		share float64
	}{
		{DisturbedCPU, after.cpuStall - before.cpuStall, stallShare},
		{DisturbedMemory, after.memoryStall - before.memoryStall, stallShare},
		{DisturbedIO, after.ioStall - before.ioStall, stallShare},
		{DisturbedSteal, after.steal - before.steal, stealShare},
		{DisturbedThrottled, after.throttled - before.throttled, throttleShare},
	} {
		if c.took >= negligible && c.took >= stretch(span, c.share) {
			found = append(found, c.name)
		}
	}
	if len(found) == 0 && unexplained(f) {
		found = append(found, DisturbedWall)
	}
	return found
}

// waitTime is how long a program may have slept each time that it gave up its CPU by itself.
const waitTime = 5 * time.Millisecond

// unexplained tells whether a run's wall time is far above its CPU time although the program computed
// most of the time, and hardly ever waited for something. A program that was idle did that itself.
func unexplained(f Facts) bool {
	gap := f.Wall - f.CPU - time.Duration(f.Waits)*waitTime
	return f.CPU >= stretch(f.Wall, idleShare) && gap >= negligible && gap >= stretch(f.Wall, wallShare)
}

// takeHostState asks the host. A few files of proc(5), in which the kernel writes on reading.
func takeHostState() hostState {
	read := func(name string) string {
		b, _ := os.ReadFile(name)
		return string(b)
	}
	s := hostState{
		cpuStall:    stallOf(read("/proc/pressure/cpu")),
		memoryStall: stallOf(read("/proc/pressure/memory")),
		ioStall:     stallOf(read("/proc/pressure/io")),
		steal:       stealOf(read("/proc/stat")),
	}
	for _, file := range quotaFiles(read("/proc/self/cgroup")) {
		s.throttled += throttledOf(read(file))
	}
	s.at = time.Now()
	return s
}

// stallOf reads the total of the line `some` of a file of /proc/pressure, in microseconds.
func stallOf(text string) time.Duration {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "some" {
			continue
		}
		for _, word := range words[1:] {
			if total, ok := strings.CutPrefix(word, "total="); ok {
				return counter(total, time.Microsecond)
			}
		}
	}
	return 0
}

// stealOf reads the eighth figure of the line `cpu` of /proc/stat, in ticks of 10 ms (USER_HZ is 100 on all
// systems that we know).
func stealOf(text string) time.Duration {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 8 && words[0] == "cpu" {
			return counter(words[8], 10*time.Millisecond)
		}
	}
	return 0
}

// throttledOf reads cpu.stat: throttled_usec on v2, throttled_time in nanoseconds on v1.
func throttledOf(text string) time.Duration {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "throttled_usec":
			return counter(value, time.Microsecond)
		case "throttled_time":
			return counter(value, time.Nanosecond)
		}
	}
	return 0
}

// quotaFiles names the cpu.stat files of the groups that /proc/self/cgroup names, and of those above them:
// the quota of any of them can stop us. Files that are not there do no harm.
func quotaFiles(text string) []string {
	var files []string
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		root := "/sys/fs/cgroup"
		switch {
		case fields[1] == "":
		case strings.Contains(","+fields[1]+",", ",cpu,"):
			root += "/" + fields[1]
		default:
			continue
		}
		for dir := path.Clean("/" + fields[2]); ; dir = path.Dir(dir) {
			files = append(files, path.Join(root, dir, "cpu.stat"))
			if dir == "/" {
				break
			}
		}
	}
	return files
}

func counter(text string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * unit
}
