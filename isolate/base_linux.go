package isolate

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// toolchainDirs are the directories of the host that hold its compilers and interpreters. Where
// one is a symbolic link, as on systems with a merged /usr, the link is copied.
var toolchainDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// devices are the nodes of /dev; they come from the host, since a user namespace cannot make any.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// toolchainMounts lists the toolchain directories of this host that are no links.
func toolchainMounts() []string {
	var dirs []string
	for _, d := range toolchainDirs {
		if info, err := os.Lstat(d); err == nil && info.IsDir() {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// buildBase replaces the root of the intermediate's mount namespace, a copy of the host's, by a
// small tmpfs with what inits need: few mounts, because each init copies them, and nothing of the
// host that a program may not see, but for /proc.
func buildBase(dev *os.File, who IDs) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	trees, err := openHostTrees(dev)
	defer func() {
		for _, t := range trees {
			unix.Close(t.fd)
		}
	}()
	if err != nil {
		return err
	}
	etc := readEtc(who)
	const place = "/proc" // any directory that exists; it is covered by our new root for a moment
	if err := unix.Mount("tmpfs", place, "tmpfs", plainMount, "mode=755,size=64m,nr_inodes=16384"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	if err := os.Chdir(place); err != nil {
		return err
	}
	if err := makeSkeleton(etc); err != nil {
		return err
	}
	if err := placeDev(dev); err != nil {
		return err
	}
	for _, t := range trees {
		if err := placeTree(t); err != nil {
			return err
		}
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("detach the host's root: %w", err)
	}
	return os.Chdir("/")
}

// hostTree is a copy of a mount of the host, not attached anywhere yet.
type hostTree struct {
	source, target string // target below the new root
	set            uint64 // mount attributes
	overlaid       bool   // to be shown through an overlay
	fd             int
}

func openHostTrees(dev *os.File) ([]hostTree, error) {
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var trees []hostTree
	for _, d := range toolchainMounts() {
		set := uint64(unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
		trees = append(trees, hostTree{source: d, target: toolchainDir + d, set: set, overlaid: true})
		for _, below := range mountsBelow(d, string(mountinfo)) {
			trees = append(trees, hostTree{source: below, target: toolchainDir + below, set: set, overlaid: true})
		}
	}
	trees = append(trees, hostTree{source: "/proc", target: hostProcDir})
	if dev == nil {
		for _, d := range devices {
			set := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_RDONLY)
			trees = append(trees, hostTree{source: "/dev/" + d, target: devDir + "/" + d, set: set})
		}
	}
	for i := range trees {
		t := &trees[i]
		fd, err := openTree(t.source, t.set)
		if err != nil {
			return trees[:i], err
		}
		t.fd = fd
	}
	return trees, nil
}

// openTree returns a detached copy of the mounts at and below a path, with attributes set.
func openTree(source string, set uint64) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, fmt.Errorf("open_tree %s: %w", source, err)
	}
	if set == 0 {
		return fd, nil
	}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: set}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("mount_setattr %s: %w", source, err)
	}
	return fd, nil
}

// placeTree attaches a tree below the working directory, the new root to be.
func placeTree(t hostTree) error {
	target := "." + t.target
	if t.overlaid {
		return overlayTree(t, target)
	}
	if err := unix.MoveMount(t.fd, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount %s on %s: %w", t.source, t.target, err)
	}
	return nil
}

// overlayTree shows a directory of the host through an overlay: its files then have inodes that belong
// to the slot. On the host's own, programs of two slots could meet by file locks and file events.
func overlayTree(t hostTree, target string) error {
	const below, empty = "./below", "./empty"
	for _, d := range []string{below, empty, target} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := unix.MoveMount(t.fd, "", unix.AT_FDCWD, below, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount %s: %w", t.source, err)
	}
	if err := unix.Mount("overlay", target, "overlay", plainMount|unix.MS_RDONLY, "lowerdir="+below+":"+empty+",userxattr"); err != nil {
		return fmt.Errorf("mount overlay of %s: %w", t.source, err)
	}
	return unix.Unmount(below, unix.MNT_DETACH)
}

// mountsBelow lists the mount points below a directory, outer ones first: an overlay shows only the
// file system that it is made of. Files that are mounts are left out.
func mountsBelow(dir, mountinfo string) []string {
	var below []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[4], dir+"/") {
			continue
		}
		point := mountinfoEscapes.Replace(fields[4])
		if info, err := os.Stat(point); err == nil && info.IsDir() && !slices.Contains(below, point) {
			below = append(below, point)
		}
	}
	slices.Sort(below)
	return below
}

// mountinfoEscapes undoes what proc_pid_mountinfo(5) does to blanks.
var mountinfoEscapes = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// placeDev attaches the /dev that the parent has made, or makes one for the host's nodes.
func placeDev(dev *os.File) error {
	target := "." + devDir
	if dev == nil {
		if err := makeDev(target, func(name string) error { return os.WriteFile(target+"/"+name, nil, 0o666) }); err != nil {
			return err
		}
		// It lives as long as the slot, and may be the program's: its mode and times are no place for messages.
		if err := unix.MountSetattr(unix.AT_FDCWD, target, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
			return fmt.Errorf("make /dev read-only: %w", err)
		}
		return nil
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.MoveMount(int(dev.Fd()), "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("mount /dev: %w", err)
	}
	return nil
}

// makeSkeleton fills the working directory with the lowest layer and the places for mounts.
func makeSkeleton(etc []etcEntry) error {
	base := "." + baseDir
	dirs := []string{"." + scratchDir, "." + newRoot, "." + hostProcDir,
		base + "/etc", base + "/dev/shm", base + "/proc", base + "/tmp", base + "/work"}
	for _, d := range toolchainMounts() {
		dirs = append(dirs, base+d)
	}
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	for _, d := range toolchainDirs {
		if link, err := os.Readlink(d); err == nil {
			if err := os.Symlink(link, base+d); err != nil {
				return err
			}
		}
	}
	for _, e := range etc {
		if err := e.write(base + "/etc"); err != nil {
			return err
		}
	}
	return nil
}

// makeDev mounts a tmpfs and fills it as a /dev, for whose nodes it calls node.
func makeDev(dev string, node func(name string) error) error {
	if err := os.MkdirAll(dev, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "mode=755,size=64k,nr_inodes=64"); err != nil {
		return fmt.Errorf("mount tmpfs on /dev: %w", err)
	}
	if err := os.Mkdir(dev+"/shm", 0o755); err != nil {
		return err
	}
	for link, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"} {
		if err := os.Symlink(target, dev+"/"+link); err != nil {
			return err
		}
	}
	for _, name := range devices {
		if err := node(name); err != nil {
			return fmt.Errorf("make /dev/%s: %w", name, err)
		}
	}
	return nil
}
