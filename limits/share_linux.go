package limits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Share is one slot's part of the CPUs, as large as any other's however many processes are in it. Without it, each
// session competes by itself (sched(7), "The autogroup feature"): a program that calls setsid(2) in each of 64 children
// gets 65 parts. It starves its neighbours, and the kernel's own threads: what refused forks leave behind is not freed
// in time, and the run is charged for it until it is out of memory.
//
// It is a group of version 1's cpu controller, if that is mounted by itself. Where it is mounted together with cpuacct,
// and on version 2, each Group is such a part, and there is no other. Nor is there one where we may make no group, or
// are in real time: no verdict depends on it.
type Share struct {
	base  *base
	name  string
	tasks *os.File
}

// NewShare makes the share of a slot, nil if there is none to be had. The caller closes it, when its processes have
// ended.
func (h *Host) NewShare() (*Share, error) {
	if h.shares == nil {
		return nil, nil
	}
	s := &Share{base: h.shares, name: strconv.FormatUint(h.last.Add(1), 10)}
	if err := unix.Mkdirat(s.base.fd, s.name, 0o700); err != nil {
		return nil, fmt.Errorf("make CPU share %s/%s: %w", s.base.path, s.name, err)
	}
	tasks, err := os.OpenFile(filepath.Join(s.base.path, s.name, "tasks"), os.O_WRONLY, 0)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.tasks = tasks
	return s, nil
}

// Tasks are open files: a thread that writes "0" to each is in the share, and so is what it clones from then on. They
// are closed with the share. A nil Share has none.
func (s *Share) Tasks() []*os.File {
	if s == nil {
		return nil
	}
	return []*os.File{s.tasks}
}

// Close removes the share. It may be called again, and of a nil Share.
func (s *Share) Close() error {
	if s == nil || s.base == nil {
		return nil
	}
	s.tasks.Close() // of a nil file is an error, and no more
	base := s.base
	s.base = nil
	if base.fd < 0 { // the host was closed before us, and took the share with it
		return nil
	}
	if err := removeGroup(base.fd, s.name); err != nil {
		return fmt.Errorf("remove CPU share %s/%s: %w", base.path, s.name, err)
	}
	return nil
}

// Weights of version 1 (cpu.shares): what a session has wherever it runs, and the largest of a group, for all CPUs together.
const (
	sessionWeight = 1024
	maxWeight     = 1 << 18
)

// shareWeight is what a program has on its CPU. It comes before what its judge does meanwhile, which would be in its
// time otherwise, and leaves the rest of the host a fifth. (With two jobs on two CPUs: as much as a session, 3 % fewer
// runs per second than without shares; twice as much, the same; four times, 3 % more.)
const shareWeight = 4 * sessionWeight

// claimShares claims a base for shares, unless the groups of runs are some. It is in our own cgroup, if that may be: a
// quota of CPU time that we have, programs have with us.
func (h *Host) claimShares() {
	hierarchy, ok := h.layout.v1(weights)
	if !ok || h.dividing() != nil || inRealTime() {
		return
	}
	for _, parent := range hierarchy.nearest() {
		b, err := claimIn(hierarchy, parent, nil)
		if err == nil {
			h.shares = b
			break
		}
	}
	if h.shares == nil {
		return
	}
	weight := strconv.Itoa(min(shareWeight*h.cpus, maxWeight))
	for _, dir := range []string{filepath.Dir(h.shares.path), h.shares.path} {
		_ = writeFile(filepath.Join(dir, "cpu.shares"), weight)
	}
}

// inRealTime tells whether this thread, and what it starts, comes before all others (sched(7), SCHED_FIFO, SCHED_RR). No
// group divides the time of such, and where each has to have real time of its own (CONFIG_RT_GROUP_SCHED) they may enter
// none.
func inRealTime() bool {
	attr, err := unix.SchedGetAttr(0, 0)
	return err == nil && (attr.Policy == unix.SCHED_FIFO || attr.Policy == unix.SCHED_RR)
}

// dividing returns the base whose groups have equal parts of the CPUs, nil if there is none.
func (h *Host) dividing() *base {
	if i := slices.IndexFunc(h.bases, func(b *base) bool { return b.divides }); i >= 0 {
		return h.bases[i]
	}
	return h.shares
}
