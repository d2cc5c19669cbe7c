package isolate

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// mounter is the mounts of a parent that may make a mount namespace for itself, as root may: a
// thread that has one and never does anything else. Its mounts are nobody's but ours and end with
// the process.
type mounter struct {
	calls chan func()
}

// theMounter is started once and lives as long as the process: a namespace of a thread cannot be
// given back.
var theMounter = sync.OnceValues(startMounter)

func startMounter() (*mounter, error) {
	m := &mounter{calls: make(chan func())}
	started := make(chan error)
	go m.serve(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("make a mount namespace: %w", err)
	}
	return m, nil
}

// serve makes the calls, on a thread that is not the first of the process: that one is what
// /proc/self shows, and limits for instance reads /proc/self/mountinfo.
func (m *mounter) serve(started chan error) {
	runtime.LockOSThread() // the namespace belongs to the thread; it is never unlocked
	if unix.Gettid() == os.Getpid() {
		other := make(chan error)
		go m.serve(other) // on another thread, because this one is taken
		started <- <-other
		runtime.UnlockOSThread()
		return
	}
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = makeMounterPlace()
	}
	started <- err
	if err != nil {
		return
	}
	for f := range m.calls {
		f()
	}
}

// do runs f on the mounter's thread.
func (m *mounter) do(f func() error) error {
	done := make(chan error)
	m.calls <- func() { done <- f() }
	return <-done
}

func (m *mounter) scratch(r scratchRequest) error { return m.do(r.perform) }

func (m *mounter) open(r mountRequest) (f *os.File, err error) {
	err = m.do(func() (err error) {
		f, err = r.perform()
		return err
	})
	return f, err
}

// The namespace cannot be given back, so there is nothing to count.
func (m *mounter) acquire() error { return nil }
func (m *mounter) release()       {}

// devices returns a /dev of a slot's own: a tmpfs with nodes that share nothing with the host's, not
// even times or locks.
func (m *mounter) devices() (dev *os.File, err error) {
	const place = mounterPlace + "/dev"
	err = m.do(func() error {
		if err := makeDev(place, func(name string) error {
			var host unix.Stat_t
			if err := unix.Stat("/dev/"+name, &host); err != nil {
				return err
			}
			if err := unix.Mknod(place+"/"+name, unix.S_IFCHR|0o666, int(host.Rdev)); err != nil {
				return err
			}
			return unix.Chmod(place+"/"+name, 0o666)
		}); err != nil {
			return err
		}
		defer removeScratch(place)
		fd, err := openTree(place, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
		if err == nil {
			dev = os.NewFile(uintptr(fd), "dev")
		}
		return err
	})
	if errors.Is(err, unix.EPERM) { // no CAP_MKNOD: the host's nodes have to do
		return nil, nil
	}
	return dev, err
}
