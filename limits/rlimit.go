package limits

import (
	"math"
	"time"
)

// Rlimit is one resource limit for setrlimit(2).
type Rlimit struct {
	Resource int    // RLIMIT_… as Linux numbers it
	Name     string // "RLIMIT_NOFILE"
	Soft     uint64
	Hard     uint64
}

// Resource numbers of asm-generic/resource.h, which all Linux architectures that we build for share.
const (
	rlimitCPU    = 0
	rlimitFSize  = 1
	rlimitStack  = 3
	rlimitCore   = 4
	rlimitNProc  = 6
	rlimitNoFile = 7
	rlimitAS     = 9
)

var rlimitNames = map[int]string{
	rlimitCPU:    "RLIMIT_CPU",
	rlimitFSize:  "RLIMIT_FSIZE",
	rlimitStack:  "RLIMIT_STACK",
	rlimitCore:   "RLIMIT_CORE",
	rlimitNProc:  "RLIMIT_NPROC",
	rlimitNoFile: "RLIMIT_NOFILE",
	rlimitAS:     "RLIMIT_AS",
}

// Lack names what no control group bounds, so that an rlimit must, as well as it can. The zero value
// lacks nothing.
type Lack struct {
	CPU       bool
	Memory    bool
	Processes bool
}

// Rlimits turns l into the resource limits of each process of the run, in the order of their numbers.
//
// A control group bounds the run as a whole; rlimits bound one process, and are a second fence: CPU
// time ends a process a second after the group's watch should have. With lack they are the only
// fence: CPU time of one process, address space instead of memory, and all processes of the user id
// instead of those of the run.
//
// hard gives the current hard limit of a resource, which nothing exceeds: raising it needs
// CAP_SYS_RESOURCE, which even root may lack. nil means that there are none.
func Rlimits(l Limits, lack Lack, hard func(resource int) uint64) []Rlimit {
	var list []Rlimit
	add := func(resource int, soft, top uint64) {
		if hard != nil {
			allowed := hard(resource)
			soft, top = min(soft, allowed), min(top, allowed)
		}
		list = append(list, Rlimit{resource, rlimitNames[resource], soft, top})
	}
	if l.CPU > 0 {
		seconds := wholeSeconds(l.CPU)
		if !lack.CPU {
			seconds++
		}
		add(rlimitCPU, seconds, seconds+1)
	}
	if l.Disk > 0 { // standard output is a pipe; where a caller makes it a file, Output must fit as well
		size := uint64(max(l.Disk, l.Output))
		add(rlimitFSize, size, size)
	}
	if stack := stackSize(l); stack > 0 {
		add(rlimitStack, stack, stack)
	}
	add(rlimitCore, 0, 0)
	if lack.Processes && l.Processes > 0 {
		add(rlimitNProc, uint64(l.Processes), uint64(l.Processes))
	}
	if l.OpenFiles > 0 {
		add(rlimitNoFile, uint64(l.OpenFiles), uint64(l.OpenFiles))
	}
	if lack.Memory && l.Memory > 0 {
		add(rlimitAS, uint64(l.Memory), uint64(l.Memory))
	}
	return list
}

// stackSize is the stack's limit in bytes, zero for none: recursion may use what the memory limit
// leaves, so without a limit of its own the stack gets as much as memory.
func stackSize(l Limits) uint64 {
	if l.Stack > 0 {
		return uint64(l.Stack)
	}
	return uint64(max(l.Memory, 0))
}

// wholeSeconds rounds up, because RLIMIT_CPU counts seconds.
func wholeSeconds(d time.Duration) uint64 {
	return uint64(math.Ceil(d.Seconds()))
}
