package limits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Host is what this machine can enforce, and the bases of this process below which its groups are. It is
// made once per process, with Open, before the process starts others: in its own cgroup it may have to
// move itself (see the package comment). All methods are safe for concurrent use.
type Host struct {
	layout   layout
	bases    []*base                // one per hierarchy in use
	by       [controllerCount]*base // which of them serves a controller; nil: none
	shares   *base                  // of shares; nil: there are none
	problems []Problem              // in the order of their discovery
	events   *oomEvents             // version 1: tells watches that their group is out of memory; else nil
	kills    bool                   // there is cgroup.kill
	cpus     int                    // CPUs that can be busy at one time
	last     atomic.Uint64          // name of the newest group
	idle     idleGroups
	closing  sync.Once
	closed   error
}

// Open finds out what this machine can enforce, removes what dead judges left, and claims our bases. An
// unprivileged process that may make no groups where it is asks the user's service manager for a scope,
// moves there, and stays there when the Host is closed.
//
// The error is a *MissingError if a limit could not be held; with opt.Degraded the Host does what it can
// and says the rest in Problems. The caller closes the Host.
func Open(opt Options) (*Host, error) {
	l, err := readLayout()
	if err != nil {
		return nil, err
	}
	h, err := find(l)
	if err == nil && h.wantsScope(os.Geteuid() == 0) {
		h, err = h.move(newScope())
	}
	if err != nil {
		return nil, err
	}
	return h.accept(opt)
}

// find makes a Host on the hierarchies of l, whatever it lacks.
func find(l layout) (*Host, error) {
	h := &Host{layout: l, cpus: onlineCPUs()}
	h.sweep()
	h.claim()
	h.claimShares()
	if err := h.try(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// move enters the scope and returns the Host that can be had there, in place of h. If there is no
// getting in, that is h, which then says why.
func (h *Host) move(s scope) (*Host, error) {
	if err := s.enter(); err != nil {
		h.noScope(err)
		return h, nil
	}
	if err := h.Close(); err != nil {
		return nil, err
	}
	l, err := readLayout()
	if err != nil {
		return nil, err
	}
	return find(l)
}

// noScope adds to the problems that a scope would have solved why there is none.
func (h *Host) noScope(cause error) {
	for i, p := range h.problems {
		if p.Fatal {
			fix := p.Fix + "; that needs a user manager: log in, or as root: loginctl enable-linger " + strconv.Itoa(os.Geteuid())
			h.problems[i] = missing(p.Limit, fmt.Errorf("%w; %w", p.Cause, cause), fix)
		}
	}
}

// accept returns h, or refuses it because of what it lacks.
func (h *Host) accept(opt Options) (*Host, error) {
	fatal := slices.DeleteFunc(slices.Clone(h.problems), func(p Problem) bool { return !p.Fatal })
	if len(fatal) > 0 && !opt.Degraded {
		return nil, errors.Join(&MissingError{fatal}, h.Close())
	}
	return h, nil
}

// readLayout reads the hierarchies of this process.
func readLayout() (layout, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without cgroups
		return nil, err
	}
	return parseLayout(string(mounts), string(self)), nil
}

// sweep removes what dead judges left, wherever we could have made a base.
func (h *Host) sweep() {
	for _, hierarchy := range h.layout {
		for _, parent := range hierarchy.parents() {
			if err := sweep(parent, hierarchy.ownDir()); err != nil {
				h.problems = append(h.problems, Problem{
					Limit:    "left-over",
					Sentence: fmt.Sprintf("The groups of a dead judge could not be removed (%v), and stay behind.", err),
					Fix:      "look for processes that hang in them; the next run tries again",
				})
			}
		}
	}
}

// claim finds a base for each controller: version 2 where it has the controller, else version 1. CPU time, which
// version 2 counts without a controller, is counted where memory and processes are, if it can be: a program enters
// groups that are all of version 1 by itself, see Group.Entrance.
func (h *Host) claim() {
	causes := [controllerCount]error{errNoController, errNoController, errNoController}
	unified, ok := h.layout.v2()
	if ok {
		if available := controllersOf(unified); len(available) > 0 {
			h.claimV2(unified, available, &causes)
		}
	}
	for c := range controllerCount {
		if hierarchy, ok := h.layout.v1(v1.controllers[c]); h.by[c] == nil && ok {
			h.by[c], causes[c] = h.claimV1(hierarchy)
		}
	}
	if ok && h.by[cpu] == nil {
		h.claimV2(unified, nil, &causes)
	}
	for c := range controllerCount {
		if h.by[c] == nil {
			fix := remedy(h.layout, os.Geteuid() == 0, causes[c])
			h.problems = append(h.problems, missing(c.String(), causes[c], fix))
		}
	}
}

// controllersOf are those of our controllers that the version 2 hierarchy has, because they are not on version 1.
func controllersOf(unified hierarchy) (available []controller) {
	names, _ := os.ReadFile(filepath.Join(unified.mount, "cgroup.controllers"))
	for _, c := range []controller{memory, processes} {
		if slices.Contains(strings.Fields(string(names)), v2.controllers[c]) {
			available = append(available, c)
		}
	}
	return available
}

// claimV2 claims a base in the version 2 hierarchy for CPU time, which needs no controller, and for those
// controllers that it has.
func (h *Host) claimV2(hierarchy hierarchy, available []controller, causes *[controllerCount]error) {
	serves := append([]controller{cpu}, available...)
	var wanted []string
	for _, c := range available {
		wanted = append(wanted, v2.controllers[c])
	}
	b, err := claim(hierarchy, wanted)
	if err != nil { // without the controllers there is CPU time at least
		for _, c := range serves {
			causes[c] = err
		}
		serves = serves[:1]
		b, err = claim(hierarchy, nil)
	}
	if err != nil {
		return
	}
	h.bases = append(h.bases, b)
	for _, c := range serves {
		h.by[c] = b
	}
}

// claimV1 claims a base in a version 1 hierarchy, or returns the one that is there already, because
// several controllers may be mounted together.
func (h *Host) claimV1(hierarchy hierarchy) (*base, error) {
	for _, b := range h.bases {
		if b.mount == hierarchy.mount {
			return b, nil
		}
	}
	b, err := claim(hierarchy, nil)
	if err == nil {
		h.bases = append(h.bases, b)
	}
	return b, err
}

// try makes a group and uses it, to see what the kernel refuses.
func (h *Host) try() error {
	if b := h.by[memory]; b != nil && !b.unified {
		events, err := newOOMEvents()
		if err != nil {
			return err
		}
		h.events = events
	}
	g, err := h.NewGroup()
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.Limit(Limits{Memory: 64 << 20, Processes: 16}); err != nil {
		return err
	}
	if err := g.Start(os.Getpid()); err != nil {
		return err
	}
	if _, err := g.Usage(); err != nil {
		return err
	}
	h.kills = g.Kill() == nil
	h.missingFiles(g)
	return g.Close()
}

// missingFiles notes what the kernel does not have among the optional files of a group.
func (h *Host) missingFiles(g *Group) {
	const younger = "use a younger kernel"
	if h.by[memory] != nil && g.files[memoryPeak].fd < 0 {
		h.problems = append(h.problems, Problem{Limit: "memory figure",
			Sentence: "The kernel keeps no memory.peak, so records show no memory of a run; the limit holds.",
			Fix:      younger + " (Linux 5.19)"})
	}
	if h.by[processes] != nil && g.files[processPeak].fd < 0 {
		h.problems = append(h.problems, Problem{Limit: "processes figure",
			Sentence: "The kernel keeps no pids.peak, so records show no number of processes; the limit holds.",
			Fix:      younger + " (Linux 6.1)"})
	}
	if h.by[memory] != nil && !g.swapOff && swapInUse() {
		h.problems = append(h.problems, Problem{Limit: "swap",
			Sentence: "The kernel does not count swap by group, so a program may use swap on top of its memory limit.",
			Fix:      "boot with swapaccount=1, or turn swap off: swapoff -a"})
	}
}

// swapInUse tells whether the machine has swap at all.
func swapInUse() bool {
	b, err := os.ReadFile("/proc/swaps")
	return err != nil || strings.Count(string(b), "\n") > 1
}

// Problems lists what this machine lacks. Without Options.Degraded none of it is fatal.
func (h *Host) Problems() []Problem {
	return slices.Clone(h.problems)
}

// Lack is what no control group of this host bounds, for Rlimits.
func (h *Host) Lack() Lack {
	return Lack{CPU: h.by[cpu] == nil, Memory: h.by[memory] == nil, Processes: h.by[processes] == nil}
}

// Mechanisms names what is in force, for records: "layout", "cpu", "memory", "processes" and "kill";
// "shares", if programs get equal parts of the CPUs, see Share; and "scope" if we had to ask for one.
func (h *Host) Mechanisms() map[string]string {
	m := map[string]string{
		"layout":    h.layout.kind(),
		"cpu":       "rusage, RLIMIT_CPU",
		"memory":    "max RSS, RLIMIT_AS",
		"processes": "RLIMIT_NPROC",
		"kill":      "pid namespace",
	}
	for c := range controllerCount {
		if b := h.by[c]; b != nil {
			m[c.String()] = b.version.name + " " + b.version.controllers[c]
		}
	}
	if h.kills {
		m["kill"] = "cgroup.kill"
	}
	if b := h.dividing(); b != nil {
		m["shares"] = b.version.name + " " + weights
	}
	if h.layout.inScope() {
		m["scope"] = "delegated by the user manager"
	}
	return m
}

// Close removes everything that this process made: groups that are not closed, with a kill of what is in
// them, the bases, and judge if no other judge has a base there. It may be called again, and
// returns the same. Children of this process must have ended before, or they may be killed, if they are
// in the base with it (see the package comment).
func (h *Host) Close() error {
	h.closing.Do(func() {
		errs := []error{h.idle.close()}
		if h.events != nil {
			errs = append(errs, h.events.Close())
		}
		for _, b := range h.bases {
			errs = append(errs, b.remove())
		}
		if h.shares != nil {
			errs = append(errs, h.shares.remove())
		}
		h.closed = errors.Join(errs...)
	})
	return h.closed
}
