package gojudge

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate"
	"judge/limits"
)

// limits are what a command is held to. Field is the command's name in messages.
func (c *Cmd) limits(field string) (limits.Limits, error) {
	clock, clockName := c.ClockLimit, "clockLimit"
	if c.RealCPULimit > 0 {
		clock, clockName = c.RealCPULimit, "realCpuLimit"
	}
	for _, row := range []struct {
		name       string
		value, max uint64
	}{
		{"cpuLimit", c.CPULimit, uint64(MaxCPU)},
		{clockName, clock, uint64(MaxClock)},
		{"memoryLimit", c.MemoryLimit, MaxMemory},
		{"stackLimit", c.StackLimit, MaxMemory},
		{"procLimit", c.ProcLimit, MaxProcesses},
		{"copyOutMax", c.CopyOutMax, MaxFile},
	} {
		if row.value > row.max {
			return limits.Limits{}, refuse(field+"."+row.name, "%d: want at most %d", row.value, row.max)
		}
	}
	if _, err := parseCPUs(c.CPUSetLimit); err != nil {
		return limits.Limits{}, refuse(field+".cpuSetLimit", "%v", err)
	}
	l := limits.Limits{
		CPU:       either(time.Duration(c.CPULimit), DefaultCPU),
		Wall:      time.Duration(clock),
		Memory:    either(int64(c.MemoryLimit), DefaultMemory),
		Stack:     int64(c.StackLimit),
		Processes: either(int(c.ProcLimit), DefaultProcesses),
		Disk:      Disk,
		Inodes:    Inodes,
		OpenFiles: OpenFiles,
	}
	l.Wall = max(either(l.Wall, 2*l.CPU+time.Second), l.CPU)
	l.Stack = min(l.Stack, l.Memory)
	return l, nil
}

// either returns the first value, or when it is zero the second.
func either[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// rlimits are the second fence behind the groups, and what only rlimits can hold.
func (c *Cmd) rlimits(l limits.Limits, lack limits.Lack) []isolate.Rlimit {
	var list []isolate.Rlimit
	for _, r := range limits.Rlimits(l, lack, isolate.HardLimit) {
		if r.Resource != unix.RLIMIT_AS || !c.AddressSpaceLimit {
			list = append(list, isolate.Rlimit{Resource: r.Resource, Soft: r.Soft, Hard: r.Hard})
		}
	}
	add := func(resource int) {
		size := min(uint64(l.Memory), isolate.HardLimit(resource))
		list = append(list, isolate.Rlimit{Resource: resource, Soft: size, Hard: size})
	}
	if c.DataSegmentLimit || c.StrictMemoryLimit {
		add(unix.RLIMIT_DATA)
	}
	if c.AddressSpaceLimit {
		add(unix.RLIMIT_AS)
	}
	return list
}

// parseCPUs reads a list of CPUs as cpuset has it: "0-3,8". Empty: nil, any.
func parseCPUs(list string) ([]int, error) {
	const most = 4096 // CPU numbers
	if list == "" {
		return nil, nil
	}
	var cpus []int
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 0 || last < first || last >= most || len(cpus) > most {
			return nil, fmt.Errorf("%.40q: want a list of CPUs such as 0-3,8", list)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
