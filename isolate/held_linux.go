package isolate

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// held is a program that waits at the gate, in a sandbox made for it.
type held struct {
	root    *Root
	conn    *handshake.Conn
	pid     int      // of the program
	pidfd   *os.File // of init
	address uint64   // of the go message
}

// close lets a program go that was never released: it sees the end of file and exits.
func (h *held) close() {
	h.conn.Close()
	h.pidfd.Close()
}

// kill ends init, and with it everything in its namespaces.
func (h *held) kill() {
	unix.PidfdSendSignal(int(h.pidfd.Fd()), unix.SIGKILL, nil, 0)
}

// Prepare makes the sandbox of the next run ahead: all but the program itself. The gate is called
// with the pid of the process that will become the program. Calling Run with the same root uses
// it, with another throws it away. An error leaves the sandbox as it was, if Err says nothing else.
func (s *Sandbox) Prepare(root *Root, gate Gate) error {
	if err := s.Discard(); err != nil {
		return err
	}
	h, err := s.prepare(root)
	if err != nil {
		return err
	}
	s.next = h
	if gate == nil {
		return nil
	}
	if err := gate(h.pid); err != nil {
		return errors.Join(fmt.Errorf("admit pid %d: %w", h.pid, err), s.Discard())
	}
	return nil
}

// Prepared tells whether Run with this root would use what Prepare made.
func (s *Sandbox) Prepared(root *Root) bool {
	return s.next != nil && s.broken == nil && root != nil && s.next.root == root
}

// Discard ends a sandbox that was prepared and is not wanted, if there is one.
func (s *Sandbox) Discard() error {
	if s.broken != nil {
		return fmt.Errorf("sandbox: %w", s.broken)
	}
	if s.next == nil {
		return nil
	}
	s.next.kill()
	s.next.close()
	s.next = nil
	_, err := s.gone()
	return err
}

// gone waits until the intermediate has reaped init: nothing of the run is left then.
func (s *Sandbox) gone() (goneInfo, error) {
	var info goneInfo
	m, err := s.conn.Receive("end of the run", time.Now().Add(stepTimeout), handshake.Gone)
	if err == nil {
		err = json.Unmarshal(m.Args[0], &info)
	}
	if err != nil {
		return info, s.breaks(peerError(err))
	}
	return info, nil
}

// prepare makes a sandbox up to the gate.
func (s *Sandbox) prepare(root *Root) (*held, error) {
	if root == nil {
		root = &Root{}
	}
	if root != s.root {
		if err := s.setRoot(root); err != nil {
			return nil, err
		}
	}
	conn, peer, err := handshake.Pair()
	if err != nil {
		return nil, err
	}
	err = s.conn.Send(handshake.Message{Kind: handshake.Prepare, Files: []*os.File{peer}})
	peer.Close()
	if err != nil {
		conn.Close()
		return nil, s.breaks(err)
	}
	m, err := conn.Receive("make the sandbox", time.Now().Add(stepTimeout), handshake.Ready)
	if err != nil {
		conn.Close()
		return nil, s.prepareFailed(err)
	}
	return &held{
		root: root, conn: conn, pid: m.PID, pidfd: m.Files[0],
		address: binary.LittleEndian.Uint64(m.Args[0]),
	}, nil
}

// prepareFailed explains why init did not get to the gate. A failed step leaves the intermediate
// fit for the next run; init's socket ending without a word means that something killed it.
func (s *Sandbox) prepareFailed(err error) error {
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		if _, goneErr := s.gone(); goneErr != nil {
			return errors.Join(err, goneErr)
		}
		return s.stepError(peer, nil)
	}
	if errors.Is(err, io.EOF) {
		info, goneErr := s.gone()
		if goneErr != nil {
			return goneErr
		}
		return fmt.Errorf("make the sandbox: init died: %v", describe(syscall.WaitStatus(info.Status)))
	}
	return s.breaks(err)
}

// take returns a sandbox for the root at the gate: the prepared one, if it is for this root.
func (s *Sandbox) take(root *Root) (*held, error) {
	if s.Prepared(root) {
		h := s.next
		s.next = nil
		return h, nil
	}
	if err := s.Discard(); err != nil {
		return nil, err
	}
	return s.prepare(root)
}
