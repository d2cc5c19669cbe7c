package limits

import (
	"time"

	"golang.org/x/sys/unix"
)

// controller is what a group is needed for. Each may be in a hierarchy of its own.
type controller int

const (
	cpu controller = iota
	memory
	processes
	controllerCount
)

// String names the limit that c is for.
func (c controller) String() string {
	return [controllerCount]string{"cpu", "memory", "processes"}[c]
}

// slot is a control file that a Group keeps open.
type slot int

const (
	cpuUsage slot = iota
	memoryLimit
	swapLimit // version 1: memory and swap together
	memoryPeak
	memoryCurrent
	memoryEvents
	processLimit
	processPeak
	processEvents
	processCurrent
	slotCount
)

// controlFile says where a slot is found.
type controlFile struct {
	slot     slot
	owner    controller
	name     string
	flags    int
	optional bool // younger kernels have it, or only some configurations
}

// preset is a value that each group gets when it is made.
type preset struct {
	owner       controller
	name, value string
}

// version is what the two versions of control groups call things.
type version struct {
	name        string
	controllers [controllerCount]string
	files       []controlFile
	presets     []preset // a kernel without such a file has nothing to hold
	cpuKey      string   // of the line to read; "" if the file is one number
	cpuUnit     time.Duration
	noMemory    string // in memoryLimit and swapLimit: no limit
	cacheKey    string // page cache in memory.stat, tmpfs included
	killKey     string // in memoryEvents: processes killed
	oomKey      string // in memoryEvents: limit reached and nothing to reclaim; "" if only an eventfd tells
}

var v1 = version{
	name:        "cgroup v1",
	controllers: [controllerCount]string{"cpuacct", "memory", "pids"},
	files: []controlFile{
		{cpuUsage, cpu, "cpuacct.usage", unix.O_RDONLY, false},
		{memoryLimit, memory, "memory.limit_in_bytes", unix.O_WRONLY, false},
		{swapLimit, memory, "memory.memsw.limit_in_bytes", unix.O_WRONLY, true},
		{memoryPeak, memory, "memory.max_usage_in_bytes", unix.O_RDWR, false},
		{memoryCurrent, memory, "memory.usage_in_bytes", unix.O_RDONLY, false},
		{memoryEvents, memory, "memory.oom_control", unix.O_RDONLY, false},
		{processLimit, processes, "pids.max", unix.O_WRONLY, false},
		{processPeak, processes, "pids.peak", unix.O_RDONLY, true},
		{processEvents, processes, "pids.events", unix.O_RDONLY, true},
		{processCurrent, processes, "pids.current", unix.O_RDONLY, false},
	},
	presets: []preset{
		// Buffers of Internet sockets, UDP's too, are no memory to version 1. As much as a few connections need.
		{memory, "memory.kmem.tcp.limit_in_bytes", "16777216"},
	},
	cpuUnit:  time.Nanosecond,
	noMemory: "-1",
	cacheKey: "cache",
	killKey:  "oom_kill",
}

var v2 = version{
	name:        "cgroup v2",
	controllers: [controllerCount]string{"cpu.stat", "memory", "pids"},
	files: []controlFile{
		{cpuUsage, cpu, "cpu.stat", unix.O_RDONLY, false},
		{memoryLimit, memory, "memory.max", unix.O_WRONLY, false},
		{memoryPeak, memory, "memory.peak", unix.O_RDWR, true}, // Linux 5.19; can be reset since 6.12
		{memoryCurrent, memory, "memory.current", unix.O_RDONLY, false},
		{memoryEvents, memory, "memory.events", unix.O_RDONLY, false},
		{processLimit, processes, "pids.max", unix.O_WRONLY, false},
		{processPeak, processes, "pids.peak", unix.O_RDONLY, true}, // Linux 6.1
		{processEvents, processes, "pids.events", unix.O_RDONLY, true},
		{processCurrent, processes, "pids.current", unix.O_RDONLY, false},
	},
	presets: []preset{
		{memory, "memory.swap.max", "0"},
		{memory, "memory.oom.group", "1"},
	},
	cpuKey:   "usage_usec",
	cpuUnit:  time.Microsecond,
	noMemory: "max",
	cacheKey: "file",
	killKey:  "oom_kill",
	oomKey:   "oom",
}
