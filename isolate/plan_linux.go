package isolate

import (
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// admission says whether the parent wants to put the program into groups; it is an argument of
// prepare and join.
type admission string

const (
	noAdmission   admission = ""
	withAdmission admission = "admit"
)

func wants(m handshake.Message) admission { return admission(m.Args[1]) }

// planKey is what the plans of runs on the same root depend on.
type planKey struct {
	admission admission
	socket    int
	tasks     [handshake.MaxTasks]int // descriptors of groups that the program enters; none is 0
}

// entered are the descriptors in tasks.
func (k *planKey) entered() []int {
	n := slices.Index(k.tasks[:], 0)
	if n < 0 {
		n = len(k.tasks)
	}
	return k.tasks[:n]
}

// plan returns the plan of a run, made once for each root and set of descriptors.
func (m *intermediate) plan(key planKey) (*child.Plan, error) {
	if p := m.plans[key]; p != nil {
		return p, nil
	}
	p, err := plan(m.spec, key)
	if err != nil {
		return nil, err
	}
	if m.plans == nil {
		m.plans = map[planKey]*child.Plan{}
	}
	m.plans[key] = &p
	return &p, nil
}

// plan puts the steps of a run together.
func plan(spec rootSpec, key planKey) (child.Plan, error) {
	tasks := key.entered()
	program, err := programSteps(spec, key.admission, len(tasks))
	return child.Plan{
		Flags:   (unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC) &^ spec.Share.flags(),
		Init:    initSteps(spec, key.socket, tasks...),
		After:   afterSteps(spec),
		Program: program, Listener: listenerFD,
	}, err
}

// joinPlan is the plan of a process that joins the namespaces of a run, whose init's pidfd is given,
// and starts a second program there. It stays outside of the pid namespace itself, as its
// program's parent.
func joinPlan(spec rootSpec, a admission, socket, init int) (child.Plan, error) {
	program, err := programSteps(spec, a, 0)
	steps := []child.Step{
		call("die with the intermediate", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, int(unix.SIGKILL)),
	}
	steps = append(steps, child.JoinDescriptors(socket, init)...) // what fails from now on can be told
	steps = append(steps, call("join the namespaces", unix.SYS_SETNS, child.Pidfd,
		(unix.CLONE_NEWPID|unix.CLONE_NEWNS|unix.CLONE_NEWIPC|unix.CLONE_NEWNET)&^spec.Share.flags()))
	return child.Plan{Init: steps, After: afterSteps(spec), Program: program, Listener: listenerFD}, err
}
