package isolate

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// Sandbox is a slot: an intermediate, with the namespaces that a program cannot change, which
// makes a fresh process, mount and IPC namespace for each run. It is for one run at a time and not
// safe for concurrent use. Close ends it.
type Sandbox struct {
	process *os.Process
	conn    *handshake.Conn
	ids     ids
	root    *Root    // attached in the intermediate
	spec    rootSpec // of root
	next    *held    // prepared by Prepare
	broken  error    // why the intermediate cannot be used any more
	null    *os.File
}

// Deadlines for our own machinery; a host under heavy load still meets them.
const (
	startTimeout = 30 * time.Second
	stepTimeout  = 20 * time.Second
)

// New starts a sandbox. What the intermediate has to say when it dies goes to our standard error.
func New() (s *Sandbox, err error) {
	s = &Sandbox{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, err
	}
	s.conn = conn
	defer peer.Close()
	s.process, err = os.StartProcess("/proc/self/exe", []string{intermediateName}, &os.ProcAttr{
		Env:   []string{},
		Dir:   "/",
		Files: []*os.File{s.null, s.null, os.Stderr, peer},
		Sys:   intermediateAttributes(),
	})
	if err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", explainClone(err))
	}
	if err := s.introduce(); err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", err)
	}
	return s, nil
}

// intermediateAttributes makes the namespaces of a slot. All capabilities are ambient, so that the
// intermediate keeps them over exec although its ids are not mapped yet.
func intermediateAttributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
			syscall.CLONE_NEWCGROUP | syscall.CLONE_NEWIPC,
		Setsid: true,
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if known, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0); err == nil && known >= 0 {
			a.AmbientCaps = append(a.AmbientCaps, c)
		}
	}
	return a
}

func explainClone(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: user namespaces are not available; see sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns", err)
	}
	return err
}

// introduce serves the new intermediate until it is ready.
func (s *Sandbox) introduce() error {
	deadline := time.Now().Add(startTimeout)
	if _, err := s.conn.Receive("identifier mapping", deadline, handshake.MappingPlease); err != nil {
		return peerError(err)
	}
	uidMap, err := os.Open("/proc/self/uid_map")
	if err != nil {
		return err
	}
	defer uidMap.Close()
	if s.ids, err = chooseIDs(uidMap, s.process.Pid); err != nil {
		return err
	}
	if err := writeMaps(s.process.Pid, s.ids); err != nil {
		return err
	}
	if err := s.conn.Send(handshake.Message{Kind: handshake.MappingWritten}); err != nil {
		return err
	}
	if _, err := s.conn.Receive("build the base", deadline, handshake.IntermediateReady); err != nil {
		return peerError(err)
	}
	return nil
}

// Close ends the intermediate and everything in the sandbox, and waits for it. It is idempotent.
func (s *Sandbox) Close() error {
	if s.next != nil {
		s.next.close()
		s.next = nil
	}
	if s.conn != nil {
		s.conn.Close() // the intermediate sees the end of file and exits; its inits die with it
		s.conn = nil
	}
	if s.process != nil {
		if s.broken != nil {
			s.process.Kill()
		}
		s.process.Wait()
		s.process = nil
	}
	if s.null != nil {
		s.null.Close()
		s.null = nil
	}
	if s.broken == nil {
		s.broken = os.ErrClosed
	}
	return nil
}

// Err says why the sandbox cannot be used any more; nil while it can.
func (s *Sandbox) Err() error { return s.broken }

// breaks marks the sandbox as unusable: the intermediate does not do what it should.
func (s *Sandbox) breaks(err error) error {
	if s.broken == nil {
		s.broken = err
	}
	return err
}
