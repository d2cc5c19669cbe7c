package isolate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"judge/isolate/internal/handshake"
)

// keeper is the mounts of a parent that may not make a mount namespace for itself: a process that
// may, because it has a user namespace. It lives while anybody has acquired it. When it is killed,
// all Scratches are lost, and the next request starts another.
type keeper struct {
	mapping mapping
	timeout time.Duration // of each answer; zero: stepTimeout

	mu      sync.Mutex // of what follows, and of the conversation
	users   int
	conn    *handshake.Conn // nil: no process
	process *os.Process
}

// acquire starts the process for the first user.
func (k *keeper) acquire() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.start(); err != nil {
		return fmt.Errorf("start the keeper of mounts: %w", explainNamespaces(err))
	}
	k.users++
	return nil
}

// release ends the process of the last user, and waits for it.
func (k *keeper) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.users--; k.users == 0 {
		k.stop()
	}
}

func (k *keeper) start() (err error) {
	if k.conn != nil {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	conn, peer, err := handshake.Pair()
	if err != nil {
		return err
	}
	k.conn = conn
	k.process, err = os.StartProcess("/proc/self/exe", []string{keeperName}, &os.ProcAttr{
		Env:   []string{},
		Dir:   "/",
		Files: []*os.File{null, null, os.Stderr, peer},
		Sys:   inNamespaces(syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS),
	})
	peer.Close()
	if err == nil {
		err = k.mapping.write(k.process.Pid, k.mapping.keeperMaps())
	}
	if err != nil {
		k.stop()
	}
	return err
}

func (k *keeper) stop() {
	if k.conn != nil {
		k.conn.Close()
		k.conn = nil
	}
	if k.process != nil {
		k.process.Kill() // it has nothing to finish, and may be stuck
		k.process.Wait()
		k.process = nil
	}
}

func (k *keeper) scratch(r scratchRequest) error {
	_, err := k.ask(handshake.Message{Kind: handshake.ScratchPlease}, r, handshake.ScratchDone)
	return err
}

func (k *keeper) open(r mountRequest) (*os.File, error) {
	m, err := k.ask(handshake.Message{Kind: handshake.MountPlease}, r, handshake.MountFD)
	if err != nil {
		return nil, err
	}
	if err := r.check(m.Files[0]); err != nil {
		m.CloseFiles()
		return nil, fmt.Errorf("keeper of mounts: %w", err)
	}
	return m.Files[0], nil
}

// ask sends a message with a request and waits for the answer. After anything else than an answer
// the process is not used again.
func (k *keeper) ask(m handshake.Message, request any, wanted handshake.Kind) (handshake.Message, error) {
	arg, err := json.Marshal(request)
	if err != nil {
		return handshake.Message{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.start(); err != nil {
		return handshake.Message{}, fmt.Errorf("start the keeper of mounts: %w", err)
	}
	m.Args = [][]byte{arg}
	if err = k.conn.Send(m); err == nil {
		m, err = k.conn.Receive("ask the keeper of mounts", time.Now().Add(cmp.Or(k.timeout, stepTimeout)), wanted)
	}
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return m, parseMountError(peer.Arg)
	}
	if err != nil {
		k.stop()
	}
	return m, err
}
