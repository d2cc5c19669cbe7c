package isolate

import (
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
