package isolate

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// Prepare makes the sandbox of the next run ahead: all but the program itself. The gate is called
// with the pid of the process that will become the program. Calling Run with the same root uses
// it, with another throws it away. An error leaves the sandbox as it was, if Err says nothing else; what goes
// wrong after the gate, Run may be the first to tell.
//
// Tasks are control files of cgroup v1 with that name, at most 15, open for writing: that process puts itself into their
// groups. With tasks and no gate Prepare does not wait for anything, unless it Serves.
//
// It may be called while a program runs, by another goroutine than the one that waits for it, or by the gate of a
// program, where a CPU is free for each of the two.
func (s *Sandbox) Prepare(root *Root, gate Gate, tasks ...*os.File) error {
	if len(tasks) > handshake.MaxTasks {
		return fmt.Errorf("prepare a program for %d control groups: at most %d", len(tasks), handshake.MaxTasks)
	}
	if err := s.Discard(); err != nil {
		return err
	}
	h, err := s.prepare(root, gate, tasks...)
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

// Serves tells whether Prepare with this root has somebody to serve while the sandbox is made, hooks, a listener, or
// the gateway of a network, so that it waits in any case.
func (s *Sandbox) Serves(root *Root) bool {
	if root == nil {
		root = &Root{}
	}
	hooks := root.Hooks
	return hooks.BeforePivot != nil || hooks.BeforeExec != nil || root.Listener != "" || s.config.Network == User
}

// Discard ends a sandbox that was prepared and is not wanted, if there is one.
func (s *Sandbox) Discard() error {
	broken := s.Err()
	var err error
	if h := s.takeNext(); h != nil {
		_, err = s.end(h) // also of a sandbox that is broken: the socket is ours to close
	}
	if broken != nil {
		return fmt.Errorf("sandbox: %w", broken)
	}
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

// settle waits for the runs that have no process any more.
func (s *Sandbox) settle() {
	for {
		s.mu.Lock()
		if len(s.leaving) == 0 {
			s.mu.Unlock()
			return
		}
		first := s.leaving[0]
		s.mu.Unlock()
		first.Wait()
	}
}

// prepare makes a sandbox up to the gate.
func (s *Sandbox) prepare(root *Root, gate Gate, tasks ...*os.File) (*held, error) {
	if root == nil {
		root = &Root{}
	}
	if root != s.root || !s.spec.onOwnCPUs() {
		if err := s.setRoot(root); err != nil {
			return nil, err
		}
	}
	h := &held{root: root, spec: s.spec, gate: gate, timeout: s.timeout, tasks: len(tasks)}
	if err := s.request(h, handshake.Message{Kind: handshake.Prepare, Files: tasks}); err != nil {
		return h, err
	}
	if err := s.connect(h); err != nil {
		_, endErr := s.end(h)
		return h, errors.Join(err, endErr)
	}
	return h, nil
}

// request has the intermediate clone something and serves it until its program is at the gate.
func (s *Sandbox) request(h *held, m handshake.Message) error {
	conn, peer, err := handshake.Pair()
	if err != nil {
		return err
	}
	h.conn, h.awaited = conn, h.wanted()
	h.conn.Attend(&s.beside)
	s.mu.Lock()
	s.clones++
	h.number = s.clones
	s.mu.Unlock()
	m.Files = append([]*os.File{peer}, m.Files...)
	m.Args = append([][]byte{s.numbers(h.number), []byte(h.admission())}, m.Args...)
	if m.Kind == handshake.Prepare {
		s.place()
	}
	err = s.conn.Send(m)
	peer.Close()
	if err != nil {
		conn.Close()
		return s.breaks(err)
	}
	last, needed := s.lastToWaitFor(h)
	if !needed {
		return nil
	}
	return s.serve(h, last)
}

// lastToWaitFor is the message of init or the program after which a sandbox can be left alone until it is
// used; none is needed if nobody has to answer.
func (s *Sandbox) lastToWaitFor(h *held) (last handshake.Kind, needed bool) {
	switch {
	case h.first != nil, s.Serves(h.root):
		return handshake.Ready, true
	case h.gate != nil:
		return handshake.Admit, true
	case h.tasks > 0:
		return 0, false
	}
	return handshake.Ready, true
}

// serve is serveInit for who has no use for a sandbox that failed.
func (s *Sandbox) serve(h *held, last handshake.Kind) error {
	if err := s.serveInit(h, last); err != nil {
		return errors.Join(h.explain(err, nil), s.abandon(h))
	}
	return nil
}

// serveInit does for init and the program what they ask for, up to the last message or until the program is at
// the gate.
func (s *Sandbox) serveInit(h *held, last handshake.Kind) error {
	const state = "make the sandbox"
	deadline := s.deadline(stepTimeout)
	for !h.atGate {
		m, err := h.conn.Receive(state, deadline, h.awaited...)
		if err != nil {
			return err
		}
		if m.Kind != handshake.Hooks { // there may be two
			h.awaited = slices.DeleteFunc(h.awaited, func(k handshake.Kind) bool { return k == m.Kind })
		}
		switch m.Kind {
		case handshake.Ready:
			if err := h.ready(m); err != nil {
				m.CloseFiles()
				return fmt.Errorf("%s: ready: %w", state, err)
			}
			if len(m.Files) > 1 {
				err = h.supervise(m.Files[1], m.PID)
			}
		case handshake.Admit:
			if err = h.gate(m.PID); err != nil {
				return fmt.Errorf("admit pid %d: %w", m.PID, err)
			}
			err = h.conn.Send(handshake.Message{Kind: handshake.Admitted})
		case handshake.Hooks:
			s.beside.Hurry()
			if err = h.root.Hooks.run(string(m.Args[0]), m.PID); err == nil {
				err = h.conn.Send(handshake.Message{Kind: handshake.HooksDone})
			}
		}
		if err != nil || m.Kind == last {
			return err
		}
	}
	return nil
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
		h := s.takeNext()
		return h, s.serve(h, handshake.Ready)
	}
	if err := s.Discard(); err != nil {
		return nil, err
	}
	return s.prepare(root, nil)
}
