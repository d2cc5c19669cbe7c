//go:build linux

package child

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// Arena is the memory that one init and its program share with the intermediate: steps, stacks
// and messages. It can be used again once init is reaped. Not safe for concurrent use.
type Arena struct {
	memory []byte

	// What the memory has at the beginning of a run.
	plan  *Plan // nil: nothing yet
	image []byte
	block block
}

const (
	blockSize   = 4096
	stackSize   = 16 << 10
	releaseSize = handshake.MaxSize
	controlSize = 4096
	imageSize   = 128 << 10

	programStackStart = blockSize + stackSize
	releaseStart      = programStackStart + stackSize
	controlStart      = releaseStart + releaseSize
	imageStart        = controlStart + controlSize
	arenaSize         = imageStart + imageSize
)

// releaseAt is where the argument of the go message begins.
const releaseAt = handshake.FirstArg

// NewArena maps an arena. Close unmaps it.
func NewArena() (*Arena, error) {
	m, err := unix.Mmap(-1, 0, arenaSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &Arena{memory: m}, nil
}

// Close unmaps the arena; no process may be using it.
func (a *Arena) Close() error { return unix.Munmap(a.memory) }

func (a *Arena) at(offset int) unsafe.Pointer { return unsafe.Pointer(&a.memory[offset]) }

func (a *Arena) address(offset int) uintptr { return uintptr(a.at(offset)) }

// Start clones init, which begins with the plan at once, and returns its pid. The calling
// goroutine must be locked to its thread: init is a child of this thread, and dies with it when
// the plan says PR_SET_PDEATHSIG. A plan that is started again costs no more than a copy, and must be what it was.
func (a *Arena) Start(plan *Plan) (pid int, err error) {
	if plan != a.plan {
		if err := a.load(plan); err != nil {
			return 0, err
		}
	}
	b := (*block)(a.at(0))
	*b = a.block
	copy(a.memory[imageStart:], a.image)

	// A signal that reached a child of this memory would run a handler of the Go runtime there: it has none
	// (CLONE_CLEAR_SIGHAND), and all are blocked until it has none.
	var all, old unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old); err != nil {
		return 0, os.NewSyscallError("rt_sigprocmask", err)
	}
	args := cloneArgs{
		flags:     uint64(plan.Flags | unix.CLONE_VM | unix.CLONE_PARENT_SETTID | unix.CLONE_CLEAR_SIGHAND),
		parentTID: uint64(uintptr(unsafe.Pointer(&b.initPID))), exitSignal: uint64(unix.SIGCHLD),
		stack: uint64(a.address(blockSize)), stackSize: stackSize,
	}
	r := clone(&args, unsafe.Sizeof(args), b, entryOf(initMain))
	unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
	runtime.KeepAlive(a)
	if failed(r) {
		return 0, fmt.Errorf("clone init: %w", unix.Errno(-r))
	}
	return int(r), nil
}

// load makes of a plan what the memory has at the beginning of its runs.
func (a *Arena) load(plan *Plan) error {
	b := block{programStack: a.address(programStackStart), programEntry: entryOf(programMain)}
	image := newImage(a.address(imageStart))
	lists := []struct {
		steps []Step
		calls *calls
	}{{plan.Init, &b.initCalls}, {plan.After, &b.afterCalls}, {plan.program(a), &b.programCalls}}
	offsets := make([]int, len(lists))
	for i, l := range lists {
		var err error
		if offsets[i], err = image.steps(l.steps); err != nil {
			return err
		}
	}
	diskAt := image.add([]byte("/\x00"))
	errorAt := image.message(handshake.Error, int(unsafe.Sizeof(errorWords{})))
	exitAt := image.message(handshake.Exit, int(unsafe.Sizeof(exitWords{})))
	if len(image.data) > imageSize {
		return fmt.Errorf("bug: the steps take %d bytes of %d", len(image.data), imageSize)
	}
	for i, l := range lists {
		*l.calls = calls{first: a.at(imageStart + offsets[i]), count: uintptr(len(l.steps))}
	}
	b.disk = a.at(imageStart + diskAt)
	b.errorMessage = a.message(errorAt, int(unsafe.Sizeof(errorWords{})))
	b.exitMessage = a.message(exitAt, int(unsafe.Sizeof(exitWords{})))
	b.iov = iovec{base: a.at(releaseStart), size: releaseSize}
	b.release = msghdr{iov: &(*block)(a.at(0)).iov, iovLen: 1, control: a.at(controlStart), controlLen: controlSize}
	a.plan, a.image, a.block = plan, image.data, b
	return nil
}

// message describes the message that image.message put at the offset.
func (a *Arena) message(offset, words int) message {
	start := imageStart + offset
	return message{data: a.at(start), size: uintptr(releaseAt + words), words: a.at(start + releaseAt)}
}

// readyMessage returns a step that tells the parent init's pid and the address at which the go
// message will lie, with descriptors: `ready`.
func (a *Arena) readyMessage(fds ...int) Step {
	b := (*block)(a.at(0))
	head := handshake.Message{Kind: handshake.Ready, Args: [][]byte{word(uint64(a.address(releaseStart))), make([]byte, 8)}, Files: make([]*os.File, len(fds))}.Encode()
	return Step{Name: "send ready", Call: unix.SYS_SENDMSG, Args: []any{
		Socket,
		gather{data: head[:len(head)-8], tail: uintptr(unsafe.Pointer(&b.initPID)), tailSize: 8, fds: fds},
		unix.MSG_NOSIGNAL,
	}}
}
