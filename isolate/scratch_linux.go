package isolate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Scratch is a writable layer that is kept: a tmpfs of bounded size that no path of the host leads
// to and that ends with this process. One run writes to it as Root.Upper; later runs, in any
// sandbox, may have it as a layer. Files can be put into it before, and looked at after.
// Not safe for concurrent use while a run writes to it. Close it when no run needs it.
type Scratch struct {
	place string
	dir   *os.File // the upper directory
	spec  rootSpec
}

var scratchCount atomic.Int64

// NewScratch makes a Scratch of at most size bytes and inodes files and directories.
func NewScratch(size, inodes int64) (*Scratch, error) {
	m, err := theMounter()
	if err != nil {
		return nil, err
	}
	s := &Scratch{
		place: fmt.Sprintf("%s/%d", mounterPlace, scratchCount.Add(1)),
		spec:  rootSpec{Base: true, Size: size, Inodes: inodes},
	}
	err = m.do(s.mount)
	if err != nil {
		return nil, fmt.Errorf("make a writable layer: %w", err)
	}
	return s, nil
}

// mount runs on the mounter's thread.
func (s *Scratch) mount() (err error) {
	if err := unix.Mkdir(s.place, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.unmount()
		}
	}()
	options := fmt.Sprintf("size=%d,nr_inodes=%d,mode=755", s.spec.Size, s.spec.Inodes+16)
	if err := unix.Mount("tmpfs", s.place, "tmpfs", plainMount, options); err != nil {
		return err
	}
	for _, d := range scratchDirs(s.spec) {
		if err := unix.Mkdir(s.place+d.path, 0); err != nil {
			return err
		}
		if err := unix.Chmod(s.place+d.path, uint32(d.mode)); err != nil {
			return err
		}
	}
	fd, err := unix.Open(s.place+"/upper", unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_PATH, 0)
	if err != nil {
		return err
	}
	s.dir = os.NewFile(uintptr(fd), "layer")
	return nil
}

func (s *Scratch) unmount() {
	unix.Unmount(s.place, unix.MNT_DETACH)
	unix.Rmdir(s.place)
}

// Close gives the memory back once no sandbox uses the layer any more. It is idempotent.
func (s *Scratch) Close() error {
	if s.dir == nil {
		return nil
	}
	m, err := theMounter()
	if err != nil {
		return err
	}
	s.dir.Close()
	s.dir = nil
	return m.do(func() error { s.unmount(); return nil })
}

// give hands the directories that runs write to over to a slot's ids.
func (s *Scratch) give(id ids) error {
	m, err := theMounter()
	if err != nil {
		return err
	}
	return m.do(func() error {
		for _, d := range scratchDirs(s.spec) {
			owner := id.init
			if d.owned {
				owner = id.program
			}
			if err := unix.Lchown(s.place+d.path, int(owner), int(owner)); err != nil {
				return fmt.Errorf("chown %s: %w", d.path, err)
			}
		}
		return nil
	})
}

// Create puts a file into the layer; name is its absolute path in the sandbox. The directories
// above it are made. It belongs to nobody that a program can be, so that a program can read or
// execute it, as the mode allows, and no more.
func (s *Scratch) Create(name string, mode uint32, content io.Reader) error {
	rel := strings.TrimPrefix(path.Clean("/"+name), "/")
	dir := ""
	for _, part := range strings.Split(path.Dir(rel), "/") {
		dir = path.Join(dir, part)
		if err := unix.Mkdirat(int(s.dir.Fd()), dir, 0o755); err != nil && err != unix.EEXIST {
			return fmt.Errorf("make directory /%s: %w", dir, err)
		}
	}
	fd, err := openBeneath(s.dir, rel, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o200)
	if err != nil {
		return fmt.Errorf("create /%s: %w", rel, err)
	}
	f := os.NewFile(uintptr(fd), name)
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(os.FileMode(mode)), f.Close())
}

// Open opens a regular file of the layer for reading; name is its absolute path in the sandbox.
// Symbolic links are not followed and anything else than a regular file is refused, because a
// program made it.
func (s *Scratch) Open(name string) (*os.File, error) {
	rel := strings.TrimPrefix(path.Clean("/"+name), "/")
	fd, err := openBeneath(s.dir, rel, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("open /%s: %w", rel, err)
	}
	f := os.NewFile(uintptr(fd), name)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open /%s: not a regular file", rel)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func openBeneath(dir *os.File, name string, flags int, mode uint64) (int, error) {
	return unix.Openat2(int(dir.Fd()), name, &unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Mode:    mode,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
}
