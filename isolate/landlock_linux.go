package isolate

import (
	"fmt"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/policy"
)

// check says what a kernel with this version of Landlock lacks.
func (l Landlock) check(abi int) error {
	needed := l.restriction.Needs()
	if abi >= needed || l.bestEffort {
		return nil
	}
	return fmt.Errorf("%s: takes Landlock version %d (Linux %s), and this kernel has version %d",
		l, needed, map[int]string{2: "5.19", 3: "6.2", 4: "6.7"}[needed], abi)
}

// steps restrict the program itself, when the gate is open: its filter lets that pass. The descriptors
// from the given one on are free.
func (l Landlock) steps(abi, free int) []child.Step {
	plan := l.restriction.Plan(abi)
	if plan.ABI == 0 {
		return nil
	}
	ruleset, pathFD := free, free+1
	attr := plan.Attr()
	create := call("create a Landlock ruleset", unix.SYS_LANDLOCK_CREATE_RULESET, attr, len(attr), 0)
	create.Want = ruleset + 1
	steps := []child.Step{create}
	for _, rule := range plan.Ports {
		steps = append(steps, call(fmt.Sprintf("leave port %d", rule.Port),
			unix.SYS_LANDLOCK_ADD_RULE, ruleset, policy.RuleNetPort, rule.Attr(), 0))
	}
	for _, rule := range plan.Paths {
		open := call("open "+rule.Path, unix.SYS_OPENAT, unix.AT_FDCWD, rule.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
		open.Want = pathFD + 1
		steps = append(steps, open)
		leave := call("leave "+rule.Path, unix.SYS_LANDLOCK_ADD_RULE, ruleset, policy.RulePathBeneath, rule.Attr(pathFD), 0)
		if file := rule.OnFile(); file.Access != 0 && file != rule { // whether it is one, the kernel knows
			leave.Want = child.MayBeInvalid
			steps = append(steps, call("leave "+rule.Path+" as a file",
				unix.SYS_LANDLOCK_ADD_RULE, ruleset, policy.RulePathBeneath, file.Attr(pathFD), 0))
		}
		steps = append(steps, leave, call("close "+rule.Path, unix.SYS_CLOSE, pathFD))
	}
	return append(steps,
		call("enter the Landlock domain", unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0),
		call("close the Landlock ruleset", unix.SYS_CLOSE, ruleset))
}
