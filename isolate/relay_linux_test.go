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
	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// wire stands between a real parent and its real intermediate, init and program, or keeper, and
// passes on what they say to one another, until a message comes that it falsifies.
type wire struct {
	fault  fault
	hit    atomic.Bool
	joined atomic.Bool        // a second program was asked for
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
	second bool // the first message of the kind from join on
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
	toParent     *os.File // of parent
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
	r := &relay{wire: w, parent: parent, peer: peer, toParent: parentsPeer}
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
		if m.Kind == handshake.Join {
			r.wire.joined.Store(true)
		}
		if r.wire.meant(m.Kind) && r.wire.hit.CompareAndSwap(false, true) {
			if r.falsify(m, to); r.wire.fault.end != goesOn {
				return
			}
			continue
		}
		if m.Kind == handshake.Prepare || m.Kind == handshake.Join {
			err = r.wire.intercept(&m)
		}
		if err == nil {
			r.pass(m, to) // to the dead, too
		}
		m.CloseFiles()
	}
}

// meant tells whether the fault is in this kind of message, now.
func (w *wire) meant(kind handshake.Kind) bool {
	return kind == w.fault.kind && (w.joined.Load() || !w.fault.second)
}

// pass sends the parent a message in the name of who sent it, if that can be had.
func (r *relay) pass(m handshake.Message, to *handshake.Conn) error {
	if to != r.parent || m.PID == 0 || !mayImpersonate() {
		return to.Send(m)
	}
	var fds []int
	for _, f := range m.Files {
		fds = append(fds, int(f.Fd()))
	}
	raw, err := r.toParent.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Write(func(fd uintptr) bool {
		sendErr = sendAs(int(fd), m.PID, m.Encode(), fds)
		return sendErr != unix.EAGAIN
	})
	if sendErr == unix.ESRCH { // it is dead by now
		return to.Send(m)
	}
	return errors.Join(err, sendErr)
}

// sendAs sends a message with descriptors in the name of a process (unix(7), SCM_CREDENTIALS).
func sendAs(socket, pid int, text []byte, fds []int) error {
	control := unix.UnixCredentials(&unix.Ucred{Pid: int32(pid), Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())})
	if len(fds) > 0 {
		control = append(control, unix.UnixRights(fds...)...)
	}
	return unix.Sendmsg(socket, text, control, nil, unix.MSG_NOSIGNAL)
}

// mayImpersonate tells whether the kernel lets us send in the name of another process: it does when we are root.
var mayImpersonate = sync.OnceValue(func() bool {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	return sendAs(fds[0], os.Getppid(), []byte("x"), nil) == nil
})

// intercept puts the wire between the ends of the socket of a run, or of what joins one.
func (w *wire) intercept(start *handshake.Message) error {
	conn, peer, err := handshake.Pair()
	if err != nil {
		return err
	}
	err = w.connect(start.Files[0], conn)
	start.Files[0] = peer
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
		changed := w.fault.change(m)
		changed.PID = m.PID
		r.pass(changed, to)
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
	process, err := os.StartProcess("/proc/self/exe", Config{Hostname: "sandbox"}.arguments(0), &os.ProcAttr{
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
