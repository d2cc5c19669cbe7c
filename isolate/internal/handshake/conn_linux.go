package handshake

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is one end of a conversation. Close it when it is over; it is not safe for concurrent
// receives or concurrent sends. A receive keeps its thread while it waits: a run has few threads that wait, and the
// runtime's poller and scheduler took a third of the parent's CPU time for it.
type Conn struct {
	file    *os.File
	raw     syscall.RawConn
	size    int     // of the longest message that can be received
	beside  *Beside // nil: receives only wait
	buf     []byte
	control []byte

	mu     sync.Mutex  // of what follows
	latest time.Time   // by which receives end; zero: never
	wake   *time.Timer // ends the receive that waits then; nil: no latest
	closed bool
}

// MaxSize is the longest message in bytes, of the 416 KiB that the kernel lets a send buffer have
// by default, twice over.
const MaxSize = 160 << 10

// MaxSizeToParent is the longest message in bytes that the end of Pair which stays with us can receive: there is one
// for each run, and the parent is only told little.
const MaxSizeToParent = 8 << 10

// Pair returns the two ends of a new socket: ours, and the peer's descriptor, to hand over and then close. Messages
// carry the sender's pid. Both are closed on exec.
func Pair() (*Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	peer := os.NewFile(uintptr(fds[1]), "handshake")
	for _, step := range []struct {
		name string
		err  error
	}{
		{"pass credentials", unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1)},
		{"set send buffer", unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, MaxSize+16<<10)},
	} {
		if step.err != nil {
			unix.Close(fds[0])
			peer.Close()
			return nil, nil, fmt.Errorf("handshake socket: %s: %w", step.name, step.err)
		}
	}
	c, err := NewConn(os.NewFile(uintptr(fds[0]), "handshake"))
	if err != nil {
		peer.Close()
		return nil, nil, err
	}
	c.size = MaxSizeToParent
	return c, peer, nil
}

// NewConn makes a Conn of a socket that blocks, which it then owns, also on failure.
func NewConn(f *os.File) (*Conn, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Conn{file: f, raw: raw, size: MaxSize}, nil
}

// Close closes this end; the peer's next receive reports the end of file. A receive of ours that waits ends.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.wake != nil {
		c.wake.Stop()
	}
	c.shutdown() // also for a receive that is about to wait
	return c.file.Close()
}

// CloseWrite lets the peer's receives report the end of file, while it can still be heard.
func (c *Conn) CloseWrite() error {
	var err error
	if controlErr := c.raw.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), unix.SHUT_WR) }); controlErr != nil {
		err = controlErr
	}
	return os.NewSyscallError("shutdown", err)
}

// AwaitHangup waits until no process has the peer's end any more, whatever that has sent; false at the deadline, or
// if this end is closed. It is no use when the time of Expire has passed.
func (c *Conn) AwaitHangup(deadline time.Time) (hungUp bool) {
	c.raw.Control(func(fd uintptr) {
		for !hungUp && time.Now().Before(deadline) {
			fds := []unix.PollFd{{Fd: int32(fd)}}
			timeout := unix.NsecToTimespec(int64(time.Until(deadline)))
			if _, err := unix.Ppoll(fds, &timeout, nil); err != nil && err != unix.EINTR {
				return
			}
			hungUp = fds[0].Revents&unix.POLLHUP != 0
		}
	})
	return hungUp
}

// shutdown ends the receive that waits, and those to come: they see the end of file.
func (c *Conn) shutdown() {
	c.raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_RD) }) // of a closed one: nobody waits
}

// Send sends a message with its descriptors, which stay the caller's.
func (c *Conn) Send(m Message) error {
	data := m.Encode()
	if len(data) > MaxSize {
		return fmt.Errorf("send %v: %d bytes are more than a message may have (%d)", m.Kind, len(data), MaxSize)
	}
	if len(m.Files) > MaxFiles {
		return fmt.Errorf("send %v: %d descriptors are more than a message may have (%d)", m.Kind, len(m.Files), MaxFiles)
	}
	var rights []byte
	if len(m.Files) > 0 {
		fds := make([]int, len(m.Files))
		for i, f := range m.Files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	var sendErr error
	err := c.raw.Write(func(fd uintptr) bool {
		sendErr = retry(func() error { return unix.Sendmsg(int(fd), data, rights, nil, unix.MSG_NOSIGNAL) })
		return sendErr != unix.EAGAIN
	})
	if err == nil {
		err = sendErr
	}
	if err != nil {
		return fmt.Errorf("send %v: %w", m.Kind, err)
	}
	return nil
}

// Receive waits for one of the wanted kinds until the deadline (zero: forever). The state says in
// errors what was going on. The peer's end is io.EOF, and an Error message is a *PeerError;
// anything else that is not wanted is refused and its descriptors are closed. The arguments are
// valid until the next Receive.
func (c *Conn) Receive(state string, deadline time.Time, wanted ...Kind) (Message, error) {
	m, err := c.receive(deadline)
	if err != nil {
		return Message{}, fmt.Errorf("%s: expected %s: %w", state, list(wanted), err)
	}
	for _, k := range wanted {
		if m.Kind == k {
			return m, nil
		}
	}
	m.CloseFiles()
	if m.Kind == Error {
		return Message{}, &PeerError{State: state, PID: m.PID, Arg: append([]byte(nil), m.Args[0]...)}
	}
	return Message{}, fmt.Errorf("%s: expected %s, got %v", state, list(wanted), m.Kind)
}

// Expire bounds all receives by a deadline, the one that waits and those to come. Any goroutine may
// call it: one that has told the peer to end.
func (c *Conn) Expire(latest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.latest = latest
	if c.wake != nil {
		c.wake.Stop()
	}
	c.wake = time.AfterFunc(time.Until(latest), func() {
		c.mu.Lock() // Close waits, or the descriptor would be open for as long as this uses it
		defer c.mu.Unlock()
		c.shutdown()
	})
}

// earlier is the deadline of a receive that wants this one, zero for none.
func (c *Conn) earlier(deadline time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.latest.IsZero() && (deadline.IsZero() || c.latest.Before(deadline)) {
		return c.latest
	}
	return deadline
}

// await waits until there is something to receive, or the peer is gone, or the deadline has passed, and does what
// there is to do beside.
func (c *Conn) await(fd int, deadline time.Time) error {
	for {
		limit := c.earlier(deadline)
		other, until := c.beside.waitFor()
		if limit.IsZero() && until.IsZero() && other < 0 {
			return nil // recvmsg waits itself, and shutdown wakes it
		}
		now := time.Now()
		if !limit.IsZero() && !now.Before(limit) {
			return os.ErrDeadlineExceeded
		}
		var timeout unix.Timespec
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(other), Events: unix.POLLIN}}
		n, err := unix.Ppoll(fds, first(&timeout, now, limit, until), nil)
		if err != nil && err != unix.EINTR {
			return err
		}
		if n == 0 && !until.IsZero() { // what has come is not late
			c.beside.atTime(time.Now())
		}
		if fds[1].Revents != 0 {
			c.beside.serve(other)
		}
		if fds[0].Revents != 0 {
			return nil
		}
	}
}

// first sets t to the time from now until the first of two instants, zero ones left out; nil if both are.
func first(t *unix.Timespec, now, a, b time.Time) *unix.Timespec {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		a = b
	}
	if a.IsZero() {
		return nil
	}
	*t = unix.NsecToTimespec(max(int64(a.Sub(now)), 0))
	return t
}

// expired tells whether the time of all receives has passed.
func (c *Conn) expired() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.latest.IsZero() && !time.Now().Before(c.latest)
}

// PeerError is the Error message: something went wrong on the other side.
type PeerError struct {
	State string
	PID   int
	Arg   []byte // what the sender says of it
}

func (e *PeerError) Error() string { return fmt.Sprintf("%s: the peer reports: %q", e.State, e.Arg) }

func (c *Conn) receive(deadline time.Time) (Message, error) {
	if c.buf == nil {
		c.buf = make([]byte, c.size)
		c.control = make([]byte, unix.CmsgSpace(4*MaxFiles)+unix.CmsgSpace(unix.SizeofUcred))
	}
	var n, controls, flags int
	var recvErr error
	err := c.raw.Read(func(fd uintptr) bool {
		if recvErr = c.await(int(fd), deadline); recvErr != nil {
			return true
		}
		recvErr = retry(func() (err error) {
			n, controls, flags, _, err = unix.Recvmsg(int(fd), c.buf, c.control, unix.MSG_CMSG_CLOEXEC)
			return err
		})
		return true
	})
	if err == nil {
		err = recvErr
	}
	if err != nil {
		return Message{}, err
	}
	files, pid, err := parseControl(c.control[:controls])
	if err == nil && flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = errors.New("message was cut off")
	}
	if err == nil && n == 0 && len(files) == 0 {
		if err = io.EOF; c.expired() {
			err = os.ErrDeadlineExceeded // shutdown looks like the end
		}
	}
	var m Message
	if err == nil {
		m, err = Decode(c.buf[:n], len(files))
	}
	m.Files, m.PID = files, pid
	if err != nil {
		m.CloseFiles()
		return Message{}, err
	}
	return m, nil
}

func parseControl(b []byte) (files []*os.File, pid int, err error) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return nil, 0, fmt.Errorf("control message: %w", err)
	}
	for _, m := range messages {
		if fds, err := unix.ParseUnixRights(&m); err == nil {
			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "handshake"))
			}
		} else if cred, err := unix.ParseUnixCredentials(&m); err == nil {
			pid = int(cred.Pid)
		}
	}
	return files, pid, nil
}

// retry repeats a call that was interrupted, or that says that the peer died with messages of ours
// unread: that is said once, and before what the peer has sent and the end of file.
func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR && err != unix.ECONNRESET {
			return err
		}
	}
}

func list(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	return strings.Join(names, " or ")
}
