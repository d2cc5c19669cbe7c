package isolate

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Input is what programs may read as their standard input: a sealed file in memory, which says
// nothing of the host and which no program can write. Many runs may read it at one time, each from
// the beginning. Close it when no more are to be opened.
type Input struct {
	file *os.File
	size int64
}

// NewInput copies content, which must end.
func NewInput(content io.Reader) (*Input, error) {
	fd, err := unix.MemfdCreate("input", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	in := &Input{file: os.NewFile(uintptr(fd), "input")}
	if in.size, err = io.Copy(in.file, content); err == nil {
		err = in.seal()
	}
	if err != nil {
		in.file.Close()
		return nil, fmt.Errorf("input: %w", err)
	}
	return in, nil
}

func (in *Input) seal() error {
	if err := in.file.Chmod(0o444); err != nil {
		return err
	}
	_, err := unix.FcntlInt(in.file.Fd(), unix.F_ADD_SEALS,
		unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE)
	return err
}

// Size returns the number of bytes, which the memory of this process pays for.
func (in *Input) Size() int64 { return in.size }

// Open returns a file that reads the input from its beginning. The caller closes it.
func (in *Input) Open() (*os.File, error) {
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", in.file.Fd()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open input: %w", err)
	}
	return os.NewFile(uintptr(fd), "input"), nil
}

// Close gives the memory back when the last run that reads the input has ended.
func (in *Input) Close() error { return in.file.Close() }
