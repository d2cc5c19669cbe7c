package isolate

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// held is a program that waits at the gate, in a sandbox made for it.
type held struct {
	root       *Root
	spec       rootSpec         // of root: the next run's may be another
	gate       Gate             // of Prepare; nil: nobody admits it
	tasks      int              // how many groups it enters by itself
	awaited    []handshake.Kind // messages that may come until it is at the gate
	conn       *handshake.Conn
	timeout    time.Duration // of init's end, when it is killed; zero: stepTimeout
	pid        int           // of the program
	number     cloneNumber   // of init, or of what joined it
	clonePID   int           // of init, or of what joined it, as we see it
	address    uint64        // of the go message
	atGate     bool          // all is received up to ready, and the fields above and pidfd are known
	first      *held         // whose sandbox it is in, when Exec has started it
	supervisor *supervisor
	gateway    *gateway                       // of the run; nil: it has none
	forbidden  atomic.Pointer[ForbiddenError] // why the supervisor has ended the run

	mu    sync.Mutex    // of pidfd: who kills must not hit a descriptor that was closed and used again
	pidfd *os.File      // of init
	left  []*supervisor // of programs that Exec has started, which have ended
	over  bool          // no process of the run is left
}

func (h *held) admission() admission {
	if h.gate == nil {
		return noAdmission
	}
	return withAdmission
}

// close closes what is ours of a run that is over.
func (h *held) close() {
	h.conn.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pidfd != nil {
		h.pidfd.Close()
		h.pidfd = nil
	}
}

// hangUp lets init and the program see the end of file, wherever they wait.
func (h *held) hangUp() {
	if h.pidfd == nil {
		h.conn.CloseWrite() // the other direction is how awaitInit learns of the end
		return
	}
	h.conn.Close()
}

// awaitInit waits for the end of an init that nobody else tells of: false when it has not come in time. Of one that did
// not get to the gate nothing is known but the socket, which it and its program have as long as they do anything.
func (h *held) awaitInit(timeout time.Duration) (ended bool) {
	if h.pidfd == nil {
		return h.conn.AwaitHangup(time.Now().Add(timeout))
	}
	deadline := time.Now().Add(timeout)
	for {
		fds := []unix.PollFd{{Fd: int32(h.pidfd.Fd()), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(max(time.Until(deadline), 0).Milliseconds()))
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// kill ends init, and with it everything in its namespaces. It may be called at any time. Nobody waits
// for ever for an init that does not die of it.
func (h *held) kill() {
	h.signal(unix.SIGKILL)
	h.conn.Expire(time.Now().Add(cmp.Or(h.timeout, stepTimeout)))
}

func (h *held) signal(sig unix.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pidfd == nil {
		return os.ErrProcessDone
	}
	return unix.PidfdSendSignal(int(h.pidfd.Fd()), sig, nil, 0)
}

// supervised returns what the supervisor has refused, when the run is over, and stops it. What a program
// of Exec has left behind is supervised on, until the first one ends.
func (h *held) supervised() []string {
	h.mu.Lock()
	left := h.left
	h.left, h.over = nil, true
	h.mu.Unlock()
	for _, s := range left {
		s.stop()
		s.close()
	}
	if h.supervisor == nil {
		return nil
	}
	if h.first != nil && h.first.leave(h.supervisor) {
		return h.supervisor.names()
	}
	return h.supervisor.stop()
}

// closeSupervisor closes what supervised has stopped.
func (h *held) closeSupervisor() {
	if h.supervisor != nil && (h.first == nil || h.first.isOver()) {
		h.supervisor.close()
	}
}

func (h *held) isOver() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// leave has a supervisor end with this run; false when that is over.
func (h *held) leave(s *supervisor) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.left = append(h.left, s)
	}
	return !h.over
}

// wanted are the messages that may come until the program is at the gate.
func (h *held) wanted() (kinds []handshake.Kind) {
	if h.gate != nil {
		kinds = append(kinds, handshake.Admit)
	}
	if h.root.Hooks.BeforePivot != nil || h.root.Hooks.BeforeExec != nil {
		kinds = append(kinds, handshake.Hooks)
	}
	return append(kinds, handshake.Ready)
}

// ready takes what is needed to open the gate, and init's pidfd.
func (h *held) ready(m handshake.Message) error {
	address, pid, err := child.ParseReady(m.Args)
	if err != nil {
		return err
	}
	if err := unix.PidfdSendSignal(int(m.Files[0].Fd()), 0, nil, 0); err == unix.EBADF {
		return errors.New("expected a pidfd, got another descriptor")
	}
	for _, listener := range m.Files[1:] {
		if err := checkListener(listener); err != nil {
			return err
		}
	}
	h.address, h.clonePID, h.atGate = address, pid, true
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pid, h.pidfd = m.PID, m.Files[0]
	return nil
}

// run calls the named hook.
func (h Hooks) run(name string, pid int) error {
	hook := map[string]func(int) error{beforePivot: h.BeforePivot, beforeExec: h.BeforeExec}[name]
	if hook == nil {
		return fmt.Errorf("bug: there is no hook %q", name)
	}
	if err := hook(pid); err != nil {
		return fmt.Errorf("hook %s: %w", name, err)
	}
	return nil
}

// supervise takes the listener of a program's filter, or hands it on.
func (h *held) supervise(listener *os.File, pid int) error {
	if h.root.Listener != "" {
		defer listener.Close()
		return forward(h.root.Listener, listener, pid, pid)
	}
	var ended func(string)
	if h.root.Forbidden == End {
		ended = func(call string) {
			h.forbidden.CompareAndSwap(nil, &ForbiddenError{call})
			h.kill()
		}
	}
	h.supervisor = &supervisor{listener: listener, ended: ended}
	return nil
}

// answer has the program's forbidden calls answered, from before its first: by a goroutine, or by its caller.
func (h *held) answer(attended bool, b *handshake.Beside) error {
	if h.supervisor == nil || attended && h.supervisor.attend(b) {
		return nil
	}
	return h.supervisor.start()
}
