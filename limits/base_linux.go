package limits

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// leaf is the group in a base that holds this process, if it had to leave its own cgroup.
const leaf = "self"

// base is the directory judge/<id> that this process owns in one hierarchy. Its groups are in it.
type base struct {
	hierarchy
	version *version
	parent  string // the directory that holds judge
	path    string
	fd      int      // the directory, locked with flock for as long as we live
	inside  bool     // this process moved itself from parent to path/self
	enabled []string // controllers that we passed on from parent, and take back at the end
	divides bool     // groups in it have equal parts of the CPUs
}

// claim makes a base in the first directory of h.parents that lets us and that passes the controllers
// on (version 2; version 1 has none to pass on). The error is that of the most promising directory.
func claim(h hierarchy, controllers []string) (*base, error) {
	var errs []error
	for _, parent := range h.parents() {
		b, err := claimIn(h, parent, controllers)
		if err == nil {
			return b, nil
		}
		errs = append(errs, err)
	}
	// Our own cgroup says more than the top, to which most have no access, and than its ancestors.
	return nil, errs[min(1, len(errs)-1)]
}

// claimIn makes a base in parent, or leaves nothing behind.
func claimIn(h hierarchy, parent string, controllers []string) (*base, error) {
	b := &base{hierarchy: h, version: &v1, parent: parent, fd: -1, divides: slices.Contains(h.controllers, weights)}
	if h.unified {
		b.version = &v2
	}
	err := b.lock()
	if err == nil && len(controllers) > 0 {
		err = b.passOn(controllers)
	}
	if err != nil {
		return nil, errors.Join(err, b.remove())
	}
	return b, nil
}

// lock makes and locks the directory. Others may remove judge when it is empty, and may take a base that
// is not locked yet for that of a dead judge, so either step may have to be repeated.
func (b *base) lock() error {
	for range 100 {
		if err := os.Mkdir(filepath.Join(b.parent, directory), 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
		b.path = filepath.Join(b.parent, directory, newID())
		if err := os.Mkdir(b.path, 0o700); errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) {
			continue
		} else if err != nil {
			b.path = ""
			return err
		}
		fd, err := lockDirectory(b.path)
		if err == nil {
			b.fd = fd
			return nil
		}
	}
	return fmt.Errorf("bug: lock %s: always lost to others", b.path)
}

// newID names a base: the process id for people, and what makes it unique, also between pid namespaces.
func newID() string {
	return strconv.Itoa(os.Getpid()) + "-" + rand.Text()[:8]
}

// lockDirectory opens the directory at path and locks it; it fails with EWOULDBLOCK if a living process
// holds the lock, and with ENOENT if the directory was removed meanwhile. The mode 0700 of judge
// keeps other users from locking what is not theirs.
func lockDirectory(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = sameFile(fd, path)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// sameFile returns ENOENT unless path still leads to what fd has open. (The link count of a removed
// kernfs directory stays 2.)
func sameFile(fd int, path string) error {
	var open, there unix.Stat_t
	if err := unix.Fstat(fd, &open); err != nil {
		return err
	}
	if err := unix.Lstat(path, &there); err != nil {
		return err
	}
	if open.Ino != there.Ino || open.Dev != there.Dev {
		return unix.ENOENT
	}
	return nil
}

// passOn makes the version 2 controllers available to the groups in the base.
func (b *base) passOn(controllers []string) error {
	enabled, err := passOn(b.parent, controllers)
	if errors.Is(err, unix.EBUSY) {
		if err := b.moveInside(); err != nil {
			return err
		}
		enabled, err = passOn(b.parent, controllers)
	}
	if err != nil {
		return err
	}
	b.enabled = enabled
	for _, dir := range []string{filepath.Dir(b.path), b.path} {
		if _, err := passOn(dir, controllers); err != nil {
			return err
		}
	}
	return b.divide()
}

// divide gives the groups in the base equal parts of the CPUs, see Share, if version 2 lets us.
func (b *base) divide() error {
	if inRealTime() {
		return nil
	}
	enabled, err := passOn(b.parent, []string{weights})
	if err != nil {
		return nil
	}
	b.enabled = append(b.enabled, enabled...)
	for _, dir := range []string{filepath.Dir(b.path), b.path} {
		if _, err := passOn(dir, []string{weights}); err != nil {
			return err
		}
	}
	b.divides = true
	return nil
}

// passOn makes dir pass the controllers on to its children, and returns those that it did not before.
// EBUSY means that processes live in dir.
func passOn(dir string, controllers []string) (enabled []string, err error) {
	available, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	control := filepath.Join(dir, "cgroup.subtree_control")
	passed, err := os.ReadFile(control)
	if err != nil {
		return nil, err
	}
	for _, c := range controllers {
		if !slices.Contains(strings.Fields(string(available)), c) {
			return nil, fmt.Errorf("%s has no controller %q: %w", dir, c, errNoController)
		}
		if !slices.Contains(strings.Fields(string(passed)), c) {
			enabled = append(enabled, c)
		}
	}
	if len(enabled) == 0 {
		return nil, nil
	}
	return enabled, writeFile(control, "+"+strings.Join(enabled, " +"))
}

// moveInside moves this process out of the way, from parent to a leaf of the base. It does so only
// if parent is our own cgroup and nobody else is in it: the others are not ours to move.
func (b *base) moveInside() error {
	procs, err := os.ReadFile(filepath.Join(b.parent, "cgroup.procs"))
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(procs)) != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("pass controllers on from %s: %w", b.parent, errShared)
	}
	self := filepath.Join(b.path, leaf)
	if err := os.Mkdir(self, 0o700); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(self, "cgroup.procs"), "0"); err != nil {
		return errors.Join(err, unix.Rmdir(self))
	}
	b.inside = true
	return nil
}

// moveBack undoes moveInside. parent must stop passing controllers on before it may hold a process.
func (b *base) moveBack() error {
	for _, dir := range []string{b.path, filepath.Dir(b.path), b.parent} {
		if len(b.enabled) == 0 {
			break
		}
		err := writeFile(filepath.Join(dir, "cgroup.subtree_control"), "-"+strings.Join(b.enabled, " -"))
		if err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(b.parent, "cgroup.procs"), "0"); err != nil {
		return err
	}
	b.inside = false
	return nil
}

// remove removes the base with everything in it, and judge if that was the last base. The groups in it
// are those of this process; programs that still run in them are killed.
func (b *base) remove() error {
	if b.inside {
		if err := b.moveBack(); err != nil {
			return err // and keep the lock: who sweeps the base would kill us
		}
	}
	var errs []error
	if b.fd >= 0 {
		errs = append(errs, removeTree(b.path))
		unix.Close(b.fd)
		b.fd = -1
	}
	return errors.Join(append(errs, removeEmpty(filepath.Join(b.parent, directory)))...)
}

// removeEmpty removes the directory judge unless it holds the base of another judge, or is gone.
func removeEmpty(dir string) error {
	err := unix.Rmdir(dir)
	switch err {
	case nil, unix.ENOENT, unix.EBUSY, unix.ENOTEMPTY:
		return nil
	}
	return &os.PathError{Op: "rmdir", Path: dir, Err: err}
}

// writeFile writes a control file in one write(2), which is what makes one command.
func writeFile(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}
