package isolate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// end kills what is held and waits until nothing of it is left, but for a dead init if WaitProcesses has told all: the
// intermediate, which sleeps, reaps it when there is something else to do. If that is not there, init says that it has
// ended: whoever inherits it, to reap it, is none of our business.
func (s *Sandbox) end(h *held) (info goneInfo, err error) {
	h.signal(unix.SIGKILL) // nothing to do after a normal end: init exits by itself
	h.hangUp()
	timeout := cmp.Or(s.timeout, stepTimeout)
	switch over := h.isOver(); {
	case over && h.awaitInit(timeout):
		s.mu.Lock()
		s.dead = append(s.dead, h.number)
		s.mu.Unlock()
	case over:
		err = s.breaks(errImmortal)
	default:
		if info, err = s.reap(h.number); err != nil && !h.awaitInit(timeout) {
			err = errors.Join(err, errImmortal)
		}
	}
	h.close()
	h.supervised()
	h.closeSupervisor()
	return info, errors.Join(err, h.gateway.stop())
}

var errImmortal = errors.New("init does not die")

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

// ask sends a message to the intermediate and waits for the answer, which nobody else may receive.
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
	for i, a := range answered.Args {
		answered.Args[i] = bytes.Clone(a) // the next answer has the same place
	}
	return answered, nil
}
