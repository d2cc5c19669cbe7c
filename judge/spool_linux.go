package judge

import (
	"os"

	"golang.org/x/sys/unix"
)

// newSpool makes a file that has no name and lies in memory, but not on our heap: for the output of a
// program until a checker reads it. Closing it gives the memory back.
func newSpool() (*os.File, error) {
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "output"), nil
}
