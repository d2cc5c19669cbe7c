package child

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// Step is one system call of a child as data: it can be printed, compared and tested without
// making it.
type Step struct {
	Name string  // what it is for, as errors say it: "mount overlay on /"
	Call uintptr // system call number
	Args []any   // int, uintptr, string, []byte or []string; memory is passed by address
	Want int     // the result must be this minus one; 0: any that is no error; or a rule below
}

// Rules for the result of a step, as its Want.
const (
	// MayBeMissing lets the list go on after ENOENT and ENOTDIR.
	MayBeMissing = mayBeMissing
	// MayBeForbidden lets it go on after EACCES as well.
	MayBeForbidden = mayBeForbidden
	// MustBeMissing fails with ENOENT when the call succeeds, and goes on when it does not.
	MustBeMissing = mustBeMissing
	// MayBeInvalid lets the list go on after EINVAL.
	MayBeInvalid = mayBeInvalid
)

const (
	mayBeMissing = 1<<30 + iota
	mayBeForbidden
	mustBeMissing
	mayBeInvalid
	awaited // plus a kind: what was received is the head of such a message
)

// program returns the program's list, completed by what lets it wait at the gate.
func (p Plan) program(a *Arena) []Step {
	fds := []int{Pidfd}
	if p.Listener > 0 {
		fds = append(fds, p.Listener)
	}
	return append(p.Program[:len(p.Program):len(p.Program)],
		a.readyMessage(fds...),
		Step{Name: "close what ready has brought", Call: unix.SYS_CLOSE_RANGE, Args: []any{0, Socket - 1, 0}})
}

// AtGate returns what follows the steps of Plan.Program, as errors index them.
func AtGate() []Step {
	return []Step{
		{Name: "send ready", Call: unix.SYS_SENDMSG},
		{Name: "close what ready has brought", Call: unix.SYS_CLOSE_RANGE},
		{Name: "await go", Call: unix.SYS_RECVMSG},
	}
}

// Tell is a step that sends a message without descriptors.
func Tell(m handshake.Message) Step {
	data := m.Encode()
	return Step{Name: "send " + m.Kind.String(), Call: unix.SYS_SENDTO, Args: []any{Socket, data, len(data), unix.MSG_NOSIGNAL, 0, 0}}
}

// Await is a step that waits for a message without arguments and descriptors; any other, and the
// peer's end, fail it with EBADMSG.
func Await(k handshake.Kind) Step {
	return Step{
		Name: "await " + k.String(), Call: unix.SYS_RECVFROM,
		Args: []any{Socket, make([]byte, 2*headSize), 2 * headSize, 0, 0, 0}, Want: awaited + int(k),
	}
}

// headSize is that of a message without arguments. All of its bytes but the first, its kind, are zero.
const headSize = 8

// Plan is everything that init and the program do before the program is executed. The steps of
// one list run in order; a failing one ends the run with an error message.
type Plan struct {
	Flags   uintptr // namespaces of init, CLONE_NEW…
	Init    []Step  // init, before there is a program
	After   []Step  // init, when there is one
	Program []Step  // the program; then it sends ready and waits for go

	Listener int // descriptor of the filter's listener, when the program's steps are done; 0: it has none
}

// Phase says which list a failed step was in.
type Phase int

const (
	PhaseInit    Phase = phaseInit
	PhaseClone   Phase = phaseClone
	PhaseAfter   Phase = phaseAfter
	PhaseProgram Phase = phaseProgram
	PhaseRelease Phase = phaseRelease
)

const (
	phaseInit = iota + 1
	phaseClone
	phaseAfter
	phaseProgram
	phaseRelease
)

// Socket is the descriptor of the run's socket in init and in the program; everything else is
// closed before the gate.
const Socket = 100

// String shows the step in the manner of strace(1).
func (s Step) String() string {
	args := make([]string, len(s.Args))
	for i, a := range s.Args {
		switch a := a.(type) {
		case string:
			args[i] = fmt.Sprintf("%q", a)
		case []string:
			args[i] = fmt.Sprintf("%q", a)
		case []byte:
			args[i] = fmt.Sprintf("%d bytes", len(a))
		case uintptr:
			args[i] = fmt.Sprintf("%#x", a)
		default:
			args[i] = fmt.Sprint(a)
		}
	}
	return fmt.Sprintf("%s: %s(%s)", s.Name, callName(s.Call), strings.Join(args, ", "))
}

// Pidfd is the descriptor of init's pidfd between Descriptors and the gate: it is opened when all
// below Socket are closed, so it gets the lowest number.
const Pidfd = 0

// Descriptors returns the steps with which init keeps the run's socket alone, as Socket, and opens
// a pidfd of itself for the ready message. What else is to be kept follows Socket.
func Descriptors(socket int, kept ...int) []Step {
	steps := []Step{{Name: "move the run's socket", Call: unix.SYS_DUP3, Args: []any{socket, Socket, unix.O_CLOEXEC}}}
	for i, fd := range kept {
		steps = append(steps, Step{Name: "keep a descriptor", Call: unix.SYS_DUP3, Args: []any{fd, Socket + 1 + i, unix.O_CLOEXEC}})
	}
	return append(steps,
		Step{Name: "close descriptors", Call: unix.SYS_CLOSE_RANGE, Args: []any{0, Socket - 1, 0}},
		Step{Name: "close descriptors", Call: unix.SYS_CLOSE_RANGE, Args: []any{Socket + 1 + len(kept), 1<<32 - 1, 0}},
		Step{Name: "open pidfd of init", Call: unix.SYS_PIDFD_OPEN, Args: []any{1, 0}, Want: Pidfd + 1})
}

// JoinDescriptors is Descriptors for a process that is no init: the ready message gets the pidfd
// given.
func JoinDescriptors(socket, init int) []Step {
	return []Step{
		{Name: "move the run's socket", Call: unix.SYS_DUP3, Args: []any{socket, Socket, unix.O_CLOEXEC}},
		{Name: "move the pidfd", Call: unix.SYS_DUP3, Args: []any{init, Socket + 1, unix.O_CLOEXEC}},
		{Name: "close descriptors", Call: unix.SYS_CLOSE_RANGE, Args: []any{0, Socket - 1, 0}},
		{Name: "close descriptors", Call: unix.SYS_CLOSE_RANGE, Args: []any{Socket + 2, 1<<32 - 1, 0}},
		{Name: "move the pidfd", Call: unix.SYS_DUP3, Args: []any{Socket + 1, Pidfd, unix.O_CLOEXEC}},
		{Name: "close descriptors", Call: unix.SYS_CLOSE, Args: []any{Socket + 1}},
	}
}
