package limits

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// Options say how a Host may be opened. The zero value refuses a machine on which a limit could not
// be held.
type Options struct {
	// Degraded accepts a machine without some or all control groups. What is missing is in
	// Host.Problems, and rlimits and getrusage(2) are left, which bound and measure single processes.
	Degraded bool
}

// Problem is something that this machine lacks.
type Problem struct {
	Limit    string // "cpu", "memory", "processes", "swap", "memory figure", "processes figure", "left-over"
	Sentence string // one sentence: what is missing, and what it means
	Fix      string // what to do about it
	Fatal    bool   // a limit cannot be held: Open refuses unless Options.Degraded
}

// MissingError is the error of Open on a machine on which a limit could not be held.
type MissingError struct {
	Problems []Problem // the fatal ones; never empty
}

// Error says what is missing and what to do about it, each cure once.
func (e *MissingError) Error() string {
	var parts []string
	for i, p := range e.Problems {
		parts = append(parts, p.Sentence)
		if i == len(e.Problems)-1 || e.Problems[i+1].Fix != p.Fix {
			parts = append(parts, "To get it: "+p.Fix)
		}
	}
	return strings.Join(parts, " ")
}

// missing describes that a limit cannot be held because of cause.
func missing(limit string, cause error, fix string) Problem {
	meaning := map[string]string{
		"cpu":       "the CPU time of a run that forks cannot be measured or limited",
		"memory":    "the memory of a run cannot be limited",
		"processes": "the number of processes of a run cannot be limited",
	}
	return Problem{
		Limit:    limit,
		Sentence: fmt.Sprintf("No control group can hold the %s limit (%v), so %s.", limit, cause, meaning[limit]),
		Fix:      fix,
		Fatal:    true,
	}
}

// errNoController: no hierarchy has the controller.
var errNoController = errors.New("no hierarchy has this controller")

// errShared: a cgroup cannot pass on its controllers because processes of others are in it.
var errShared = errors.New("other processes are in it")

// remedy is what to type so that the cause of a missing limit goes away.
func remedy(l layout, root bool, cause error) string {
	const scope = "start judge as: systemd-run --user --scope -p Delegate=yes judge …"
	kind := l.kind()
	switch {
	case kind == "none":
		return "mount cgroups: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
	case errors.Is(cause, errNoController) && kind == "v2":
		return "ask for the controllers to be passed on to this cgroup: as root, write \"+memory +pids\" into " +
			"cgroup.subtree_control of the cgroups above it"
	case errors.Is(cause, errNoController):
		return "boot with cgroup_enable=memory, or with systemd.unified_cgroup_hierarchy=1 for version 2"
	case errors.Is(cause, errShared) && root:
		return "start judge as the only process of its cgroup, such as the container's own command"
	case errors.Is(cause, syscall.EROFS):
		return "make the cgroups of this container writable: docker run --privileged, or mount them read-write"
	case kind == "v2":
		return scope
	case !root && errors.Is(cause, fs.ErrPermission):
		return "run as root; version 1 hierarchies cannot be delegated: or boot with systemd.unified_cgroup_hierarchy=1, then " + scope
	}
	return "run as root on the host, where cgroups may be made"
}
