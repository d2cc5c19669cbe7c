package limits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Group is the control groups of one run, one in each hierarchy that the host uses.
//
// The order is NewGroup, Admit or Entrance, Limit, Start, Watch, Usage, Close or Recycle. Limit, Start and CPU work on
// descriptors that are kept open and do not allocate. CPU and Kill may be called at any time before
// Close and from anywhere; the rest is for one goroutine.
type Group struct {
	host    *Host
	name    string     // below each base
	made    []*base    // where the group exists
	procs   []int      // cgroup.procs in each of made
	tasks   []*os.File // tasks in each of made; nil if not all have it
	files   [slotCount]keptFile
	swapOff bool // the program cannot use swap
	pid     int  // the run's first process
	limits  Limits
	written [slotCount]int64 // the limits that the kernel has; zero: its own
	last    *counters        // as Usage has read them; nil: it has not
	looks   int              // when it was idle and had too much memory
	start   time.Duration    // the counter's reading at Start
	watch   *Watch           // nil: none yet
	eventfd int              // version 1, once the watch listens: tells "out of memory"; else -1
}

// keptFile is an open control file; fd is -1 if there is none.
type keptFile struct {
	fd   int
	name string
}

// NewGroup returns an empty group: one that was recycled, or a new one. It is meant to be asked for ahead of the
// run: the system calls that make a group cost about ten times as much as all others of its life. The caller
// closes or recycles it.
func (h *Host) NewGroup() (*Group, error) {
	if g := h.idle.take(); g != nil {
		return g, nil
	}
	return h.makeGroup()
}

func (h *Host) makeGroup() (_ *Group, err error) {
	g := &Group{host: h, name: strconv.FormatUint(h.last.Add(1), 10), eventfd: -1}
	for s := range g.files {
		g.files[s].fd = -1
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make group %s: %w", g.name, err), g.Close())
		}
	}()
	for _, b := range h.bases {
		if err := g.make(b); err != nil {
			return nil, err
		}
	}
	return g, g.openTasks()
}

// openTasks opens the files of Entrance.
func (g *Group) openTasks() error {
	if slices.ContainsFunc(g.made, func(b *base) bool { return b.unified }) {
		return nil
	}
	for _, b := range g.made {
		fd, err := g.open(b, "tasks", unix.O_WRONLY)
		if err != nil {
			return err
		}
		g.tasks = append(g.tasks, os.NewFile(uintptr(fd), "tasks"))
	}
	return nil
}

// make makes the group's directory in one hierarchy and opens what it has to offer.
func (g *Group) make(b *base) error {
	if err := unix.Mkdirat(b.fd, g.name, 0o700); err != nil {
		return &os.PathError{Op: "mkdir", Path: filepath.Join(b.path, g.name), Err: err}
	}
	g.made = append(g.made, b)
	procs, err := g.open(b, "cgroup.procs", unix.O_WRONLY)
	if err != nil {
		return err
	}
	g.procs = append(g.procs, procs)
	for _, f := range b.version.files {
		if g.host.by[f.owner] != b {
			continue
		}
		fd, err := g.openKept(b, f)
		if err != nil {
			return err
		}
		g.files[f.slot] = keptFile{fd, f.name}
	}
	return g.preset(b)
}

// preset gives the group the values that it has whatever its limits are: above all, no swap.
func (g *Group) preset(b *base) error {
	if g.host.by[memory] == b {
		g.swapOff = b.unified || g.files[swapLimit].fd >= 0
	}
	for _, p := range b.version.presets {
		if g.host.by[p.owner] != b {
			continue
		}
		fd, err := g.open(b, p.name, unix.O_WRONLY)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return err
		}
		err = pwrite(fd, []byte(p.value))
		unix.Close(fd)
		if err != nil {
			return &os.PathError{Op: "write", Path: p.name, Err: err}
		}
	}
	return nil
}

// openKept opens a control file that is kept open; -1 if there is none. What the kernel lets nobody write to
// (memory.peak before Linux 6.12) only root can open for that: others do without.
func (g *Group) openKept(b *base, f controlFile) (int, error) {
	fd, err := g.open(b, f.name, f.flags)
	if f.flags == unix.O_RDWR && errors.Is(err, unix.EACCES) {
		fd, err = g.open(b, f.name, unix.O_RDONLY)
	}
	if f.optional && errors.Is(err, unix.ENOENT) {
		return -1, nil
	}
	return fd, err
}

// open opens a control file of the group in one hierarchy.
func (g *Group) open(b *base, name string, flags int) (int, error) {
	fd, err := unix.Openat(b.fd, g.name+"/"+name, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: filepath.Join(b.path, g.name, name), Err: err}
	}
	return fd, nil
}

// Entrance returns how the run's first process gets into the group: by tasks, open files to each of which its only
// thread writes "0"; or, where version 2 has a part of the group, by admit, which is Admit. With tasks it does not pay what
// Admit does. They are closed with the group.
func (g *Group) Entrance() (admit func(pid int) error, tasks []*os.File) {
	if g.tasks != nil {
		return nil, g.tasks
	}
	return g.Admit, nil
}

// Admit moves a process with all its threads into the group. What it uses from now on counts, and so
// does what its children use. On an idle machine the kernel may take 10 ms for it (an RCU grace
// period), so it belongs before the gate.
func (g *Group) Admit(pid int) error {
	var b [20]byte
	text := strconv.AppendInt(b[:0], int64(pid), 10)
	for i, fd := range g.procs {
		if err := pwrite(fd, text); err != nil {
			return fmt.Errorf("admit pid %d to %s/%s: %w", pid, g.made[i].path, g.name, err)
		}
	}
	return nil
}

// Limit sets Memory and Processes of l, zero for none, and remembers the rest for Watch and Usage. It is
// called once, before the program starts. It fails with EBUSY, or on version 2 kills the process, if the
// memory limit is less than the waiting process has already been charged.
func (g *Group) Limit(l Limits) error {
	g.limits = l
	// Version 1 wants memory alone to be at most memory and swap together, at any time.
	order := [...]slot{memoryLimit, swapLimit}
	if before := g.written[memoryLimit]; before > 0 && (l.Memory == 0 || l.Memory > before) {
		order = [...]slot{swapLimit, memoryLimit}
	}
	for _, s := range order {
		if err := g.limit(s, l.Memory); err != nil {
			return fmt.Errorf("limit memory to %s: %w", FormatSize(l.Memory), err)
		}
	}
	if err := g.limit(processLimit, int64(l.Processes)); err != nil {
		return fmt.Errorf("limit processes to %d: %w", l.Processes, err)
	}
	return nil
}

// none is how a control file says that there is no limit.
func (h *Host) none(s slot) string {
	if s == processLimit {
		return "max"
	}
	return h.by[memory].version.noMemory
}

// limit has the kernel hold a limit, zero for none, if there is a file for it.
func (g *Group) limit(s slot, n int64) error {
	if g.files[s].fd < 0 || g.written[s] == n {
		return nil
	}
	var b [20]byte
	text := strconv.AppendInt(b[:0], n, 10)
	if n == 0 {
		text = append(b[:0], g.host.none(s)...)
	}
	if err := pwrite(g.files[s].fd, text); err != nil {
		return err
	}
	g.written[s] = n
	return nil
}

// Start reads the CPU counter: CPU, Watch and Usage count from here, for a run whose first process is the one given.
// Without a counter it reads nothing.
func (g *Group) Start(pid int) error {
	g.pid = pid
	used, err := g.counter()
	if err != nil && !errors.Is(err, ErrNotMeasured) {
		return err
	}
	g.start = used
	return nil
}

// CPU is the CPU time of all processes since Start. When they are dead it is exact. While they run, it lags behind by up
// to a scheduler tick (1 to 10 ms) for each of them that has not been switched meanwhile.
func (g *Group) CPU() (time.Duration, error) {
	used, err := g.counter()
	if err != nil {
		return 0, err
	}
	return used - g.start, nil
}

// counter reads the CPU time since the group was made.
func (g *Group) counter() (time.Duration, error) {
	if g.files[cpuUsage].fd < 0 {
		return 0, ErrNotMeasured
	}
	version := g.host.by[cpu].version
	n, err := g.read(cpuUsage, version.cpuKey)
	if n < 0 && err == nil {
		err = ErrNotMeasured
	}
	return time.Duration(n) * version.cpuUnit, err
}

// read reads the number behind key in a control file, or the file's only number if key is empty. It is
// -1 if there is no such file or line.
func (g *Group) read(s slot, key string) (int64, error) {
	f := g.files[s]
	if f.fd < 0 {
		return -1, nil
	}
	var b [1024]byte
	n, err := pread(f.fd, b[:])
	if err != nil {
		return -1, fmt.Errorf("read %s of group %s: %w", f.name, g.name, err)
	}
	if key != "" {
		if value, ok := parseKey(b[:n], key); ok {
			return value, nil
		}
		return -1, nil
	}
	value, err := parseCount(b[:n])
	if err != nil {
		return -1, fmt.Errorf("read %s of group %s: %w", f.name, g.name, err)
	}
	return value, nil
}
