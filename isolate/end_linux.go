package isolate

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// end kills what is held and waits until nothing of it is left, but for a dead init if WaitProcesses has told all: its
// pidfd says so, and the intermediate, which sleeps, reaps it when there is something else to do. Else that says so,
// unless it is not there: whoever inherits init, to reap it, is none of our business.
func (s *Sandbox) end(h *held) (info goneInfo, err error) {
	h.signal(unix.SIGKILL) // nothing to do after a normal end: init exits by itself
	h.conn.Close()
	if h.isOver() {
		if err = s.awaitInit(h); err != nil {
			err = s.breaks(err)
		}
	} else if info, err = s.reap(h.number); err != nil && h.pidfd != nil {
		err = errors.Join(err, s.awaitInit(h))
	}
	h.close()
	h.supervised()
	h.closeSupervisor()
	return info, errors.Join(err, h.gateway.stop())
}

// awaitInit waits for init's end, and notes that it is to be reaped.
func (s *Sandbox) awaitInit(h *held) error {
	fds := []unix.PollFd{{Fd: int32(h.pidfd.Fd()), Events: unix.POLLIN}}
	deadline := s.deadline(stepTimeout)
	for {
		n, err := unix.Poll(fds, max(0, int(time.Until(deadline).Milliseconds())))
		switch {
		case n > 0:
			s.mu.Lock()
			s.dead = append(s.dead, h.number)
			s.mu.Unlock()
			return nil
		case err == unix.EINTR:
		case err != nil:
			return os.NewSyscallError("poll", err)
		default:
			return errors.New("init does not die")
		}
	}
}

// numbers is the argument of a message about a clone, or noClone, that also has the intermediate reap the dead.
func (s *Sandbox) numbers(about cloneNumber) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	dead := s.dead
	s.dead = nil
	return encodeNumbers(about, dead)
}

// reap waits until the intermediate has reaped a clone, whose end we have seen to, and all dead ones: nothing of the run
// is left then.
func (s *Sandbox) reap(number cloneNumber) (info goneInfo, err error) {
	m, err := s.ask(handshake.Message{Kind: handshake.Reap, Args: [][]byte{s.numbers(number)}}, "end of the run", handshake.Gone)
	if err != nil {
		return info, err
	}
	if info, err = parseGone(m.Args[0]); err != nil {
		err = s.breaks(fmt.Errorf("end of the run: gone: %w", err))
	}
	return info, err
}

// ask sends a message to the intermediate and waits for the answer, which nobody else may receive. Its arguments are
// valid until something else is asked.
func (s *Sandbox) ask(m handshake.Message, state string, answer handshake.Kind) (handshake.Message, error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	if err := s.conn.Send(m); err != nil && !errors.Is(err, unix.EPIPE) { // it may have left word
		return handshake.Message{}, s.breaks(err)
	}
	answered, err := s.conn.Receive(state, s.deadline(stepTimeout), answer)
	if err != nil {
		return handshake.Message{}, s.breaks(peerError(err))
	}
	return answered, nil
}
