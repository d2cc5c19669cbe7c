package limits

import (
	"errors"
	"sync"
)

// idleGroups are groups that nobody has and whose counters are those of a new one, but for memory, which the kernel may
// still be giving back, and CPU time, of which Start takes a reading. The zero value is empty.
type idleGroups struct {
	mu     sync.Mutex
	groups []*Group // the longest idle first
	closed bool
	err    error // of closing a group
}

// maxIdle is how many groups are kept: a slot has two at a time.
const maxIdle = 64

// take returns a group whose memory is that of a new one, or nil. It looks at one, the longest idle; if that has as
// much memory as ever, it is closed.
func (i *idleGroups) take() *Group {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.groups) == 0 {
		return nil
	}
	g := i.groups[0]
	i.groups = i.groups[1:]
	if g.forgets() {
		return g
	}
	if g.looks++; g.looks < maxLooks {
		i.groups = append(i.groups, g)
	} else {
		i.err = errors.Join(i.err, g.Close())
	}
	return nil
}

// maxLooks is how often a group is looked at until it is given up. What a dead process leaves charged, the kernel
// gives back within milliseconds; page cache stays.
const maxLooks = 3

// put keeps a group; false if there are enough.
func (i *idleGroups) put(g *Group) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || len(i.groups) >= maxIdle {
		return false
	}
	i.groups = append(i.groups, g)
	return true
}

// close removes all groups, and those that are put later are not kept.
func (i *idleGroups) close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	for _, g := range i.groups {
		i.err = errors.Join(i.err, g.Close())
	}
	i.groups = nil
	return i.err
}

// Recycle is Close for a group that may be another run's next. It is kept only if no figure or verdict of that run could
// be told from those in a new group; else, or if Usage was not asked, Recycle returns false, and the caller
// closes it. So it is with one that had no Start: whoever was to enter it may be on the way.
func (g *Group) Recycle() bool {
	g.stopWatch()
	if g.eventfd >= 0 || g.pid == 0 || g.last == nil || !g.last.asNew() || !g.Empty() || !g.resetPeak() {
		return false
	}
	*g = Group{host: g.host, name: g.name, made: g.made, procs: g.procs, tasks: g.tasks, files: g.files, swapOff: g.swapOff, written: g.written, eventfd: -1}
	return g.host.idle.put(g)
}

// maxLeft is how much memory, in bytes, the run before may have left charged. It is mostly what the kernel has
// charged a CPU in advance, which the next run uses up first if it is on that CPU; if not, it is in its figure, beside
// the batch that any run is charged in advance. With twice as much, some figures would be wrong by more than 512 KiB.
const maxLeft = chargeBatch

// asNew says whether counters that neither can be reset nor go back by themselves are what they are in a new group, or
// what any run makes them.
func (c counters) asNew() bool {
	return c.oomKills <= 0 && c.oom <= 0 && !c.told && c.refused <= 0 && c.processes <= 1
}

// forgets makes the group forget the memory of the run before; false if that is still there.
func (g *Group) forgets() bool {
	left, err := g.read(memoryCurrent, "")
	return err == nil && left <= maxLeft && g.resetPeak()
}

// Empty tells whether no process is left in the group, no zombie either; false also when nobody counts them.
func (g *Group) Empty() bool {
	n, err := g.read(processCurrent, "")
	return err == nil && n == 0
}

// resetPeak makes the kernel forget the largest memory; false if it cannot (version 2 before Linux 6.12).
func (g *Group) resetPeak() bool {
	f := g.files[memoryPeak]
	return f.fd < 0 || pwrite(f.fd, []byte("0")) == nil
}
