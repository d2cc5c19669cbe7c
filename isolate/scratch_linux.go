package isolate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Scratch is a writable layer that is kept: a tmpfs of bounded size that no path of the host leads
// to and that ends with this process. One run writes to it as Root.Upper; later runs, in any
// sandbox, may have it as a layer. Files can be put into it before, and looked at after.
// Not safe for concurrent use while a run writes to it. Close it when no run needs it.
type Scratch struct {
	place  string // its mount point, for mounts
	mounts mounts // nil: closed
	spec   rootSpec

	mu      sync.Mutex
	written bool // by a run, since it was sealed
}

var scratchCount atomic.Int64

// NewScratch makes a Scratch of at most size bytes and inodes files and directories.
func NewScratch(size, inodes int64) (*Scratch, error) {
	if size <= 0 || inodes <= 0 { // tmpfs takes zero for no bound
		return nil, fmt.Errorf("make a writable layer of %d bytes and %d inodes: %w", size, inodes, unix.EINVAL)
	}
	standing, err := theStanding()
	if err != nil {
		return nil, err
	}
	if err := standing.mounts.acquire(); err != nil {
		return nil, err
	}
	s := &Scratch{
		place:  fmt.Sprintf("%s/%d", mounterPlace, scratchCount.Add(1)),
		mounts: standing.mounts,
		spec:   rootSpec{Base: true, Size: size, Inodes: inodes},
	}
	if err := s.mounts.scratch(scratchRequest{Place: s.place, Spec: s.spec}); err != nil {
		s.mounts.release()
		return nil, fmt.Errorf("make a writable layer: %w", err)
	}
	return s, nil
}

// Close gives the memory back once no sandbox uses the layer any more. It is idempotent.
func (s *Scratch) Close() error {
	if s.mounts == nil {
		return nil
	}
	err := s.mounts.scratch(scratchRequest{Place: s.place, Remove: true})
	s.mounts.release()
	s.mounts = nil
	return err
}

// String is for debugging.
func (s *Scratch) String() string { return "scratch " + s.place }

// layer is where runs write to.
func (s *Scratch) layer() string { return s.place + "/upper" }

// upper asks for the whole of it, for a run in the slot with these ids.
func (s *Scratch) upper(slot ids) treeRequest {
	s.mu.Lock()
	s.written = true
	s.mu.Unlock()
	return treeRequest{Path: s.place, Owners: &slot, Spec: &s.spec}
}

// seal ends the writing: what is in the layer belongs to no program from now on and is readable by
// all, so that it looks the same to whoever has it as a layer.
func (s *Scratch) seal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.written || s.mounts == nil {
		return nil
	}
	s.written = false
	return s.mounts.scratch(scratchRequest{Place: s.place, Seal: true})
}

// makeMountPoints makes what a root's mounts go on, which a run's own layer would bring along.
func (s *Scratch) makeMountPoints(spec rootSpec) error {
	points := spec.Binds
	if !spec.Base {
		points = append([]bindSpec{{Target: "/proc"}, {Target: "/dev"}}, points...)
	}
	if len(points) == 0 {
		return nil
	}
	return s.mounts.scratch(scratchRequest{Place: s.place, Points: points})
}

// Create puts a file into the layer; name is its absolute path in the sandbox. The directories
// above it are made. It belongs to nobody that a program can be, so that a program can read or
// execute it, as the mode allows, and no more.
func (s *Scratch) Create(name string, mode uint32, content io.Reader) error {
	f, err := s.open(fileRequest{Name: name, Create: true})
	if err != nil {
		return fmt.Errorf("create %s: %w", rooted(name), err)
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(os.FileMode(mode)), f.Close())
}

// Open opens a regular file of the layer for reading; name is its absolute path in the sandbox.
// Symbolic links are not followed and anything else than a regular file is refused, because a
// program made it.
func (s *Scratch) Open(name string) (*os.File, error) {
	f, err := s.open(fileRequest{Name: name})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", rooted(name), err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", rooted(name))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ReadDir lists a directory of the layer; name is its absolute path in the sandbox. The entries tell their
// types, and no more: a program may have made them.
func (s *Scratch) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := s.open(fileRequest{Name: name})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", rooted(name), err)
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// MakeShared makes a directory that every program can write to; name is its absolute path in the sandbox, and
// the directory above it exists.
func (s *Scratch) MakeShared(name string) error {
	if s.mounts == nil {
		return os.ErrClosed
	}
	if err := s.mounts.scratch(scratchRequest{Place: s.place, Shared: strings.TrimPrefix(rooted(name), "/")}); err != nil {
		return fmt.Errorf("make directory %s: %w", rooted(name), err)
	}
	return nil
}

// Symlink makes a symbolic link; name is its absolute path in the sandbox, the directory above it exists, and
// target is where it leads for whoever follows it: programs, for Open does not.
func (s *Scratch) Symlink(target, name string) error {
	if s.mounts == nil {
		return os.ErrClosed
	}
	if err := s.mounts.scratch(scratchRequest{Place: s.place, Link: strings.TrimPrefix(rooted(name), "/"), Target: target}); err != nil {
		return fmt.Errorf("make link %s: %w", rooted(name), err)
	}
	return nil
}

// Remove removes a file, whatever kind of file a program has made it, but not a directory.
func (s *Scratch) Remove(name string) error {
	if s.mounts == nil {
		return os.ErrClosed
	}
	if err := s.mounts.scratch(scratchRequest{Place: s.place, Unlink: strings.TrimPrefix(rooted(name), "/")}); err != nil {
		return fmt.Errorf("remove %s: %w", rooted(name), err)
	}
	return nil
}

func (s *Scratch) open(r fileRequest) (*os.File, error) {
	if s.mounts == nil {
		return nil, os.ErrClosed
	}
	r.Layer, r.Name = s.layer(), strings.TrimPrefix(rooted(r.Name), "/")
	return s.mounts.open(mountRequest{File: &r})
}

// rooted is a path as a program sees it, which has nothing above its root.
func rooted(name string) string { return path.Clean("/" + name) }
