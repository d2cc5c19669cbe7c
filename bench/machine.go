package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"judge/limits"
)

// machine is where was measured. It has no name: nobody shall know whose it is.
type machine struct {
	CPU    string            `json:"cpu"`
	CPUs   int               `json:"cpus"`
	Kernel string            `json:"kernel"`
	Go     string            `json:"go"`
	Limits map[string]string `json:"limits"` // what holds them
	Clock  string            `json:"cpu_clock"`
}

func thisMachine() machine {
	m := machine{CPUs: runtime.NumCPU(), Go: runtime.Version() + " " + runtime.GOARCH, Clock: cpuClock()}
	for line := range strings.Lines(readText("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	m.Kernel = strings.TrimSpace(readText("/proc/sys/kernel/osrelease"))
	m.Kernel, _, _ = strings.Cut(m.Kernel, "-") // what follows names somebody's build
	if host, err := limits.Open(limits.Options{Degraded: true}); err == nil {
		m.Limits = host.Mechanisms()
		host.Close()
	}
	return m
}

func (m machine) String() string {
	return fmt.Sprintf("%d × %s, Linux %s, groups %s, %s; CPU time from %s",
		m.CPUs, m.CPU, m.Kernel, m.Limits["layout"], m.Go, m.Clock)
}

func readText(file string) string {
	text, _ := os.ReadFile(file) // what is not there is not known
	return string(text)
}

// cpuacct is the root group's counter of version 1: nanoseconds of all tasks.
const cpuacct = "/sys/fs/cgroup/cpuacct/cpuacct.usage"

// cpuClock says where machineCPU has its figures from.
func cpuClock() string {
	if _, err := os.Stat(cpuacct); err == nil {
		return filepath.Base(cpuacct)
	}
	return "/proc/stat"
}

// machineCPU is the CPU time that all CPUs together were busy, since some time in the past. /proc/stat, which
// is all that there is where groups are of version 2, counts in ticks: it needs many runs.
func machineCPU() time.Duration {
	if ns, err := strconv.ParseInt(strings.TrimSpace(readText(cpuacct)), 10, 64); err == nil {
		return time.Duration(ns)
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100
	line, _, _ := strings.Cut(readText("/proc/stat"), "\n")
	var busy time.Duration
	for i, field := range strings.Fields(line) {
		const name, idle, iowait, steal = 0, 4, 5, 8 // guests' time, which follows, is in user's
		if i == name || i == idle || i == iowait || i >= steal {
			continue
		}
		ticks, _ := strconv.ParseInt(field, 10, 64)
		busy += time.Duration(ticks) * tick
	}
	return busy
}
