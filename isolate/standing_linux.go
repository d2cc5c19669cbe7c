package isolate

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// standing is what this process can do for its sandboxes with the rights that it has.
type standing struct {
	mapping mapping
	mounts  mounts
}

// theStanding is found out by trying, once, and lasts as long as the process.
var theStanding = sync.OnceValues(findStanding)

func findStanding() (standing, error) {
	s := standing{mapping: planMapping(ourAccount())}
	thread, err := theMounter()
	if err == nil {
		s.mounts = thread
		return s, nil
	}
	if !errors.Is(err, unix.EPERM) {
		return s, err
	}
	k := &keeper{mapping: s.mapping}
	err = k.acquire()
	var helper *helperError
	if errors.As(err, &helper) {
		s.mapping = s.mapping.oneID(helper)
		k.mapping = s.mapping
		err = k.acquire()
	}
	if err != nil {
		return s, err
	}
	k.release()
	s.mounts = k
	return s, nil
}

// hostDevices tells that sandboxes get the device nodes of the host: without privilege there are no others.
func (s standing) hostDevices() bool {
	_, unprivileged := s.mounts.(*keeper)
	return unprivileged
}

// mounts opens what takes a mount namespace of its own: the host's files as trees to mount, and
// Scratches. Safe for concurrent use.
type mounts interface {
	// scratch makes or removes the file system of a Scratch.
	scratch(scratchRequest) error
	// open returns a tree, or a file of a Scratch. The caller closes it.
	open(mountRequest) (*os.File, error)
	// devices returns a /dev with nodes of its own, or nil where nodes cannot be made.
	devices() (*os.File, error)
	// acquire keeps Scratches until release.
	acquire() error
	release()
}
