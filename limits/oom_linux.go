package limits

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// oomEvents tells watches that their version 1 group is out of memory.
//
// The kernel then kills one process, and a parent that waits for something else from it would go on until
// the wall clock stops it. (Version 2 kills all of the group by itself.) Each group has an eventfd that
// the kernel signals, cgroup.event_control in the kernel's cgroup-v1/memory.rst; one goroutine waits for all of
// them with epoll.
type oomEvents struct {
	epoll *os.File
	done  sync.WaitGroup

	mu     sync.Mutex
	groups map[int32]*Group // by eventfd
}

// newOOMEvents starts the goroutine. Close ends it.
func newOOMEvents() (*oomEvents, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	// Go's poller waits only for files that are non-blocking; epoll itself does not care.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("fcntl epoll: %w", err)
	}
	e := &oomEvents{epoll: os.NewFile(uintptr(fd), "epoll"), groups: make(map[int32]*Group)}
	conn, err := e.epoll.SyscallConn()
	if err != nil {
		e.epoll.Close()
		return nil, err
	}
	e.done.Go(func() { e.wait(conn) })
	return e, nil
}

// wait passes on events until the epoll descriptor is closed.
func (e *oomEvents) wait(conn syscall.RawConn) {
	_ = conn.Read(func(fd uintptr) bool {
		var ready [16]unix.EpollEvent
		for {
			n, err := unix.EpollWait(int(fd), ready[:], 0)
			if n <= 0 && !errors.Is(err, unix.EINTR) {
				return false // wait for more
			}
			for _, event := range ready[:max(n, 0)] {
				e.pass(event.Fd)
			}
		}
	})
}

// pass tells the group with this eventfd. It may have been closed meanwhile, and the number may even
// belong to a new group; that one then looks for itself whether it was meant.
func (e *oomEvents) pass(eventfd int32) {
	e.mu.Lock()
	g := e.groups[eventfd]
	e.mu.Unlock()
	if g != nil {
		g.checkMemory()
	}
}

// add registers a new eventfd for a group, whose memory.oom_control is open, and returns it. The caller
// gives it back to remove.
func (e *oomEvents) add(g *Group, eventControl string, oomControl int) (int, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return -1, fmt.Errorf("eventfd: %w", err)
	}
	e.mu.Lock()
	e.groups[int32(fd)] = g
	e.mu.Unlock()
	err = writeFile(eventControl, fmt.Sprintf("%d %d", fd, oomControl))
	if err == nil {
		// Once is enough: whoever looks sees the count in the eventfd, which nobody resets.
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLONESHOT, Fd: int32(fd)}
		err = e.control(fd, &event)
	}
	if err != nil {
		e.remove(fd)
		return -1, fmt.Errorf("watch for out of memory: %w", err)
	}
	return fd, nil
}

// control adds fd to the epoll set.
func (e *oomEvents) control(fd int, event *unix.EpollEvent) error {
	conn, err := e.epoll.SyscallConn()
	if err != nil {
		return err
	}
	var added error
	err = conn.Control(func(epoll uintptr) {
		added = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, fd, event)
	})
	return errors.Join(err, added)
}

// remove closes the eventfd, which takes it out of the epoll set and unregisters it from the group.
func (e *oomEvents) remove(fd int) {
	e.mu.Lock()
	delete(e.groups, int32(fd))
	e.mu.Unlock()
	unix.Close(fd)
}

// Close ends the goroutine and waits for it.
func (e *oomEvents) Close() error {
	err := e.epoll.Close()
	e.done.Wait()
	return err
}
