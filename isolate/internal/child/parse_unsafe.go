//go:build linux

package child

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// ParseError returns what an error message of init or the program says: the list, the index in it
// of the step that failed, and why.
func ParseError(arg []byte) (Phase, int, syscall.Errno, error) {
	if len(arg) != int(unsafe.Sizeof(errorWords{})) {
		return 0, 0, 0, fmt.Errorf("error message of %d bytes", len(arg))
	}
	w := *(*errorWords)(unsafe.Pointer(&arg[0]))
	return Phase(w.phase), int(w.index), syscall.Errno(w.errno), nil
}

// Exit is what init says of the program's end.
type Exit struct {
	Status syscall.WaitStatus
	Rusage syscall.Rusage
	// Clock is CLOCK_MONOTONIC when the program was reaped.
	Clock time.Duration
	// BytesFree and InodesFree are what was left of the writable layer then.
	BytesFree, InodesFree int64
}

// ParseExit returns what an exit message says.
func ParseExit(arg []byte) (Exit, error) {
	if len(arg) != int(unsafe.Sizeof(exitWords{})) {
		return Exit{}, fmt.Errorf("exit message of %d bytes", len(arg))
	}
	w := *(*exitWords)(unsafe.Pointer(&arg[0]))
	return Exit{
		Status: syscall.WaitStatus(w.status), Rusage: w.rusage, Clock: time.Duration(w.clock.Nano()),
		BytesFree: int64(w.disk.Bavail) * w.disk.Bsize, InodesFree: int64(w.disk.Ffree),
	}, nil
}
