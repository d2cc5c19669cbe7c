package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// Wait waits for the end of the run, as Run does, and until all that it wrote is copied to Stdout and
// Stderr. It may be called again, and by many, and returns the same.
func (p *Process) Wait() (Exit, error) {
	p.waiting.Lock()
	defer p.waiting.Unlock()
	return p.wait()
}

// wait is Wait for who has locked waiting.
func (p *Process) wait() (Exit, error) {
	if !p.over.Swap(true) {
		p.awaitEnd()
	}
	if p.settled {
		return p.exit, p.err
	}
	p.settled = true
	h, s := p.held, p.sandbox
	info, err := s.end(h)
	s.mu.Lock()
	same := func(other *Process) bool { return other == p }
	s.running, s.leaving = slices.DeleteFunc(s.running, same), slices.DeleteFunc(s.leaving, same)
	s.mu.Unlock()
	p.finish()
	if p.err = errors.Join(p.err, err); p.err != nil {
		p.exit = Exit{}
		return p.exit, p.err
	}
	if p.exit.Rusage == (syscall.Rusage{}) {
		p.exit.Rusage.Utime = syscall.NsecToTimeval(info.User)
		p.exit.Rusage.Stime = syscall.NsecToTimeval(info.System)
		p.exit.Rusage.Maxrss = info.MaxRSS
	}
	return p.exit, nil
}

// WaitProcesses is Wait for who wants to start the next run: when the program has ended and none says that no process
// of the run is left either, it does not wait until the kernel has taken the sandbox down. The caller calls Wait
// after that Start, and learns there whether anything is left; Close does, too.
func (p *Process) WaitProcesses(none func() bool) (Exit, error) {
	p.waiting.Lock()
	defer p.waiting.Unlock()
	if p.over.Swap(true) {
		return p.wait()
	}
	if ended := p.awaitEnd(); !ended || p.second || !none() {
		return p.wait()
	}
	s := p.sandbox
	s.mu.Lock()
	s.running = slices.DeleteFunc(s.running, func(other *Process) bool { return other == p })
	s.leaving = append(s.leaving, p)
	s.mu.Unlock()
	p.finish()
	return p.exit, nil
}

// awaitEnd waits for the program's end; ended says that it is told by init.
func (p *Process) awaitEnd() (ended bool) {
	ended, p.err = p.receive()
	p.stopClocks()
	return ended
}

// finish takes what is known when no process is left, once.
func (p *Process) finish() {
	if p.finished {
		return
	}
	p.finished = true
	p.exit.Refused = p.held.supervised()
	if err := p.streams.finish(); p.exit.Cause == nil {
		p.exit.Cause = err
	}
}

// receive waits for init's word on how the program ended, or for init's end.
func (p *Process) receive() (told bool, err error) {
	m, err := p.held.conn.Receive("run", time.Time{}, handshake.Exit)
	if err == nil {
		end, err := child.ParseExit(m.Args[0])
		if end.Status.Signaled() && end.Status.Signal() == unix.SIGKILL {
			p.exit.Cause = p.cause() // what joined outlives its program; others may be killed by their group
		}
		p.exit.Status, p.exit.Rusage, p.exit.Wall = end.Status, end.Rusage, end.Clock-p.clock
		p.exit.DiskFull = end.BytesFree == 0 || end.InodesFree == 0
		if err != nil {
			return false, fmt.Errorf("run: expected exit: %w", err)
		}
		return true, nil
	}
	cause := p.cause()
	if cause != nil && errors.Is(err, io.EOF) {
		p.exit.Status, p.exit.Wall, p.exit.Cause = syscall.WaitStatus(unix.SIGKILL), monotonic()-p.clock, cause
		return false, nil
	}
	if errors.Is(err, io.EOF) {
		return false, fmt.Errorf("init died: %w", err)
	}
	return false, p.held.execError(err, p.program, p.steps)
}

// cause says why we have killed the program; nil when we have not.
func (p *Process) cause() error {
	if f := p.held.forbidden.Load(); f != nil {
		return f
	}
	if why := p.why.Load(); why != nil {
		return *why
	}
	return context.Cause(p.ctx) // its end may be the reason of somebody else who kills
}
