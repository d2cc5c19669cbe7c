//go:build linux

package isolate

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// resetIgnoredSignals gives every ignored signal its default action. execve keeps ignored signals
// ignored, so a judge started by nohup(1) would hand a deaf SIGHUP to every program.
func resetIgnoredSignals() error {
	type sigaction struct {
		handler, flags, restorer uintptr
		mask                     uint64
	}
	const ignore = 1
	for sig := uintptr(1); sig <= 64; sig++ {
		var old sigaction
		if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&old)), 8, 0, 0); errno != 0 {
			return errno
		}
		if old.handler != ignore {
			continue
		}
		if _, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&sigaction{})), 0, 8, 0, 0); errno != 0 {
			return errno
		}
	}
	return nil
}
