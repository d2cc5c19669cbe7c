package limits

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
	Cause    error  // nil if the sentence says all
}

// MissingError is the error of Open on a machine on which a limit could not be held.
type MissingError struct {
	Problems []Problem // the fatal ones; never empty
}

// Error is a line for each cause, with the limits that it prevents, and then each remedy once.
func (e *MissingError) Error() string {
	var causes, fixes []string
	for rest := e.Problems; len(rest) > 0; {
		first := rest[0]
		var names []string
		same := func(p Problem) bool { return fmt.Sprint(p.Cause) == fmt.Sprint(first.Cause) }
		for _, p := range rest {
			if same(p) {
				names = append(names, p.Limit)
			}
		}
		rest = slices.DeleteFunc(slices.Clone(rest), same)
		causes = append(causes, fmt.Sprintf("no control group for %s: %v", strings.Join(names, ", "), first.Cause))
		if !slices.Contains(fixes, first.Fix) {
			fixes = append(fixes, first.Fix)
		}
	}
	return strings.Join(append(causes, fixes...), "\n")
}

// Unwrap returns the causes.
func (e *MissingError) Unwrap() []error {
	var causes []error
	for _, p := range e.Problems {
		causes = append(causes, p.Cause)
	}
	return causes
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
		Sentence: fmt.Sprintf("There is no control group for %s (%v), so %s.", limit, cause, meaning[limit]),
		Fix:      fix,
		Fatal:    true,
		Cause:    cause,
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
