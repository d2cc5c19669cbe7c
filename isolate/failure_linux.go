package isolate

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// explain makes a step that failed of an error message of init or the program, and leaves every
// other error as it is.
func (h *held) explain(err error, release []child.Step) error {
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return h.stepError(peer, release)
	}
	return err
}

// stepError turns the phase, index and errno of a child's error into words. The steps are known,
// because they follow from the root and the program.
func (h *held) stepError(peer *handshake.PeerError, release []child.Step) error {
	phase, index, errno, err := child.ParseError(peer.Arg)
	if err != nil {
		return fmt.Errorf("%s: %w", peer.State, err)
	}
	p, err := h.plan()
	if err != nil {
		return err
	}
	lists := map[child.Phase][]child.Step{
		child.PhaseInit:    p.Init,
		child.PhaseClone:   {{Name: "clone the program"}},
		child.PhaseAfter:   p.After,
		child.PhaseProgram: append(p.Program, child.AtGate()...),
		child.PhaseRelease: release,
	}
	list := lists[phase]
	if index < 0 || index >= len(list) {
		return &StepError{Step: fmt.Sprintf("step %d of phase %d", index, phase), Err: errno}
	}
	return &StepError{Step: list[index].Name, Call: list[index].String(), Err: errno}
}

// plan is what the intermediate has made of the parent's message.
func (h *held) plan() (child.Plan, error) {
	if h.first != nil {
		return joinPlan(h.spec, h.admission(), 0, 0)
	}
	key := planKey{admission: h.admission()}
	for i := range h.tasks {
		key.tasks[i] = child.Socket // any but 0
	}
	return plan(h.spec, key)
}

// peerError makes an error of what the intermediate says of itself.
func peerError(err error) error {
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return fmt.Errorf("%s: the intermediate reports: %s", peer.State, peer.Arg)
	}
	return err
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit status %d", status.ExitStatus())
}

// execError tells a failed execve from a failed step before it.
func (h *held) execError(err error, p Program, steps []child.Step) error {
	err = h.explain(err, steps)
	var step *StepError
	if errors.As(err, &step) {
		for _, name := range []string{execStep, interpreterStep, findStep} {
			if len(step.Step) > len(name) && step.Step[:len(name)+1] == name+" " {
				return &ExecError{Path: p.Path, Interpreter: name == interpreterStep, Err: step.Err}
			}
		}
	}
	return err
}
