package limits

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// cacheWorthReading is the charge left in a group below which its page cache cannot matter: reading
// memory.stat costs more than all other reads together. Two CPUs' chargeBatch is left anyway.
const cacheWorthReading = chargeBatch

// Watch looks after the run from now on: it calls back, once and in a goroutine of its own, when the run
// must be ended, because CPU time exceeds the limit or, on version 1, because the group was out of memory. (On
// version 2 the kernel has then killed all of the group.) The caller stops the watch, and does so before it
// reads Usage if the callback must not come later. One watch per group.
func (g *Group) Watch(call func(Alarm)) *Watch {
	cpus := g.host.cpus
	if g.limits.Processes > 0 {
		cpus = min(cpus, g.limits.Processes)
	}
	w := &Watch{limit: g.limits.CPU, cpus: cpus, call: call}
	if g.files[cpuUsage].fd >= 0 {
		w.read = g.CPU
	}
	g.mu.Lock()
	g.watch = w
	g.mu.Unlock()
	w.start()
	if g.wasOutOfMemory() { // before the watch was there to be told
		go w.outOfMemory()
	}
	return w
}

// checkMemory tells the watch if the group was out of memory.
func (g *Group) checkMemory() {
	g.mu.Lock()
	w := g.watch
	g.mu.Unlock()
	if w != nil && g.wasOutOfMemory() {
		w.outOfMemory()
	}
}

// wasOutOfMemory looks at the eventfd and leaves its count as it is.
func (g *Group) wasOutOfMemory() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.oom < 0 {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(g.oom), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// Usage reads what the run used. All its processes must be dead: then the figures are final and exact,
// and what is left of memory is page cache.
func (g *Group) Usage() (Usage, error) {
	c, err := g.counters()
	if err != nil {
		return Usage{}, err
	}
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
	if g.wasOutOfMemory() {
		c.oom = 1
	}
	if c.current > cacheWorthReading && c.oom <= 0 {
		c.cache, err = g.cache()
	}
	return c, err
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

// Kill kills all processes in the group, and those that are being forked, with cgroup.kill (version 2 since
// Linux 5.14, also beside version 1). Otherwise it returns errors.ErrUnsupported, and the caller has to
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
	b, name := g.made[0], "cgroup.procs" // version 2 is the first, if it is there
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
	g.mu.Lock()
	w, oom := g.watch, g.oom
	g.oom = -1
	g.mu.Unlock()
	if w != nil {
		w.Stop()
	}
	if oom >= 0 {
		g.host.events.remove(oom)
	}
	for i := range g.files {
		closeFile(&g.files[i].fd)
	}
	for i := range g.procs {
		closeFile(&g.procs[i])
	}
	var errs []error
	for _, b := range g.made {
		if err := removeGroup(b.fd, g.name); err != nil {
			errs = append(errs, fmt.Errorf("remove group %s: %w", filepath.Join(b.path, g.name), err))
		}
	}
	if len(errs) == 0 {
		g.made = nil
	}
	return errors.Join(errs...)
}

// closeFile closes a descriptor once.
func closeFile(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}
