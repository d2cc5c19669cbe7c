//go:build linux

package policy

import (
	"encoding/binary"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SeccompFlags are the flags to install the filter with. SPEC_ALLOW (Linux 4.17) keeps kernels
// before 5.16 from slowing down every program with a filter; what it gives up is protection from a
// side channel within one process.
const SeccompFlags = unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW

// NotifyFlags are the flags in Mode Notify: seccomp(2) then returns the listener.
const NotifyFlags = SeccompFlags | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER

// InstallStanding installs Standing for all threads of this process (SECCOMP_FILTER_FLAG_TSYNC, Linux 3.17), which
// has no_new_privs.
func InstallStanding() error {
	program, err := Standing()
	if err != nil {
		return err
	}
	const flags = SeccompFlags | unix.SECCOMP_FILTER_FLAG_TSYNC
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog(program)[0])))
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	if thread != 0 {
		return fmt.Errorf("seccomp: thread %d has a filter of its own", thread)
	}
	return nil
}

// Fprog returns the bytes of a struct sock_fprog, the last argument of
// seccomp(SECCOMP_SET_MODE_FILTER, flags, fprog). They hold the address of Program in this
// process, where it stays: they are valid in it, and in what it clones, until it ends.
func (s Seccomp) Fprog() ([]byte, error) {
	program, err := s.Program()
	if err != nil {
		return nil, err
	}
	return fprog(program), nil
}

func fprog(program []unix.SockFilter) []byte {
	fprog := make([]byte, unsafe.Sizeof(unix.SockFprog{}))
	binary.NativeEndian.PutUint16(fprog, uint16(len(program)))
	address := uint64(uintptr(unsafe.Pointer(&program[0])))
	binary.NativeEndian.PutUint64(fprog[unsafe.Offsetof(unix.SockFprog{}.Filter):], address)
	return fprog
}
