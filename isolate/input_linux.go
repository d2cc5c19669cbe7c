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
	file    *os.File // sealed; or nil
	scratch *Scratch // with the file inputName, and
	tree    *os.File // its directory, mounted read-only
	size    int64
}

// NewInput copies content, which must end.
func NewInput(content io.Reader) (*Input, error) {
	if s, err := theStanding(); err == nil && s.mapping.by == byOneID {
		return newMountedInput(content)
	}
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

// inputName is an input's path in its Scratch.
const inputName = "input"

// newMountedInput is for programs that have our own user id. They own what we make, and no seal
// keeps them from changing the mode of a sealed file, so that no later run could open it; a mount
// that is read-only does.
func newMountedInput(content io.Reader) (*Input, error) {
	in := &Input{}
	if err := in.mount(content); err != nil {
		in.Close()
		return nil, fmt.Errorf("input: %w", err)
	}
	return in, nil
}

func (in *Input) mount(content io.Reader) (err error) {
	const unbounded, one = 1 << 50, 1
	if in.scratch, err = NewScratch(unbounded, one); err != nil {
		return err
	}
	if err := in.scratch.Create(inputName, 0o444, content); err != nil {
		return err
	}
	const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC
	tree := treeRequest{Path: in.scratch.layer(), Attributes: readOnly}
	if in.tree, err = in.scratch.mounts.open(mountRequest{Tree: &tree}); err != nil {
		return err
	}
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	in.size, err = f.Seek(0, io.SeekEnd)
	return err
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
	dir, name := unix.AT_FDCWD, inputName
	if in.tree != nil {
		dir = int(in.tree.Fd())
	} else {
		name = fmt.Sprintf("/proc/self/fd/%d", in.file.Fd())
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open input: %w", err)
	}
	return os.NewFile(uintptr(fd), "input"), nil
}

// Close gives the memory back when the last run that reads the input has ended.
func (in *Input) Close() error {
	if in.file != nil {
		return in.file.Close()
	}
	if in.tree != nil {
		in.tree.Close()
	}
	if in.scratch != nil {
		return in.scratch.Close()
	}
	return nil
}
