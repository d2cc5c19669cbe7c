package gojudge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal gives the program a terminal as all its descriptors: its input is typed, and what it prints is
// the first collector's. There is no end of the input, as at any terminal.
func (e *execution) openTerminal(ctx context.Context) error {
	master, slave, err := openPTY()
	if err != nil {
		return err
	}
	e.descriptors.own(slave)
	for fd, f := range e.cmd.Files {
		switch {
		case f == nil: // a pipe's
		case f.collects():
			e.descriptors.set(fd, slave)
			if e.collectors == nil { // which closes the master
				e.collectors = []*collector{newCollector(*f.Name, *f.Max, master, slave, e.reply)}
			}
		case fd < 3:
			e.descriptors.set(fd, slave)
		}
	}
	for fd, f := range e.cmd.Files {
		if f == nil || f.collects() {
			continue
		}
		if fd < 3 {
			err = e.typeIn(ctx, fd, f, master)
		} else {
			err = e.openInput(ctx, fd, f)
		}
		if err != nil || e.failed() {
			return err
		}
	}
	return nil
}

// typeIn types what a program is to read. It goes on until the collector closes our side of the terminal.
func (e *execution) typeIn(ctx context.Context, fd int, f *CmdFile, master *os.File) error {
	content, _, err := e.source(ctx, f)
	if err != nil {
		return e.missing(fmt.Sprintf("files[%d]", fd), err)
	}
	e.typing.Go(func() {
		defer content.Close()
		_, _ = io.Copy(master, content) // what nobody reads is not typed
	})
	return nil
}

// openPTY makes a pair of terminals, of which the second one is the program's. It belongs to no session.
func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a terminal: %w", err)
	}
	master = os.NewFile(uintptr(fd), "terminal") // with the poller, so that Close ends a Write
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock a terminal: %w", err), master.Close())
	}
	// By the descriptor (Linux 4.13), because another devpts may be mounted where its name leads.
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, nil, errors.Join(fmt.Errorf("open a terminal: %w", errno), master.Close())
	}
	return master, os.NewFile(peer, "terminal"), nil
}
