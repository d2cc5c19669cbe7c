package isolate

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"judge/isolate/internal/handshake"
)

// wire stands between a real parent and its real intermediate, init and program, or keeper, and
// passes on what they say to one another, until a message comes that it falsifies.
type wire struct {
	fault  fault
	hit    atomic.Bool
	cancel context.CancelFunc // called when it keeps a message

	mu    sync.Mutex
	conns []*handshake.Conn
	kept  []handshake.Message
	pumps sync.WaitGroup
}

// fault is what becomes of the first message of a kind.
type fault struct {
	name string
	kind handshake.Kind
	// change returns what is sent in place of the message; nil: nothing, because of end.
	change func(handshake.Message) handshake.Message
	end    end
}

// end is how a conversation ends that is not just falsified.
type end int

const (
	goesOn end = iota
	dies       // both sides see the end of file
	stalls     // neither side hears anything any more
)

// relay is one conversation on the wire.
type relay struct {
	wire         *wire
	parent, peer *handshake.Conn
	stalled      atomic.Bool
}

// everyKind are all kinds but Error, which Receive returns anyway.
var everyKind = func() (kinds []handshake.Kind) {
	for k := handshake.MappingPlease; k < handshake.Error; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}()

// connect passes on messages between the parent's peer end and a real peer.
func (w *wire) connect(parentsPeer *os.File, peer *handshake.Conn) error {
	parent, err := handshake.NewConn(parentsPeer)
	if err != nil {
		return err
	}
	r := &relay{wire: w, parent: parent, peer: peer}
	w.mu.Lock()
	w.conns = append(w.conns, parent, peer)
	w.mu.Unlock()
	w.pumps.Go(func() { r.pump(r.parent, r.peer) })
	w.pumps.Go(func() { r.pump(r.peer, r.parent) })
	return nil
}

// close ends all conversations, and gives back what was kept.
func (w *wire) close() {
	w.mu.Lock()
	for _, c := range w.conns {
		c.Close()
	}
	w.mu.Unlock()
	w.pumps.Wait()
	for _, m := range w.kept {
		m.CloseFiles()
	}
}

func (r *relay) close() {
	r.parent.Close()
	r.peer.Close()
}

func (r *relay) pump(from, to *handshake.Conn) {
	for {
		m, err := from.Receive("relay", time.Time{}, everyKind...)
		if r.stalled.Load() {
			m.CloseFiles()
			return
		}
		var complaint *handshake.PeerError
		if errors.As(err, &complaint) {
			m, err = handshake.Message{Kind: handshake.Error, Args: [][]byte{complaint.Arg}}, nil
		}
		if err != nil {
			r.close()
			return
		}
		if m.Kind == r.wire.fault.kind && r.wire.hit.CompareAndSwap(false, true) {
			if r.falsify(m, to); r.wire.fault.end != goesOn {
				return
			}
			continue
		}
		if m.Kind == handshake.Prepare {
			err = r.wire.intercept(&m)
		}
		if err == nil {
			to.Send(m) // to the dead, too
		}
		m.CloseFiles()
	}
}

// intercept puts the wire between the ends of a run's socket.
func (w *wire) intercept(prepare *handshake.Message) error {
	conn, peer, err := handshake.Pair()
	if err != nil {
		return err
	}
	err = w.connect(prepare.Files[0], conn)
	prepare.Files[0] = peer
	return err
}

func (r *relay) falsify(m handshake.Message, to *handshake.Conn) {
	w := r.wire
	switch w.fault.end {
	case dies:
		m.CloseFiles()
		r.close()
	case stalls:
		r.stalled.Store(true)
		w.mu.Lock()
		w.kept = append(w.kept, m)
		w.mu.Unlock()
		w.cancel()
	case goesOn:
		to.Send(w.fault.change(m))
		m.CloseFiles()
	}
}

// startOnWire starts a sandbox whose intermediate is at the other end of the wire. It is not
// introduced.
func (w *wire) startSandbox(t *testing.T, timeout time.Duration) *Sandbox {
	t.Helper()
	standing, err := theStanding()
	require.NoError(t, err)
	null, err := openNull()
	require.NoError(t, err)
	defer null.Close()
	ours, parentsPeer, err := handshake.Pair()
	require.NoError(t, err)
	conn, peer, err := handshake.Pair()
	require.NoError(t, err)
	defer peer.Close()
	process, err := os.StartProcess("/proc/self/exe", Config{Hostname: "sandbox"}.arguments(), &os.ProcAttr{
		Dir: "/", Files: []*os.File{null, null, os.Stderr, peer}, Sys: inNamespaces(slotNamespaces),
	})
	require.NoError(t, err)
	require.NoError(t, standing.mounts.acquire())
	require.NoError(t, w.connect(parentsPeer, conn))
	s := &Sandbox{process: process, conn: ours, mounts: standing.mounts, timeout: timeout}
	t.Cleanup(func() {
		s.Close()
		w.close()
	})
	return s
}

// startKeeper starts a keeper at the other end of the wire.
func (w *wire) startKeeper(t *testing.T, timeout time.Duration) *keeper {
	t.Helper()
	standing, err := theStanding()
	require.NoError(t, err)
	k := &keeper{mapping: standing.mapping, timeout: timeout}
	require.NoError(t, k.acquire())
	ours, parentsPeer, err := handshake.Pair()
	require.NoError(t, err)
	require.NoError(t, w.connect(parentsPeer, k.conn))
	k.conn = ours
	t.Cleanup(func() {
		k.release()
		w.close()
	})
	return k
}
