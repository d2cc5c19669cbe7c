package limits

import (
	"errors"
	"time"
)

// ErrNotMeasured is returned for a figure that no control group counts (only with Options.Degraded).
var ErrNotMeasured = errors.New("no control group counts this")

// Usage is what a run used. A figure counts only if its Has field is set: without a control group for
// it (only with Options.Degraded, or on a kernel that keeps no such counter) the caller has to use
// getrusage(2) or say nothing.
type Usage struct {
	CPU    time.Duration // of all processes together, user and system, since Start
	HasCPU bool

	Memory    int64 // bytes, the largest sum at one time, without page cache (see memoryFigure)
	HasMemory bool

	Processes    int // processes and threads, the largest number at one time
	HasProcesses bool

	// OOM: the run reached its memory limit and the kernel found nothing to reclaim. It is certain,
	// however the run ended: a killed process, or an allocation that failed and a program that exits.
	OOM bool
	// AtLimit: memory came within a hair of its limit, which makes it likely, and not more, that a crash
	// has to do with it. Set with OOM as well.
	AtLimit bool
	// HostOOM: the kernel killed a process of the run because memory ran out elsewhere: on the machine,
	// or in a control group above ours. That is nothing the program can be blamed for.
	HostOOM bool
	// ProcessLimit: a fork or a new thread was refused because the process limit was reached.
	ProcessLimit bool
	// ForkFlood: so many were refused that what the kernel had not freed of them yet may be what filled the memory.
	ForkFlood bool
}

// refusedFork is the most memory, in bytes, that a refused fork leaves charged until the kernel's threads for it get
// their turn, which may take a good part of a second on a busy machine. (256 MiB were full after some 10,000.)
const refusedFork = 64 << 10

// chargeBatch is what the kernel adds to a group's counter at a time, per CPU (MEMCG_CHARGE_BATCH, 64
// pages): counters may be ahead of the truth by that much.
const chargeBatch = 256 << 10

// counters are the raw figures of a group, -1 where there is no such file.
type counters struct {
	peak      int64 // memory, bytes
	current   int64 // memory that is still charged now that all processes are dead
	cache     int64 // part of current that is page cache of files, without tmpfs and shared memory
	oom       int64 // how often the kernel found nothing to reclaim in this group
	oomKills  int64 // processes of this group that were killed for lack of memory anywhere
	told      bool  // version 1: the kernel told the watch that it was about to kill one
	processes int64 // peak
	refused   int64 // forks refused
}

// usage draws the conclusions from c under the limits l. CPU is not its business.
func (c counters) usage(l Limits) Usage {
	u := Usage{OOM: c.oom > 0}
	u.HostOOM = c.oomKills > 0 && !u.OOM
	if c.peak >= 0 {
		u.HasMemory = true
		u.Memory = c.memoryFigure()
		u.AtLimit = u.OOM || l.Memory > 0 && c.peak > l.Memory-chargeBatch && u.Memory > l.Memory-l.Memory/16
	}
	if c.processes >= 0 {
		u.HasProcesses = true
		u.Processes = int(c.processes)
	}
	// Version 1 and kernels before 6.11 count a refusal by a limit further up as the group's own; our own
	// limit was not reached then.
	reached := c.processes < 0 || c.processes >= int64(l.Processes)
	u.ProcessLimit = l.Processes > 0 && c.refused > 0 && reached
	u.ForkFlood = u.ProcessLimit && l.Memory > 0 && c.refused > l.Memory/refusedFork
	return u
}

// oomInVersion1 stands in for the count of "limit reached and nothing to reclaim", which version 1 does
// not keep. The kernel was about to kill a process for lack of memory (it does not count that if we were
// faster, having been told), and the group had been at its limit: it kills only for allocations of at
// most 8 pages, so the peak is that close then.
func (c counters) oomInVersion1(limit int64) int64 {
	if (c.oomKills > 0 || c.told) && limit > 0 && c.peak > limit-chargeBatch {
		return max(c.oomKills, 1)
	}
	return 0
}

// memoryFigure is the peak without the page cache of files.
//
// The page cache of a file is charged to whoever reads it first, so the run that finds libc cold would
// be shown megabytes that the next one is not. No counter tells how much of the peak was page cache,
// but what is left in the group after all processes died does nearly: their own memory is gone, and
// the kernel keeps page cache until somebody wants the room. So the cache that is left is taken from
// the peak. tmpfs and shared memory are what the program wrote, and are left in.
//
// It errs low for a program that drops a large heap and then reads a large cold file, and that is only a
// figure: verdicts hang on OOM, not on it. After an OOM the peak is shown as it is, because the kernel
// threw out all cache that it could before. The figure is never below what is left that is not cache.
func (c counters) memoryFigure() int64 {
	if c.oom > 0 || c.cache <= 0 {
		return c.peak
	}
	return max(c.peak-c.cache, c.current-c.cache, 0)
}
