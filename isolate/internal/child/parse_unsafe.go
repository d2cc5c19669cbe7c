//go:build linux

package child

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// ParseError returns what an error message of init or the program says: the list, the index in it
// of the step that failed, and why.
func ParseError(arg []byte) (Phase, int, syscall.Errno, error) {
	if len(arg) != int(unsafe.Sizeof(errorWords{})) {
		return 0, 0, 0, fmt.Errorf("error message of %d bytes: want %d", len(arg), unsafe.Sizeof(errorWords{}))
	}
	w := *(*errorWords)(unsafe.Pointer(&arg[0]))
	return Phase(w.phase), int(w.index), syscall.Errno(w.errno), nil
}

// ParseReady returns what a ready message says: the address at which the go message will lie, and
// the pid of init, or of what joined one, as the parent sees it.
func ParseReady(args [][]byte) (address uint64, pid int, err error) {
	for i, arg := range args {
		if len(arg) != 8 {
			return 0, 0, fmt.Errorf("argument %d of ready has %d bytes: want 8", i+1, len(arg))
		}
	}
	return binary.LittleEndian.Uint64(args[0]), int(int32(binary.LittleEndian.Uint32(args[1]))), nil
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
		return Exit{}, fmt.Errorf("exit message of %d bytes: want %d", len(arg), unsafe.Sizeof(exitWords{}))
	}
	w := *(*exitWords)(unsafe.Pointer(&arg[0]))
	return Exit{
		Status: syscall.WaitStatus(w.status), Rusage: w.rusage, Clock: time.Duration(w.clock.Nano()),
		BytesFree: int64(w.disk.Bavail) * w.disk.Bsize, InodesFree: int64(w.disk.Ffree),
	}, nil
}
