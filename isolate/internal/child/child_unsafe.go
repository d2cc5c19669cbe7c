//go:build linux

package child

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// call is one system call as the child runs it.
type call struct {
	nr   uintptr
	args [6]uintptr
	want uintptr // see Step.Want
}

// block is all that init and the program share with the intermediate. It lives outside of Go's
// heap, at the start of an Arena, and nothing in it moves.
type block struct {
	initCalls    calls // run by init before the program is cloned
	afterCalls   calls // run by init when it is
	programCalls calls // run by the program up to the gate
	programStack uintptr
	programEntry uintptr
	initPID      int32 // as the parent sees it; the kernel writes it before init runs
	status       uint32
	disk         unsafe.Pointer // path in the writable layer
	release      msghdr         // receives the go message
	iov          iovec
	errorMessage message
	exitMessage  message
}

// calls is a list of system calls in the arena.
type calls struct {
	first unsafe.Pointer
	count uintptr
}

// message is a prepared message in the arena; the words are the argument that the child fills in.
type message struct {
	data  unsafe.Pointer
	size  uintptr
	words unsafe.Pointer
}

type iovec struct {
	base unsafe.Pointer
	size uintptr
}

type msghdr struct {
	name, nameLen uintptr
	iov           *iovec
	iovLen        uintptr
	control       unsafe.Pointer
	controlLen    uintptr
	flags         uintptr
}

// rawSyscall makes a system call without telling the Go runtime; the result is -errno on failure.
//
//go:noescape
func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) (result uintptr)

// cloneArgs is struct clone_args of clone3(2), Linux 5.3.
type cloneArgs struct {
	flags      uint64
	_          [2]uint64 // pidfd, child_tid
	parentTID  uint64
	exitSignal uint64
	stack      uint64 // its lowest byte
	stackSize  uint64
	_          uint64 // tls
}

// clone makes a process of this memory that calls entry(b) on its own stack.
//
//go:noescape
func clone(args *cloneArgs, size uintptr, b *block, entry uintptr) (result uintptr)

// entryOf returns the address of a function's code.
func entryOf(f func(*block)) uintptr { return **(**uintptr)(unsafe.Pointer(&f)) }

// The functions below run in processes that share the intermediate's memory but are unknown to
// its runtime: no allocation, no stack growth, no locks, no pointers written to the heap.

const (
	errnoMax = 4095
	noChild  = ^uintptr(unix.ECHILD) + 1 // what wait4 returns when there is none
	maxCalls = 1024                      // of the go message

	noEntry     = ^uintptr(unix.ENOENT) + 1
	noDirectory = ^uintptr(unix.ENOTDIR) + 1
	noAccess    = ^uintptr(unix.EACCES) + 1
	invalid     = ^uintptr(unix.EINVAL) + 1
)

//go:nosplit
//go:norace
//go:nocheckptr
func failed(result uintptr) bool { return result > ^uintptr(errnoMax) }

// run makes the calls in order and returns the index of the first that fails and its errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (l calls) run() (index, errno uintptr) {
	for i := uintptr(0); i < l.count; i++ {
		c := (*call)(unsafe.Add(l.first, i*unsafe.Sizeof(call{})))
		r := rawSyscall(c.nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		if c.want >= awaited {
			if errno := received(c, r); errno != 0 {
				return i, errno
			}
			continue
		}
		if c.want >= mayBeMissing {
			if errno := judged(r, c.want); errno != 0 {
				return i, errno
			}
			continue
		}
		if failed(r) {
			return i, -r
		}
		if c.want != 0 && r != c.want-1 {
			return i, uintptr(unix.EBADSLT)
		}
	}
	return 0, 0
}

// judged applies a rule to a result; 0: the list goes on.
//
//go:nosplit
//go:norace
//go:nocheckptr
func judged(result, rule uintptr) (errno uintptr) {
	switch missing := result == noEntry || result == noDirectory; {
	case rule == mustBeMissing && !failed(result):
		return uintptr(unix.ENOENT)
	case rule == mayBeInvalid && missing:
	case rule == mustBeMissing, missing, rule == mayBeForbidden && result == noAccess, !failed(result):
		return 0
	case rule == mayBeInvalid && result == invalid:
		return 0
	}
	return -result
}

// received refuses whatever a call has received but the head of a message of the kind that it wants.
//
//go:nosplit
//go:norace
//go:nocheckptr
func received(c *call, result uintptr) (errno uintptr) {
	if failed(result) {
		return -result
	}
	head := *(**uint64)(unsafe.Pointer(&c.args[1])) // little endian, as both of our machines are
	if result != headSize || *head != uint64(c.want-awaited) {
		return uintptr(unix.EBADMSG)
	}
	return 0
}

// report sends the prepared error message and ends the process.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (b *block) report(phase, index, errno uintptr) {
	words := (*errorWords)(b.errorMessage.words)
	words.phase, words.index, words.errno = uint64(phase), uint64(index), uint64(errno)
	rawSyscall(unix.SYS_SENDTO, Socket, uintptr(b.errorMessage.data), b.errorMessage.size, unix.MSG_NOSIGNAL, 0, 0)
	exit(1)
}

//go:nosplit
//go:norace
//go:nocheckptr
func exit(code uintptr) {
	for {
		rawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0, 0, 0, 0)
	}
}

// initMain is process 1 of a run: it builds the root, starts the program as process 2, reaps
// until that one ends, says how, and exits; the kernel then kills what is left.
//
//go:nosplit
//go:norace
//go:nocheckptr
func initMain(b *block) {
	if i, errno := b.initCalls.run(); errno != 0 {
		b.report(phaseInit, i, errno)
	}
	args := cloneArgs{flags: unix.CLONE_VM, exitSignal: uint64(unix.SIGCHLD), stack: uint64(b.programStack), stackSize: stackSize}
	pid := clone(&args, unsafe.Sizeof(args), b, b.programEntry)
	if failed(pid) {
		b.report(phaseClone, 0, -pid)
	}
	if i, errno := b.afterCalls.run(); errno != 0 {
		b.report(phaseAfter, i, errno)
	}
	words := (*exitWords)(b.exitMessage.words)
	for {
		r := rawSyscall(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&b.status)), unix.WALL,
			uintptr(unsafe.Pointer(&words.rusage)), 0, 0)
		if r == pid {
			break
		}
		if r == noChild {
			exit(1)
		}
	}
	rawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&words.clock)), 0, 0, 0, 0)
	words.status = uint64(b.status)
	rawSyscall(unix.SYS_STATFS, uintptr(b.disk), uintptr(unsafe.Pointer(&words.disk)), 0, 0, 0, 0)
	rawSyscall(unix.SYS_SENDTO, Socket, uintptr(b.exitMessage.data), b.exitMessage.size, unix.MSG_NOSIGNAL, 0, 0)
	exit(0)
}

// errorWords is the argument of the error message, exitWords that of the exit message.
type (
	errorWords struct{ phase, index, errno uint64 }
	exitWords  struct {
		status uint64
		clock  unix.Timespec
		rusage syscall.Rusage
		disk   syscall.Statfs_t // of the writable layer
	}
)

// programMain is process 2 up to execve: it gets ready, waits at the gate for `go`, which brings
// the standard streams and the last calls, and runs these.
//
//go:nosplit
//go:norace
//go:nocheckptr
func programMain(b *block) {
	if i, errno := b.programCalls.run(); errno != 0 {
		b.report(phaseProgram, i, errno)
	}
	n := rawSyscall(unix.SYS_RECVMSG, Socket, uintptr(unsafe.Pointer(&b.release)), 0, 0, 0, 0)
	if failed(n) || n == 0 {
		exit(1) // the parent is gone, or does not want this sandbox any more
	}
	if n < releaseAt+unsafe.Sizeof(releaseWords{}) || *(*uint8)(b.iov.base) != uint8(handshake.Go) {
		b.report(phaseProgram, b.programCalls.count, uintptr(unix.EBADMSG))
	}
	head := (*releaseWords)(unsafe.Add(b.iov.base, releaseAt))
	if head.count > maxCalls || head.offset > n || head.offset+head.count*unsafe.Sizeof(call{}) > n {
		b.report(phaseProgram, b.programCalls.count, uintptr(unix.EBADMSG))
	}
	list := calls{first: unsafe.Add(b.iov.base, head.offset), count: head.count}
	i, errno := list.run()
	b.report(phaseRelease, i, errno)
}

// releaseWords begins the argument of the go message: where in the message its calls are.
type releaseWords struct{ offset, count uintptr }
