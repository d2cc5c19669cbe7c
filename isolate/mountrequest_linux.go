package isolate

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mounterPlace is covered, in a mounter's or keeper's namespace, by a tmpfs with the mount points
// of the Scratches.
const mounterPlace = "/proc"

// makeMounterPlace prepares a new mount namespace for the requests.
func makeMounterPlace() error {
	// Slave: what the host unmounts goes here too, and nothing of ours gets out.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount MS_SLAVE", err)
	}
	return os.NewSyscallError("mount tmpfs", unix.Mount("tmpfs", mounterPlace, "tmpfs", plainMount, "mode=700,size=1m"))
}

// scratchRequest asks for the file system of a Scratch with its directories, for mount points in
// it, for what is in it to belong to no program, or for its end.
type scratchRequest struct {
	Place  string // its mount point
	Spec   rootSpec
	Points []bindSpec
	Seal   bool
	Remove bool
	Shared string // a directory to make in it, for programs to write to
	Link   string // a symbolic link to make in it, that leads to Target
	Target string
	Unlink string // a file in it to remove
}

func (r scratchRequest) perform() error {
	switch {
	case r.Remove:
		removeScratch(r.Place)
		return nil
	case r.Seal:
		sealLayer(r.Place + "/upper")
		return nil
	case r.Points != nil:
		return makeMountPoints(r.Place+"/upper", r.Points)
	case r.Shared != "":
		return inLayer(r.Place+"/upper", r.Shared, func(dir int, name string) error {
			if err := unix.Mkdirat(dir, name, 0o700); err != nil {
				return err
			}
			return unix.Fchmodat(dir, name, 0o777, 0)
		})
	case r.Link != "":
		return inLayer(r.Place+"/upper", r.Link, func(dir int, name string) error { return unix.Symlinkat(r.Target, dir, name) })
	case r.Unlink != "":
		return inLayer(r.Place+"/upper", r.Unlink, func(dir int, name string) error { return unix.Unlinkat(dir, name, 0) })
	}
	if err := unix.Mkdir(r.Place, 0o700); err != nil {
		return err
	}
	if err := r.mount(); err != nil {
		removeScratch(r.Place)
		return err
	}
	return nil
}

func (r scratchRequest) mount() error {
	options := scratchOptions(r.Spec, len(scratchDirs(r.Spec)))
	if err := unix.Mount("tmpfs", r.Place, "tmpfs", plainMount, options); err != nil {
		return os.NewSyscallError("mount tmpfs", err)
	}
	for _, d := range scratchDirs(r.Spec) {
		if err := unix.Mkdir(r.Place+d.path, 0); err != nil {
			return err
		}
		if err := unix.Chmod(r.Place+d.path, uint32(d.mode)); err != nil {
			return err
		}
	}
	return nil
}

// sealLayer gives all that a run has written to root, readable for all where it was for its owner: the
// program of a later run may have the same user id or another, and must see the same. What lies
// too deep for a path stays as it is. What was left in /tmp and /dev/shm is thrown away.
func sealLayer(dir string) {
	for _, temporary := range []string{"/tmp", "/dev/shm"} {
		os.RemoveAll(dir + temporary)
		os.Mkdir(dir+temporary, 0o755) // a run has its own on top
	}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err != nil || unix.Lstat(p, &st) != nil {
			return nil
		}
		unix.Lchown(p, 0, 0)
		if kind := st.Mode & unix.S_IFMT; kind == unix.S_IFDIR || kind == unix.S_IFREG {
			unix.Chmod(p, st.Mode&0o1777|st.Mode>>6&0o5|st.Mode>>3&0o50)
		}
		return nil
	})
}

func removeScratch(place string) {
	unix.Unmount(place, unix.MNT_DETACH)
	unix.Rmdir(place)
}

// mountRequest asks for one of its members.
type mountRequest struct {
	Tree *treeRequest `json:",omitempty"`
	File *fileRequest `json:",omitempty"`
}

func (r mountRequest) perform() (*os.File, error) {
	switch {
	case r.Tree != nil:
		return r.Tree.perform()
	case r.File != nil:
		return r.File.perform()
	}
	return nil, fmt.Errorf("bug: a request for nothing")
}

// check refuses a descriptor that is not what was asked for.
func (r mountRequest) check(f *os.File) error {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	if tree := flags&unix.O_PATH != 0; tree != (r.Tree != nil) {
		return fmt.Errorf("expected a tree: %t, got a descriptor with flags %#x", r.Tree != nil, flags)
	}
	return nil
}

// treeRequest asks for a copy of the mounts at and below a path, attached nowhere.
type treeRequest struct {
	Path       string // of the host, or of a Scratch
	Attributes uint64 // to be set, MOUNT_ATTR_…
	// Owners are to get the directories of a Scratch that a run writes to; Spec says which.
	Owners *ids      `json:",omitempty"`
	Spec   *rootSpec `json:",omitempty"`
}

func (r treeRequest) perform() (*os.File, error) {
	if r.Owners != nil && r.Spec != nil {
		if err := r.Owners.own(r.Path, *r.Spec); err != nil {
			return nil, err
		}
	}
	fd, err := openTree(r.Path, r.Attributes)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), r.Path), nil
}

// own hands over the directories that runs write to.
func (i ids) own(place string, spec rootSpec) error {
	for _, d := range scratchDirs(spec) {
		owner := i.Init
		if d.owned {
			owner = i.Program
		}
		if err := unix.Lchown(place+d.path, int(owner.UID), int(owner.GID)); err != nil {
			return fmt.Errorf("chown %s: %w", d.path, err)
		}
	}
	return nil
}

// fileRequest asks for a file of a Scratch. The parent does not open it by itself, because it may
// not be allowed to: a program can shut out all others from what it makes.
type fileRequest struct {
	Layer  string // the directory that is the root for a run
	Name   string // relative to it
	Create bool   // to write, with the directories above it; it may not exist
}

func (r fileRequest) perform() (*os.File, error) {
	dir, err := unix.Open(r.Layer, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_PATH, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	flags, mode := unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0
	if r.Create {
		if err := makeDirs(dir, path.Dir(r.Name)); err != nil {
			return nil, err
		}
		flags, mode = unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o200
	}
	fd, err := openBeneath(dir, r.Name, flags, mode)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), r.Name), nil
}

// inLayer does something with a name in its directory, which is found without following links.
func inLayer(layer, name string, do func(dir int, name string) error) error {
	root, err := unix.Open(layer, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	dir, err := openBeneath(root, path.Dir(name), unix.O_DIRECTORY|unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	return do(dir, path.Base(name))
}

// openBeneath opens what is below a directory, following no links: a program may have made them.
func openBeneath(dir int, name string, flags, mode int) (int, error) {
	return unix.Openat2(dir, name, &unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC),
		Mode:    uint64(mode),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
}

// makeMountPoints makes the targets of binds that are missing in a layer.
func makeMountPoints(layer string, binds []bindSpec) error {
	dir, err := unix.Open(layer, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_PATH, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	for _, b := range binds {
		name := strings.TrimPrefix(path.Clean("/"+b.Target), "/")
		if !b.File {
			if err := makeDirs(dir, name); err != nil {
				return err
			}
			continue
		}
		if err := makeDirs(dir, path.Dir(name)); err != nil {
			return err
		}
		fd, err := openBeneath(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o444)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return fmt.Errorf("make /%s: %w", name, err)
		}
		unix.Close(fd)
	}
	return nil
}

// makeDirs makes the directories of a relative path that are missing.
func makeDirs(dir int, name string) error {
	made, parent := "", dir
	for _, part := range strings.Split(name, "/") {
		made = path.Join(made, part)
		if err := unix.Mkdirat(parent, part, 0o755); err != nil && err != unix.EEXIST {
			return fmt.Errorf("make directory /%s: %w", made, err)
		}
		next, err := openBeneath(dir, made, unix.O_DIRECTORY|unix.O_PATH, 0)
		if err != nil {
			return fmt.Errorf("directory /%s: %w", made, err)
		}
		defer unix.Close(next)
		parent = next
	}
	return nil
}
