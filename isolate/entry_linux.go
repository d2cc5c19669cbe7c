package isolate

import (
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
)

// entrySpec is an Entry as the intermediate knows it, a complete one.
type entrySpec struct {
	Path     string
	Type     fs.FileMode
	Mode     int
	Content  []byte // any bytes, unlike a string in JSON
	UID, GID uint32
}

// maxEntries bounds the memory of the steps that make a run's own layer, which they share with all others.
const maxEntries = 64 << 10

// openEntries checks what is to be made, and notes it.
func openEntries(root *Root, spec *rootSpec) error {
	if len(root.Create) == 0 {
		return nil
	}
	hidden := append([]string{"/dev", "/proc"}, root.targets()...)
	if spec.Base {
		hidden = append(hidden, toolchainDirs...) // on some hosts they are links in the base
	}
	if err := root.checkEntries(spec.IDs, hidden); err != nil {
		return err
	}
	spec.Create = entrySpecs(root.Create)
	if size := child.Size(scratchSteps(*spec)); size > maxEntries {
		return fmt.Errorf("create %d files, directories and links: they take %d bytes, at most %d: a Scratch has room for more",
			len(root.Create), size, maxEntries)
	}
	return nil
}

func entrySpecs(entries []Entry) (specs []entrySpec) {
	for _, e := range entries {
		specs = append(specs, entrySpec{rooted(e.Path), e.Mode.Type(), e.permissions(), []byte(e.Content), e.UID, e.GID})
	}
	return specs
}

// entryFD is the lowest descriptor that is free while init makes its layer: 0 is its pidfd.
const entryFD = 1

// steps make the entry at a path of the writable layer. With one id, all of it is the program's anyway.
func (e entrySpec) steps(p string, oneID bool) (steps []child.Step) {
	switch {
	case e.Type == fs.ModeSymlink:
		steps = append(steps, call("link "+p, unix.SYS_SYMLINKAT, string(e.Content), unix.AT_FDCWD, p))
	case e.Type == fs.ModeDir:
		steps = append(steps, call("make "+p, unix.SYS_MKDIRAT, unix.AT_FDCWD, p, 0o700))
	case len(e.Content) == 0:
		steps = append(steps, call("make "+p, unix.SYS_MKNODAT, unix.AT_FDCWD, p, unix.S_IFREG|0o600, 0))
	default:
		open := call("make "+p, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		open.Want = entryFD + 1
		write := call("write "+p, unix.SYS_WRITE, entryFD, e.Content, len(e.Content))
		write.Want = len(e.Content) + 1
		steps = append(steps, open, write, call("close "+p, unix.SYS_CLOSE, entryFD))
	}
	if !oneID && (e.UID != initID || e.GID != initID) {
		steps = append(steps, call(fmt.Sprintf("give %s to %d:%d", p, e.UID, e.GID),
			unix.SYS_FCHOWNAT, unix.AT_FDCWD, p, int(e.UID), int(e.GID), unix.AT_SYMLINK_NOFOLLOW))
	}
	if e.Type != fs.ModeSymlink {
		steps = append(steps, call(fmt.Sprintf("set the mode of %s to %#o", p, e.Mode), unix.SYS_FCHMODAT, unix.AT_FDCWD, p, e.Mode))
	}
	return steps
}

// bytes is what a tmpfs needs for it, in whole pages.
func (e entrySpec) bytes() int64 {
	page := os.Getpagesize()
	return int64((len(e.Content) + page - 1) / page * page)
}

// own tells whether the entry is the program's, to write to, and lies where it may not write by itself.
func (e entrySpec) own(who IDs) bool {
	return e.Type != fs.ModeSymlink && e.UID == who.user() &&
		!slices.ContainsFunc([]string{"/work", "/tmp", "/dev/shm"}, func(dir string) bool { return within(e.Path, dir) })
}
