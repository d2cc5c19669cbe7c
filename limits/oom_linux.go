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
// the wall clock stops it. (Version 2 kills all of the group by itself.) A group that is listened to has an
// eventfd that the kernel signals, see cgroup.event_control in the kernel's cgroup-v1/memory.rst; one
// goroutine waits for all of them with epoll.
type oomEvents struct {
	epoll *os.File
	done  sync.WaitGroup

	mu      sync.Mutex
	watches map[int32]*Watch // by eventfd
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
	e := &oomEvents{epoll: os.NewFile(uintptr(fd), "epoll"), watches: make(map[int32]*Watch)}
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

// pass tells the watch with this eventfd. It may have been closed meanwhile, and the number may even
// belong to another watch's, so the eventfd is asked whether it was meant.
func (e *oomEvents) pass(eventfd int32) {
	e.mu.Lock()
	w := e.watches[eventfd]
	if w != nil && !signalled(eventfd) {
		w = nil
	}
	e.mu.Unlock()
	if w != nil {
		w.outOfMemory()
	}
}

// signalled tells whether an eventfd has a count, and leaves it as it is.
func signalled(eventfd int32) bool {
	fds := []unix.PollFd{{Fd: eventfd, Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// add makes the kernel signal a new eventfd when the group whose memory.oom_control is open is out of
// memory, and w be told. The caller gives the eventfd back to remove.
func (e *oomEvents) add(w *Watch, eventControl string, oomControl int) (int, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return -1, fmt.Errorf("eventfd: %w", err)
	}
	e.mu.Lock()
	e.watches[int32(fd)] = w
	e.mu.Unlock()
	err = writeFile(eventControl, fmt.Sprintf("%d %d", fd, oomControl))
	if err == nil {
		// Once is enough: the watch calls back once.
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
	delete(e.watches, int32(fd))
	e.mu.Unlock()
	unix.Close(fd)
}

// Close ends the goroutine and waits for it.
func (e *oomEvents) Close() error {
	err := e.epoll.Close()
	e.done.Wait()
	return err
}
