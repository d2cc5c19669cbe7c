package limits

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long we wait for processes that were killed, or are just dying, to leave a group.
const patience = 10 * time.Second

// sweep removes what dead judges left in judge below parent. A base is dead if its lock can be had; that
// of a living judge is left alone, and so is one in which we are ourselves (own is the directory of our
// cgroup), as the child of a judge that died. What cannot be removed is reported and otherwise ignored.
func sweep(parent, own string) error {
	dir := filepath.Join(parent, directory)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // none there, or that of another user
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(own+"/", path+"/") {
			continue
		}
		fd, err := lockDirectory(path)
		if err != nil {
			continue
		}
		errs = append(errs, removeTree(path))
		unix.Close(fd)
	}
	return errors.Join(append(errs, removeEmpty(dir))...)
}

// removeTree kills all processes in the group at path and in those below, and removes all of them.
func removeTree(path string) error {
	var groups []string // children before parents
	err := filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			groups = append([]string{p}, groups...)
		}
		return nil // control files come and go with the groups that we do not hold
	})
	if err != nil {
		return err
	}
	_ = writeFile(filepath.Join(path, "cgroup.kill"), "1") // version 2, since Linux 5.14
	var errs []error
	for _, g := range groups {
		if err := killMembers(g); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, removeDirectory(g))
	}
	return errors.Join(errs...)
}

// killMembers kills the processes of one group, again and again until none is left, because a list of
// pids is out of date as soon as it is read.
func killMembers(group string) error {
	for wait := newWait(patience); ; {
		pids := members(group)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			killMember(group, pid)
		}
		if !wait.next() {
			return &os.PathError{Op: "kill processes " + strings.Join(pids, ", ") + " in", Path: group, Err: unix.EBUSY}
		}
	}
}

// members lists the pids of a group; pid 0 is a process outside of our pid namespace.
func members(group string) []string {
	b, _ := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	return strings.Fields(string(b))
}

// killMember kills one process by a pidfd, after making sure that the pid did not go to somebody else in
// between: a process that is not in the group any more is not ours.
func killMember(group, pid string) {
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 0 {
		return
	}
	fd, err := unix.PidfdOpen(n, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	for _, member := range members(group) {
		if member == pid {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		}
	}
}

// removeDirectory removes the empty group at path, see removeGroup.
func removeDirectory(path string) error {
	return removeGroup(unix.AT_FDCWD, path)
}

// removeGroup removes a group without processes; one that is gone already is no error. A process
// that has been waited for may still be on its way out of its group, which makes EBUSY, so that is
// given a little time.
func removeGroup(parent int, name string) error {
	err := unix.Unlinkat(parent, name, unix.AT_REMOVEDIR)
	for wait := newWait(patience); err == unix.EBUSY && wait.empty(parent, name); {
		err = unix.Unlinkat(parent, name, unix.AT_REMOVEDIR)
	}
	if err != nil && err != unix.ENOENT {
		return &os.PathError{Op: "rmdir", Path: name, Err: err}
	}
	return nil
}

// wait bounds the time that is spent on waiting, and paces it.
type wait struct {
	until time.Time
	pause time.Duration
}

func newWait(d time.Duration) *wait {
	return &wait{until: time.Now().Add(d), pause: 50 * time.Microsecond}
}

// next sleeps, each time twice as long up to 10 ms; false when the time is up.
func (w *wait) next() bool {
	if !time.Now().Before(w.until) {
		return false
	}
	time.Sleep(w.pause)
	w.pause = min(2*w.pause, 10*time.Millisecond)
	return true
}

// empty waits until a group may have become empty: on version 2 the kernel reports it in cgroup.events,
// on version 1 there is nothing to wait for but time. False when the time is up.
func (w *wait) empty(parent int, name string) bool {
	fd, err := unix.Openat(parent, name+"/cgroup.events", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return w.next()
	}
	defer unix.Close(fd)
	var b [128]byte
	n, err := unix.Pread(fd, b[:], 0)
	if populated, _ := parseKey(b[:max(n, 0)], "populated"); err != nil || populated == 0 {
		return w.next()
	}
	left := time.Until(w.until)
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}, int(left.Milliseconds()))
	return left > 0
}
