//go:build linux

package isolate

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// supervisor answers for the system calls that the filter forbids (seccomp_unotify(2)): it refuses
// them, and remembers which they were. It does so from start or attend until no process has the filter any more.
type supervisor struct {
	listener *os.File
	ended    func(call string) // ends the run at the first forbidden call; nil: the call fails
	done     chan struct{}     // of a goroutine of its own; nil: it has none
	forget   func()            // ends attend; nil: it is not attended

	mu      sync.Mutex // of what follows
	refused []string
}

// maxRefused bounds what a record says of a program that tries everything.
const maxRefused = 16

// notification and response are struct seccomp_notif and seccomp_notif_resp.
type (
	notification struct {
		id    uint64
		pid   uint32
		flags uint32
		nr    int32
		arch  uint32
		ip    uint64
		args  [6]uint64
	}
	response struct {
		id    uint64
		value int64
		err   int32
		flags uint32
	}
)

// SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND and SECCOMP_IOCTL_NOTIF_ID_VALID.
const (
	notifyReceive = 0xc0502100
	notifySend    = 0xc0182101
	notifyValid   = 0x40082102
)

// checkListener refuses what is no seccomp listener. One says ENOENT: no call waits, and the numbers of
// those to come are random, never 0 in practice.
func checkListener(f *os.File) error {
	var id uint64
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), notifyValid, uintptr(unsafe.Pointer(&id)))
	if errno != unix.ENOENT {
		return fmt.Errorf("expected a seccomp listener, got a descriptor that says %w", errno)
	}
	return nil
}

// start serves the listener from a goroutine.
func (s *supervisor) start() error {
	f, err := pollable(s.listener)
	if err != nil {
		return err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return err
	}
	s.listener.Close()
	s.listener, s.done = f, make(chan struct{})
	go func() {
		defer close(s.done)
		for more := true; more && err == nil; {
			err = raw.Read(func(fd uintptr) (done bool) {
				more, done = s.serve(fd)
				return done
			})
		}
	}()
	return nil
}

// attend has the listener served by who waits for messages; false if somebody else's is.
func (s *supervisor) attend(b *handshake.Beside) bool {
	fd := s.listener.Fd()
	if !b.Serve(int(fd), func() bool { more, _ := s.serve(fd); return more }) {
		return false
	}
	s.forget = func() { b.Forget(int(fd)) }
	return true
}

// pollable returns a copy of the descriptor that can be waited for without a thread: os.NewFile asks
// for that only when it finds it non-blocking.
func pollable(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), "seccomp listener"), nil
}

// serve answers the next call, if there is one: found. There will be none when nobody has the filter: not more.
func (s *supervisor) serve(fd uintptr) (more, found bool) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); n == 0 || err == unix.EINTR {
		return true, false
	}
	if fds[0].Revents&unix.POLLIN == 0 {
		return false, true
	}
	s.answer(fd)
	return true, true
}

func (s *supervisor) answer(fd uintptr) {
	var n notification
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, notifyReceive, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return // the caller was killed meanwhile
	}
	name := policy.CallName(int(n.nr))
	s.mu.Lock()
	if len(s.refused) < maxRefused && !slices.Contains(s.refused, name) {
		s.refused = append(s.refused, name)
	}
	s.mu.Unlock()
	if s.ended != nil {
		s.ended(name)
		return // it waits for the answer until it is killed
	}
	r := response{id: n.id, err: -int32(unix.EPERM)}
	unix.Syscall(unix.SYS_IOCTL, fd, notifySend, uintptr(unsafe.Pointer(&r)))
}

// stop waits for the end, and returns what was refused; all processes with the filter must be dead.
func (s *supervisor) stop() []string {
	if s.done != nil {
		<-s.done
	}
	if s.forget != nil {
		s.forget()
		s.forget = nil
	}
	return s.names()
}

// close closes the listener of a supervisor that has stopped. The kernel frees the filter then, on this CPU, before we
// go on.
func (s *supervisor) close() { s.listener.Close() }

// names returns what was refused until now.
func (s *supervisor) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}
