package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// Run executes a program in a fresh sandbox and waits until it and everything that it started is
// gone. The gate is called when all is ready; the clocks start when it returns. Cancelling the
// context kills; Exit.Cause then says why. A program that could not be executed is an *ExecError;
// any other error is the fault of host or judge.
func (s *Sandbox) Run(ctx context.Context, p Program, gate Gate) (Exit, error) {
	h, err := s.take(p.Root)
	if err != nil {
		return Exit{}, err
	}
	exit, err := s.run(ctx, h, p, gate)
	h.kill() // nothing to do after a normal end: init exits by itself
	h.close()
	info, goneErr := s.gone()
	if err != nil || goneErr != nil {
		return Exit{}, errors.Join(err, goneErr)
	}
	if exit.Cause != nil || exit.Rusage == (syscall.Rusage{}) {
		exit.Rusage.Utime = syscall.NsecToTimeval(info.User)
		exit.Rusage.Stime = syscall.NsecToTimeval(info.System)
		exit.Rusage.Maxrss = info.MaxRSS
	}
	return exit, nil
}

// run releases a held program and waits for its end.
func (s *Sandbox) run(ctx context.Context, h *held, p Program, gate Gate) (Exit, error) {
	steps := releaseSteps(p)
	release, err := child.Release(steps, h.address)
	if err != nil {
		return Exit{}, err
	}
	files := make([]*os.File, 0, 3+len(p.Files))
	for _, f := range []*os.File{p.Stdin, p.Stdout, p.Stderr} {
		if f == nil {
			f = s.null
		}
		files = append(files, f)
	}
	files = append(files, p.Files...)
	if gate != nil {
		if err := gate(h.pid); err != nil {
			return Exit{}, fmt.Errorf("admit pid %d: %w", h.pid, err)
		}
	}
	stop := context.AfterFunc(ctx, h.kill)
	defer stop()
	started, clock := time.Now(), monotonic()
	if err := h.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{release}, Files: files}); err != nil {
		return Exit{}, err
	}
	m, err := h.conn.Receive("run", time.Time{}, handshake.Exit)
	if err == nil {
		end, err := child.ParseExit(m.Args[0])
		return Exit{
			Status: end.Status, Rusage: end.Rusage, Started: started, Wall: end.Clock - clock,
			DiskFull: end.BytesFree == 0 || end.InodesFree == 0,
		}, err
	}
	var peer *handshake.PeerError
	if errors.As(err, &peer) {
		return Exit{}, s.execError(peer, p, steps)
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, io.EOF) {
		return Exit{Status: syscall.WaitStatus(unix.SIGKILL), Started: started, Wall: monotonic() - clock, Cause: cause}, nil
	}
	return Exit{}, fmt.Errorf("init died: %w", err)
}

// monotonic is the clock by which init says when the program ended.
func monotonic() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // does not fail
	return time.Duration(t.Nano())
}
