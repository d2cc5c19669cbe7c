package limits

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// cacheWorthReading is the charge left in a group below which its page cache cannot matter: reading
// memory.stat costs more than all other reads together. A CPU's chargeBatch may be left anyway.
const cacheWorthReading = chargeBatch

// Watch looks after the run from now on: it calls back, once and from another goroutine, when the run must be
// ended, because CPU time exceeds the limit or, on version 1, because the group was out of memory. (On
// version 2 the kernel has then killed all of the group.) The callback should only end the run: other
// groups' alarms wait for it. Usage and Close stop the watch; a caller that must know earlier that no
// callback will come stops it itself. One watch per group.
func (g *Group) Watch(call func(Alarm)) *Watch {
	cpus := g.host.cpus
	if g.limits.Processes > 0 {
		cpus = min(cpus, g.limits.Processes)
	}
	g.watch = &Watch{limit: g.limits.CPU, cpus: cpus, call: call, rest: rest, visit: func() { visit(g.pid) }}
	if g.files[cpuUsage].fd >= 0 {
		g.watch.read = g.CPU
	}
	if g.host.events != nil && g.limits.Memory > 0 {
		g.watch.listen = g.listen
	}
	g.watch.start()
	return g.watch
}

// listen makes the kernel tell the watch when the group is out of memory, and tells whether that has
// happened before. The watch is not stopped while it runs, so Close waits for it.
func (g *Group) listen() (killed bool, err error) {
	if g.eventfd < 0 {
		control := filepath.Join(g.host.by[memory].path, g.name, "cgroup.event_control")
		if g.eventfd, err = g.host.events.add(g.watch, control, g.files[memoryEvents].fd); err != nil {
			return false, err
		}
	}
	kills, err := g.read(memoryEvents, v1.killKey)
	return kills > 0, err
}

// Usage reads what the run used, and stops the watch. All its processes must be dead: then the figures are
// final and exact, and what is left of memory is page cache.
func (g *Group) Usage() (Usage, error) {
	g.stopWatch()
	c, err := g.counters()
	if err != nil {
		return Usage{}, err
	}
	g.last = &c
	u := c.usage(g.limits)
	u.CPU, err = g.CPU()
	u.HasCPU = err == nil
	if errors.Is(err, ErrNotMeasured) {
		u.CPU, err = 0, nil
	}
	return u, err
}

// counters reads the group's files; it stops at the first error.
func (g *Group) counters() (c counters, err error) {
	c = counters{peak: -1, current: -1, processes: -1}
	var v version
	if b := g.host.by[memory]; b != nil {
		v = *b.version
	}
	for _, r := range []struct {
		slot slot
		key  string
		to   *int64
	}{
		{memoryPeak, "", &c.peak},
		{memoryCurrent, "", &c.current},
		{memoryEvents, v.killKey, &c.oomKills},
		{memoryEvents, v.oomKey, &c.oom},
		{processPeak, "", &c.processes},
		{processEvents, "max", &c.refused},
	} {
		if r.slot == memoryEvents && r.key == "" {
			continue
		}
		n, err := g.read(r.slot, r.key)
		if err != nil {
			return counters{}, err
		}
		*r.to = n
	}
	if v.oomKey == "" {
		c.told = g.eventfd >= 0 && signalled(int32(g.eventfd))
		c.oom = c.oomInVersion1(g.limits.Memory)
	}
	if c.current > cacheWorthReading && c.oom <= 0 {
		if c.current, err = g.drain(c.current); err == nil && c.current > cacheWorthReading {
			c.cache, err = g.cache()
		}
	}
	return c, err
}

// drain has the kernel take back what it has charged CPUs in advance, of the charge that is left, and returns what is
// left then. A limit below the charge makes it do so, on other CPUs a moment later, and is refused if that is not
// enough. What cannot be that is left alone, for the kernel would throw out page cache, some 32 pages, to obey. Version 2
// would count that as out of memory instead, so there all is left.
func (g *Group) drain(charge int64) (int64, error) {
	if g.host.by[memory].unified || charge > int64(g.host.cpus+1)*chargeBatch {
		return charge, nil
	}
	before := g.limits.Memory
	if g.limit(memoryLimit, charge-1) == nil { // the kernel rounds down to pages
		if err := g.limit(memoryLimit, before); err != nil {
			return charge, fmt.Errorf("limit memory to %s: %w", FormatSize(before), err)
		}
	}
	return g.read(memoryCurrent, "")
}

// cache reads how much page cache of files is left in the group. memory.stat counts tmpfs and shared
// memory as cache, too.
func (g *Group) cache() (int64, error) {
	b := g.host.by[memory]
	fd, err := g.open(b, "memory.stat", unix.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var buffer [8192]byte
	n, err := pread(fd, buffer[:])
	if err != nil {
		return 0, fmt.Errorf("read memory.stat of group %s: %w", g.name, err)
	}
	cached, _ := parseKey(buffer[:n], b.version.cacheKey)
	shared, _ := parseKey(buffer[:n], "shmem")
	return cached - shared, nil
}

// Kill kills all processes in the group, and those that are being forked, with cgroup.kill (Linux 5.14), if version 2
// has a part of the group. Otherwise it returns errors.ErrUnsupported, and the caller has to
// kill the first process of their pid namespace.
func (g *Group) Kill() error {
	for _, b := range g.made {
		if !b.unified {
			continue
		}
		fd, err := g.open(b, "cgroup.kill", unix.O_WRONLY)
		if err != nil {
			continue
		}
		defer unix.Close(fd)
		if err := pwrite(fd, []byte("1")); err != nil {
			return fmt.Errorf("kill group %s: %w", g.name, err)
		}
		return nil
	}
	return fmt.Errorf("kill group %s: %w", g.name, errors.ErrUnsupported)
}

// Populated tells whether a process lives in the group. Zombies do not count.
func (g *Group) Populated() (bool, error) {
	if len(g.made) == 0 {
		return false, nil
	}
	b, name := g.made[0], "cgroup.procs" // any tells; version 2 best
	if b.unified {
		name = "cgroup.events"
	}
	fd, err := g.open(b, name, unix.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	var buffer [256]byte
	n, err := pread(fd, buffer[:])
	if err != nil {
		return false, fmt.Errorf("read %s of group %s: %w", name, g.name, err)
	}
	if b.unified {
		populated, _ := parseKey(buffer[:n], "populated")
		return populated > 0, nil
	}
	return len(bytes.TrimSpace(buffer[:n])) > 0, nil
}

// Close stops the watch and removes the group, in which no process may live any more. Dying ones get
// a moment to leave; EBUSY means that some did not. It may be called again.
func (g *Group) Close() error {
	g.stopWatch()
	if g.eventfd >= 0 {
		g.host.events.remove(g.eventfd)
		g.eventfd = -1
	}
	for i := range g.files {
		closeFile(&g.files[i].fd)
	}
	for i := range g.procs {
		closeFile(&g.procs[i])
	}
	for _, f := range g.tasks {
		f.Close()
	}
	var errs []error
	for _, b := range g.made {
		if b.fd < 0 { // the host was closed before us, and took the group with it
			continue
		}
		if err := removeGroup(b.fd, g.name); err != nil {
			errs = append(errs, fmt.Errorf("remove group %s: %w", filepath.Join(b.path, g.name), err))
		}
	}
	if len(errs) == 0 {
		g.made = nil
	}
	return errors.Join(errs...)
}

// stopWatch stops the watch, if there is one, and waits for its callback.
func (g *Group) stopWatch() {
	if g.watch != nil {
		g.watch.Stop()
	}
}

// closeFile closes a descriptor once.
func closeFile(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}
