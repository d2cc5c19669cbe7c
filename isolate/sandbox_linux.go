package isolate

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
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
	config  Config
	conn    *handshake.Conn
	ids     ids
	mounts  mounts   // nil: closed
	root    *Root    // attached in the intermediate
	spec    rootSpec // of root

	timeout time.Duration    // of each wait for our own processes; zero: startTimeout, stepTimeout
	asking  sync.Mutex       // of conn: one question at a time
	beside  handshake.Beside // the listener of the program that runs, if its caller attends to it
	release *release         // of the last program; nil: none
	opening bool             // a gate is being opened

	mu      sync.Mutex    // of all that follows
	next    *held         // prepared by Prepare
	running []*Process    // started and not waited for
	leaving []*Process    // without processes, and not waited for to the end
	clones  cloneNumber   // how many there were, ever
	dead    []cloneNumber // have ended, and the intermediate does not know
	broken  error         // why the intermediate cannot be used any more
}

// Deadlines for our own machinery; a host under heavy load still meets them.
const (
	startTimeout = 30 * time.Second
	stepTimeout  = 20 * time.Second
)

// deadline is when a wait that begins now has lasted too long.
func (s *Sandbox) deadline(usual time.Duration) time.Time {
	return time.Now().Add(cmp.Or(s.timeout, usual))
}

// New starts a sandbox as the zero Config says, see Config.New.
func New(tasks ...*os.File) (*Sandbox, error) { return Config{}.New(tasks...) }

// New starts a sandbox. What the intermediate has to say when it dies goes to our standard error. It writes "0" to each
// of tasks before anything else, and so puts itself and all programs into the version 1 control groups that they are
// of, see limits.Share.
func (c Config) New(tasks ...*os.File) (s *Sandbox, err error) {
	if err := errors.Join(c.checkShare(), c.checkNetwork()); err != nil {
		return nil, err
	}
	standing, err := theStanding()
	if err != nil {
		return nil, err
	}
	if _, _, err := standing.mapping.slotMaps(os.Getpid(), c.IDs); err != nil {
		return nil, err
	}
	if err := standing.mounts.acquire(); err != nil {
		return nil, err
	}
	c.Hostname = cmp.Or(c.Hostname, "sandbox")
	made := &Sandbox{config: c, mounts: standing.mounts}
	defer func() {
		if err != nil {
			made.Close()
		}
	}()
	s = made
	null, err := openNull()
	if err != nil {
		return nil, err
	}
	defer null.Close()
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, err
	}
	s.conn = conn
	s.conn.Attend(&s.beside)
	s.process, err = startWithLazyTimers(c.arguments(len(tasks)), &os.ProcAttr{
		Env:   []string{},
		Dir:   "/",
		Files: append([]*os.File{null, null, os.Stderr, peer}, tasks...),
		Sys:   inNamespaces(slotNamespaces &^ c.Share.flags()),
	})
	peer.Close() // or the intermediate's end would be no end of file
	if err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", explainNamespaces(err))
	}
	if err := s.introduce(); err != nil {
		return nil, fmt.Errorf("start the intermediate: %w", explainNamespaces(err))
	}
	return s, nil
}

// Timer slack (PR_SET_TIMERSLACK of prctl(2)), in nanoseconds: Linux's own, which programs have, and that of the
// threads of an intermediate that no run comes from. Go's monitor thread sleeps 20 us at a time while there is
// anything to do, which took a tenth of the CPU time of a run.
const (
	usualTimerSlack = 50_000
	lazyTimerSlack  = 20_000_000
)

// startWithLazyTimers executes our own binary with threads that sleep long. Slack is inherited, also by execve.
func startWithLazyTimers(args []string, attr *os.ProcAttr) (*os.Process, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Prctl(unix.PR_SET_TIMERSLACK, lazyTimerSlack, 0, 0, 0) // it only costs time if that fails
	defer unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0)        // what it was when the thread was made
	return os.StartProcess("/proc/self/exe", args, attr)
}

// slotNamespaces are those that a slot has as long as it lives.
const slotNamespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS |
	syscall.CLONE_NEWCGROUP | syscall.CLONE_NEWIPC

// introduce serves the new intermediate until it is ready.
func (s *Sandbox) introduce() error {
	deadline := s.deadline(startTimeout)
	if _, err := s.conn.Receive("identifier mapping", deadline, handshake.MappingPlease); err != nil {
		return peerError(err)
	}
	standing, err := theStanding()
	if err != nil {
		return err
	}
	slot, maps, err := standing.mapping.slotMaps(s.process.Pid, s.config.IDs)
	if err != nil {
		return err
	}
	s.ids = slot
	if err := standing.mapping.write(s.process.Pid, maps); err != nil {
		return err
	}
	written := handshake.Message{Kind: handshake.MappingWritten}
	dev, err := s.mounts.devices()
	if err != nil {
		return err
	}
	if dev != nil {
		defer dev.Close()
		written.Files = append(written.Files, dev)
	}
	if err := s.conn.Send(written); err != nil {
		return err
	}
	if _, err := s.conn.Receive("build the base", deadline, handshake.IntermediateReady); err != nil {
		return peerError(err)
	}
	return nil
}

// Close ends the intermediate and everything in the sandbox, and waits for it. It is idempotent.
func (s *Sandbox) Close() error {
	s.forget()
	s.settle()
	s.Discard()
	if s.conn != nil && s.Err() == nil && len(s.dead) > 0 {
		s.reap(noClone) // or they would be left to who inherits them; an error says no more than that they are
	}
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
	if s.process != nil {
		s.process.Kill() // whatever it is doing; its inits would die with it
		s.process.Wait()
		s.process = nil
	}
	if s.mounts != nil {
		s.mounts.release()
		s.mounts = nil
	}
	s.breaks(os.ErrClosed)
	return nil
}

// Err says why the sandbox cannot be used any more; nil while it can.
func (s *Sandbox) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// breaks marks the sandbox as unusable: the intermediate does not do what it should. It is killed, and
// its inits with it, so that nobody waits for what they hold.
func (s *Sandbox) breaks(err error) error {
	if s.process != nil {
		s.process.Kill()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = err
	}
	return err
}
