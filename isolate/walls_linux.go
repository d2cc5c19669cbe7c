package isolate

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/policy"
)

// Descriptors of init while it builds the walls: 0 is its pidfd, and these are the next.
const (
	rulesetFD  = 1
	pathFD     = 2
	listenerFD = 1 // when the ruleset is closed
)

// landlockSteps makes a Landlock ruleset in the finished root, which the program enters. Without
// Landlock (Linux 5.19, and enabled) there is nothing to do: it is the second wall behind mounts
// and network namespace.
func landlockSteps(spec rootSpec) []child.Step {
	plan := landlockPlan(spec)
	if plan.ABI == 0 {
		return nil
	}
	attr := plan.Attr()
	create := call("create the Landlock ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, attr, len(attr), 0)
	create.Want = rulesetFD + 1
	steps := []child.Step{create}
	for _, rule := range plan.Ports {
		steps = append(steps, call(fmt.Sprintf("allow port %d", rule.Port),
			unix.SYS_LANDLOCK_ADD_RULE, rulesetFD, policy.RuleNetPort, rule.Attr(), 0))
	}
	for _, rule := range plan.Paths {
		open := call("open "+rule.Path, unix.SYS_OPENAT, unix.AT_FDCWD, rule.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
		open.Want = pathFD + 1
		steps = append(steps, open,
			call("allow access to "+rule.Path, unix.SYS_LANDLOCK_ADD_RULE, rulesetFD, policy.RulePathBeneath, rule.Attr(pathFD), 0),
			call("close "+rule.Path, unix.SYS_CLOSE, pathFD))
	}
	return steps
}

func landlockPlan(spec rootSpec) policy.Plan {
	l := policy.Landlock{}.WithDefaults()
	for _, b := range spec.Binds {
		if b.Target == "/dev" {
			l.Devices = []string{} // it is the host's, whose devices no bind has in force, but pipes with a name
		}
		switch {
		case b.Writable && b.File:
			l.Devices = append(l.Devices, b.Target)
		case b.Writable:
			l.ReadWrite = append(l.ReadWrite, b.Target)
		}
	}
	for _, e := range spec.Create {
		switch {
		case e.own(spec.IDs) && e.Type.IsDir():
			l.ReadWrite = append(l.ReadWrite, e.Path)
		case e.own(spec.IDs):
			l.Devices = append(l.Devices, e.Path)
		}
	}
	for _, t := range spec.Tmpfs {
		l.ReadWrite = append(l.ReadWrite, t.Target)
	}
	l.AnyTCP = spec.inet()
	l.Connect = spec.Ports
	return l.Plan(policy.ABI())
}

// wallSteps shuts the program in. The filter, or what the slot's own leaves of it, is installed before the gate, where
// nobody waits for it, and lets through what is left to do.
func wallSteps(spec rootSpec) ([]child.Step, error) {
	var steps []child.Step
	if landlockPlan(spec).ABI > 0 {
		steps = append(steps,
			call("enter the Landlock domain", unix.SYS_LANDLOCK_RESTRICT_SELF, rulesetFD, 0),
			call("close the Landlock ruleset", unix.SYS_CLOSE, rulesetFD))
	}
	filter := policy.Seccomp{Mode: policy.Notify, Inet: spec.inet(), TCP: spec.Network == User, SharedFiles: spec.SharedFiles}
	fprog, err := filter.Fprog()
	if err != nil {
		return nil, err
	}
	install := call("install the system call filter", unix.SYS_SECCOMP, setModeFilter, policy.NotifyFlags, fprog)
	install.Want = listenerFD + 1
	return append(steps, install), nil
}

// setModeFilter is SECCOMP_SET_MODE_FILTER of seccomp(2).
const setModeFilter = 1

// coreLimit lets no program dump core. A limit of 0 does not keep the kernel from starting the
// program that core_pattern pipes to; a limit of 1 does (core(5)).
var coreLimit = sync.OnceValue(func() uint64 {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err == nil && strings.HasPrefix(string(pattern), "|") {
		return min(1, HardLimit(unix.RLIMIT_CORE))
	}
	return 0
})
