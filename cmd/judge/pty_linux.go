package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"judge/judge"
)

// atTerminal runs a session on a pty that is made for it. Judge's own terminal passes bytes on, so that
// ^C and ^Z are the line discipline's of the pty, and is as it was in the end, without what was typed ahead: an
// answer of the terminal to something that the program printed must not become a command line.
func atTerminal(ctx context.Context, b judge.Batch, s judge.Session, greet func()) (facts judge.Facts, err error) {
	master, slave, err := openPTY()
	if err != nil {
		return facts, err
	}
	defer master.Close()
	defer slave.Close()
	own := int(os.Stdin.Fd())
	before, err := unix.IoctlGetTermios(own, unix.TCGETS)
	if err != nil {
		return facts, fmt.Errorf("terminal: %w", err)
	}
	follow := followSize(os.Stdin, master)
	defer follow()
	var typed *pump
	var printed sync.WaitGroup
	s.Ready = func(*judge.Record) error {
		greet()
		if _, err := term.MakeRaw(own); err != nil {
			return fmt.Errorf("terminal: %w", err)
		}
		var err error
		if typed, err = startPump(os.Stdin, master, nil); err != nil {
			return err
		}
		printed.Go(func() { io.Copy(os.Stdout, master) }) // ends with EIO when nobody has the other side
		return nil
	}
	defer unix.IoctlSetTermios(own, unix.TCSETSF, before)
	s.Stdin, s.Stdout, s.Stderr, s.Terminal = slave, slave, slave, true
	facts, err = b.Session(ctx, s)
	slave.Close()
	printed.Wait()
	if typed != nil {
		typed.stop()
	}
	return facts, err
}

// openPTY makes a pair of terminals, of which the second one is the program's. It belongs to no session.
func openPTY() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a terminal: %w", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock a terminal: %w", err), master.Close())
	}
	// By the descriptor (Linux 4.13), because another devpts may be mounted where its name leads.
	fd, _, errno := unix.Syscall(unix.SYS_IOCTL, master.Fd(), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, nil, errors.Join(fmt.Errorf("open a terminal: %w", errno), master.Close())
	}
	return master, os.NewFile(fd, "terminal"), nil
}

// followSize gives one terminal the size of another, now and whenever it changes, until it is told to stop.
func followSize(from, to *os.File) (stop func()) {
	copySize := func() {
		if size, err := unix.IoctlGetWinsize(int(from.Fd()), unix.TIOCGWINSZ); err == nil {
			unix.IoctlSetWinsize(int(to.Fd()), unix.TIOCSWINSZ, size) // tells the program by SIGWINCH
		}
	}
	copySize()
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	var following sync.WaitGroup
	following.Go(func() {
		for range changed {
			copySize()
		}
	})
	return func() {
		signal.Stop(changed)
		close(changed)
		following.Wait()
	}
}

// pump copies a file to another until the first ends or it is stopped, also while nothing can be read: reading
// alone would wait for a key.
type pump struct {
	wake *os.File // closed to stop
	done chan struct{}
}

// startPump begins to copy. The end of the input is passed on by calling ended, if it is not nil.
func startPump(from *os.File, to io.Writer, ended func() error) (*pump, error) {
	asleep, wake, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &pump{wake: wake, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer asleep.Close()
		if ended != nil {
			defer ended()
		}
		buffer := make([]byte, 32<<10)
		for readable(from, asleep) {
			n, err := from.Read(buffer)
			if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
				return
			}
		}
	}()
	return p, nil
}

// stop ends the copying and waits for it.
func (p *pump) stop() {
	p.wake.Close()
	<-p.done
}

// readable waits until something can be read, or the other file is at its end: then it is false.
func readable(from, until *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(from.Fd()), Events: unix.POLLIN}, {Fd: int32(until.Fd()), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		if !errors.Is(err, unix.EINTR) {
			return err == nil && fds[1].Revents == 0
		}
	}
}

func signalNumber(name string) int { return int(unix.SignalNum(name)) }
