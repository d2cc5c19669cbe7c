package isolate

import (
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// mounter does what needs a mount namespace of our own: a thread of the parent that has one and
// never does anything else. Its mounts are nobody's but ours and end with the process.
type mounter struct {
	calls chan func()
}

// theMounter is started once and lives as long as the process: a namespace of a thread cannot be
// given back.
var theMounter = sync.OnceValues(startMounter)

func startMounter() (*mounter, error) {
	m := &mounter{calls: make(chan func())}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the namespace belongs to the thread; it is never unlocked
		err := m.unshare()
		started <- err
		if err != nil {
			return
		}
		for f := range m.calls {
			f()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("make a mount namespace: %w", err)
	}
	return m, nil
}

// mounterPlace is covered, in the mounter's namespace, by a tmpfs with the mount points.
const mounterPlace = "/proc"

func (m *mounter) unshare() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return os.NewSyscallError("unshare", err)
	}
	// Slave: what the host unmounts goes here too, and nothing of ours gets out.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount MS_SLAVE", err)
	}
	return os.NewSyscallError("mount tmpfs", unix.Mount("tmpfs", mounterPlace, "tmpfs", plainMount, "mode=700,size=1m"))
}

// do runs f on the mounter's thread.
func (m *mounter) do(f func() error) error {
	done := make(chan error)
	m.calls <- func() { done <- f() }
	return <-done
}

// tree opens a detached copy of the mounts at a path, as the mounter sees it.
func (m *mounter) tree(path string, attributes uint64) (*os.File, error) {
	var fd int
	err := m.do(func() (err error) {
		fd, err = openTree(path, attributes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}
