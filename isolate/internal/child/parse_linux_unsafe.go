package child

import (
	"fmt"
	"syscall"
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

// ParseExit returns what an exit message says of the program.
func ParseExit(arg []byte) (syscall.WaitStatus, syscall.Rusage, error) {
	if len(arg) != int(unsafe.Sizeof(exitWords{})) {
		return 0, syscall.Rusage{}, fmt.Errorf("exit message of %d bytes", len(arg))
	}
	w := *(*exitWords)(unsafe.Pointer(&arg[0]))
	return syscall.WaitStatus(w.status), w.rusage, nil
}
