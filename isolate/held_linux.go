package isolate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// held is a program that waits at the gate, in a sandbox made for it.
type held struct {
	root       *Root
	gate       Gate // of Prepare; nil: nobody admits it
	conn       *handshake.Conn
	pid        int    // of the program
	clonePID   int    // of init, or of what joined it, as we see it
	address    uint64 // of the go message
	supervisor *supervisor
	refused    []string                       // known at the end
	forbidden  atomic.Pointer[ForbiddenError] // why the supervisor has ended the run

	mu    sync.Mutex // of pidfd: who kills must not hit a descriptor that was closed and used again
	pidfd *os.File   // of init
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

// kill ends init, and with it everything in its namespaces. It may be called at any time.
func (h *held) kill() { h.signal(unix.SIGKILL) }

func (h *held) signal(sig unix.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pidfd == nil {
		return os.ErrProcessDone
	}
	return unix.PidfdSendSignal(int(h.pidfd.Fd()), sig, nil, 0)
}

// supervised returns what the supervisor has refused, when the run is over.
func (h *held) supervised() []string {
	if h.supervisor == nil {
		return nil
	}
	return h.supervisor.stop()
}

// Prepare makes the sandbox of the next run ahead: all but the program itself. The gate is called
// with the pid of the process that will become the program. Calling Run with the same root uses
// it, with another throws it away. An error leaves the sandbox as it was, if Err says nothing else.
//
// It may be called while a program runs, by another goroutine than the one that waits for it.
func (s *Sandbox) Prepare(root *Root, gate Gate) error {
	if err := s.Discard(); err != nil {
		return err
	}
	h, err := s.prepare(root, gate)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = h
	return nil
}

// Prepared tells whether Run with this root would use what Prepare made.
func (s *Sandbox) Prepared(root *Root) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next != nil && s.broken == nil && root != nil && s.next.root == root
}

// Discard ends a sandbox that was prepared and is not wanted, if there is one.
func (s *Sandbox) Discard() error {
	h := s.takeNext()
	if err := s.Err(); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if h == nil {
		return nil
	}
	_, err := s.end(h)
	return err
}

// takeNext returns what was prepared, or nil; it is the caller's now.
func (s *Sandbox) takeNext() *held {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.next
	s.next = nil
	return h
}

// forget ends the programs that were started and not waited for.
func (s *Sandbox) forget() {
	for {
		s.mu.Lock()
		if len(s.running) == 0 {
			s.mu.Unlock()
			return
		}
		last := s.running[len(s.running)-1]
		s.mu.Unlock()
		last.Kill()
		last.Wait() // what it has to say, nobody asked for
	}
}

// prepare makes a sandbox up to the gate.
func (s *Sandbox) prepare(root *Root, gate Gate) (*held, error) {
	if root == nil {
		root = &Root{}
	}
	if root != s.root {
		if err := s.setRoot(root); err != nil {
			return nil, err
		}
	}
	h := &held{root: root, gate: gate}
	return h, s.request(h, handshake.Message{Kind: handshake.Prepare})
}

// request has the intermediate clone something and serves it until its program is at the gate.
func (s *Sandbox) request(h *held, m handshake.Message) error {
	conn, peer, err := handshake.Pair()
	if err != nil {
		return err
	}
	h.conn = conn
	m.Files = append([]*os.File{peer}, m.Files...)
	m.Args = [][]byte{[]byte(h.admission())}
	err = s.conn.Send(m)
	peer.Close()
	if err != nil {
		conn.Close()
		return s.breaks(err)
	}
	if err := s.serveInit(h); err != nil {
		return errors.Join(s.explain(err, h.admission(), nil), s.abandon(h))
	}
	return nil
}

// serveInit does for init and the program what they ask for until the program is at the gate.
func (s *Sandbox) serveInit(h *held) error {
	deadline := time.Now().Add(stepTimeout)
	for {
		m, err := h.conn.Receive("make the sandbox", deadline, handshake.Admit, handshake.Hooks, handshake.SeccompNotify, handshake.Ready)
		if err != nil {
			return err
		}
		switch m.Kind {
		case handshake.Ready:
			h.mu.Lock()
			h.pid, h.pidfd = m.PID, m.Files[0]
			h.mu.Unlock()
			h.address = binary.LittleEndian.Uint64(m.Args[0])
			h.clonePID = int(int32(binary.LittleEndian.Uint32(m.Args[1])))
			return nil
		case handshake.Admit:
			if err = h.gate(m.PID); err != nil {
				err = fmt.Errorf("admit pid %d: %w", m.PID, err)
			}
			m.Kind = handshake.Admitted
		case handshake.Hooks:
			err = h.root.Hooks.run(string(m.Args[0]), m.PID)
			m.Kind, m.Args = handshake.HooksDone, nil
		case handshake.SeccompNotify:
			err = h.supervise(m.Files[0], m.PID)
			m.Kind = handshake.SeccompDone
		}
		if err == nil {
			err = h.conn.Send(handshake.Message{Kind: m.Kind})
		}
		if err != nil {
			return err
		}
	}
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
func (h *held) supervise(listener *os.File, pid int) (err error) {
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
	h.supervisor, err = watch(listener, ended)
	return err
}

// abandon ends a sandbox that did not get to the gate, and adds to the error what is known of init.
func (s *Sandbox) abandon(h *held) error {
	info, err := s.end(h) // init and program see the end of file, wherever they are
	if err != nil {
		return err
	}
	if status := syscall.WaitStatus(info.Status); status.Signaled() && status.Signal() != unix.SIGKILL {
		return fmt.Errorf("init was %s", describe(status))
	}
	return nil
}

// take returns a sandbox for the root at the gate: the prepared one, if it is for this root.
func (s *Sandbox) take(root *Root) (*held, error) {
	s.forget()
	if s.Prepared(root) {
		return s.takeNext(), nil
	}
	if err := s.Discard(); err != nil {
		return nil, err
	}
	return s.prepare(root, nil)
}
