package isolate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// end kills what is held and waits until nothing of it is left. If the intermediate is not there to
// say so, the pidfd of init does: whoever inherits init, to reap it, is none of our business.
func (s *Sandbox) end(h *held) (goneInfo, error) {
	h.signal(unix.SIGKILL) // nothing to do after a normal end: init exits by itself
	h.conn.Close()
	info, err := s.gone(h.clonePID)
	if err != nil && h.pidfd != nil {
		fds := []unix.PollFd{{Fd: int32(h.pidfd.Fd()), Events: unix.POLLIN}}
		n, _ := unix.Poll(fds, int(cmp.Or(s.timeout, stepTimeout).Milliseconds()))
		switch {
		case n == 0:
			err = errors.Join(err, errors.New("init does not die"))
		case h.isOver(): // WaitProcesses has told all: what the sandbox is worth, the next run finds out
			err = nil
		}
	}
	h.close()
	h.supervised()
	h.closeSupervisor()
	return info, errors.Join(err, h.gateway.stop())
}

// gone waits until the intermediate has reaped a clone: nothing of the run is left then. Its pid is
// not known (0) when it did not get to the gate; then it is the one that nobody else waits for.
func (s *Sandbox) gone(pid int) (goneInfo, error) {
	for {
		info, ok, ends := s.takeReaped(pid)
		if ok {
			return info, nil
		}
		if err := s.receiveGone(ends); err != nil {
			return goneInfo{}, err
		}
	}
}

// receiveGone waits for the end of a clone. Who waits for one says how many there were when it looked last.
func (s *Sandbox) receiveGone(ends int) error {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	return s.receive("end of the run", handshake.Gone, ends)
}

// ask sends a message to the intermediate and waits for the answer, which nobody else may receive.
func (s *Sandbox) ask(m handshake.Message, state string, answer handshake.Kind) error {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	if err := s.conn.Send(m); err != nil {
		return s.breaks(err)
	}
	return s.receive(state, answer, 0)
}

// receive waits for a message of the intermediate, for who has locked receiving. The ends of clones come at any time:
// they are kept for those who wait for them.
func (s *Sandbox) receive(state string, wanted handshake.Kind, ends int) error {
	kinds := []handshake.Kind{wanted}
	if wanted != handshake.Gone {
		kinds = append(kinds, handshake.Gone)
	}
	for {
		if wanted == handshake.Gone && s.reapedSince(ends) {
			return nil // another goroutine has received one
		}
		m, err := s.conn.Receive(state, s.deadline(stepTimeout), kinds...)
		if err != nil {
			return s.breaks(peerError(err))
		}
		if m.Kind == handshake.Gone {
			info, err := parseGone(m.Args[0])
			if err != nil {
				return s.breaks(fmt.Errorf("%s: gone: %w", state, err))
			}
			s.mu.Lock()
			s.reaped = append(s.reaped, info)
			s.ends++
			s.mu.Unlock()
		}
		if m.Kind == wanted {
			return nil
		}
	}
}

func (s *Sandbox) reapedSince(ends int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends != ends
}

func (s *Sandbox) takeReaped(pid int) (info goneInfo, ok bool, ends int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.reaped, func(info goneInfo) bool {
		return int(info.PID) == pid || pid == 0 && !s.expects(int(info.PID))
	})
	if i < 0 {
		return goneInfo{}, false, s.ends
	}
	info = s.reaped[i]
	s.reaped = slices.Delete(s.reaped, i, i+1)
	return info, true, s.ends
}

// expects tells whether somebody else waits, or will wait, for the end of a clone.
func (s *Sandbox) expects(pid int) bool {
	if s.next != nil && s.next.clonePID == pid {
		return true
	}
	isIts := func(p *Process) bool { return p.held.clonePID == pid }
	return slices.ContainsFunc(s.running, isIts) || slices.ContainsFunc(s.leaving, isIts)
}
