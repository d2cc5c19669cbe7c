package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// Process is a program that was started in a sandbox. Signal and Kill may be called by any goroutine
// at any time; Wait is for one at a time.
type Process struct {
	sandbox *Sandbox
	held    *held
	program Program
	steps   []child.Step
	ctx     context.Context
	streams *streams
	stop    func() bool           // of killing when the context ends
	timer   *time.Timer           // of Program.Timeout; nil: none
	clock   time.Duration         // when the gate was opened
	second  bool                  // started by Exec
	why     atomic.Pointer[error] // we have killed it
	over    atomic.Bool           // Wait or WaitProcesses was called
	exit    Exit
	err     error

	finished bool // all that its processes said and did is known
	settled  bool // nothing is left of the run
}

// Run executes a program in a fresh sandbox and waits until it and everything that it started is
// gone. The gate is called when all is ready; the clocks start when it returns. Cancelling the
// context kills; Exit.Cause then says why. A program that could not be executed is an *ExecError;
// any other error is the fault of host or judge.
func (s *Sandbox) Run(ctx context.Context, p Program, gate Gate) (Exit, error) {
	process, err := s.Start(ctx, p, gate)
	if err != nil {
		return Exit{}, err
	}
	return process.Wait()
}

// Start is the first half of Run: it opens the gate. Whether the program could be executed, Wait
// knows. One that is not waited for is killed when the sandbox is used again or closed.
func (s *Sandbox) Start(ctx context.Context, p Program, gate Gate) (*Process, error) {
	h, err := s.take(p.Root)
	if err != nil {
		return nil, err
	}
	process := &Process{sandbox: s, held: h, program: p, ctx: ctx}
	if err := process.release(gate); err != nil {
		_, endErr := s.end(h)
		return nil, errors.Join(err, endErr)
	}
	s.mu.Lock()
	s.running = append(s.running, process)
	s.mu.Unlock()
	return process, nil
}

// Exec starts a second program in the sandbox of a running one: in its namespaces and on its root.
// It has a gate and an end of its own, for its caller to wait for, and ends at the latest with the
// first one.
func (p *Process) Exec(ctx context.Context, second Program, gate Gate) (*Process, error) {
	s := p.sandbox
	if p.over.Load() || s.Err() != nil {
		return nil, fmt.Errorf("execute %s in a sandbox: %w", second.Path, os.ErrProcessDone)
	}
	h := &held{root: p.held.root, gate: gate, timeout: p.held.timeout, first: p.held}
	if p.held.first != nil {
		h.first = p.held.first
	}
	if err := s.request(h, handshake.Message{Kind: handshake.Join, Files: []*os.File{p.held.pidfd}}); err != nil {
		return nil, err
	}
	// What joined is killed alone, not with init: its program is held, so its pid is its own.
	fd, err := unix.PidfdOpen(h.pid, 0)
	if err != nil {
		_, endErr := s.end(h)
		return nil, errors.Join(os.NewSyscallError("pidfd_open", err), endErr)
	}
	h.mu.Lock()
	h.pidfd.Close()
	h.pidfd = os.NewFile(uintptr(fd), "program")
	h.mu.Unlock()
	process := &Process{sandbox: s, held: h, program: second, ctx: ctx, second: true}
	if err := process.release(nil); err != nil {
		_, endErr := s.end(h)
		return nil, errors.Join(err, endErr)
	}
	s.mu.Lock()
	s.running = append(s.running, process)
	s.mu.Unlock()
	return process, nil
}

// release sends what is left to do, with the program's descriptors, and so opens the gate.
func (p *Process) release(gate Gate) (err error) {
	h := p.held
	if err := p.program.Landlock.check(policy.ABI()); err != nil {
		return err
	}
	p.steps = releaseSteps(p.program)
	release, err := child.Release(p.steps, h.address)
	if err != nil {
		return err
	}
	if len(release) > maxRelease {
		return fmt.Errorf("arguments and environment of %s take %d bytes, at most %d: %w", p.program.Path, len(release), maxRelease, unix.E2BIG)
	}
	if p.streams, err = openStreams(p.program, p.sandbox.null); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			p.streams.close()
		}
	}()
	if gate != nil {
		if err := gate(h.pid); err != nil {
			return fmt.Errorf("admit pid %d: %w", h.pid, err)
		}
	}
	if err := pin(h.pid, p.program.CPUs); err != nil {
		return err
	}
	p.startClocks()
	err = h.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{release}, Files: p.streams.files})
	if err != nil && !errors.Is(err, unix.EPIPE) {
		p.stopClocks()
		return err
	}
	p.streams.copy(p.killFor)
	return nil // when init is dead already, Wait finds out why
}

// startClocks lets time pass for the program.
func (p *Process) startClocks() {
	p.stop = context.AfterFunc(p.ctx, func() { p.killFor(context.Cause(p.ctx)) })
	if p.program.Timeout != 0 {
		p.timer = time.AfterFunc(p.program.Timeout, func() { p.killFor(ErrTimeout) })
	}
	p.exit.Started, p.clock = time.Now(), monotonic()
}

func (p *Process) stopClocks() {
	p.stop()
	if p.timer != nil {
		p.timer.Stop()
	}
}

// pin binds a held program to CPUs; its filter lets it change nothing of that.
func pin(pid int, cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(pid, &set); err != nil {
		return fmt.Errorf("pin to CPUs %v: %w", cpus, err)
	}
	return nil
}

// maxRelease bounds what a program is told, arguments and environment above all.
const maxRelease = handshake.MaxSize - 1024

// PID is the program's, as the caller sees it.
func (p *Process) PID() int { return p.held.pid }

// Kill ends the program and everything that it started. It does nothing when they have ended. What
// was started by Exec may leave processes behind, which end with the first program. Exit.Cause is ErrKilled.
func (p *Process) Kill() { p.killFor(ErrKilled) }

// killFor kills the program. The first reason is the one that counts.
func (p *Process) killFor(why error) {
	p.why.CompareAndSwap(nil, &why)
	p.held.kill()
}

// Signal sends a signal to the program's first process; os.ErrProcessDone if it has ended.
func (p *Process) Signal(sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(p.held.pid, 0)
	if err != nil {
		return os.ErrProcessDone
	}
	defer unix.Close(fd)
	if p.over.Load() {
		return os.ErrProcessDone
	}
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(fd, sig, nil, 0))
}

// Wait waits for the end of the run, as Run does, and until all that it wrote is copied to Stdout and
// Stderr. It may be called again and returns the same.
func (p *Process) Wait() (Exit, error) {
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
	if p.over.Swap(true) {
		return p.Wait()
	}
	if ended := p.awaitEnd(); !ended || p.second || !none() {
		return p.Wait()
	}
	s := p.sandbox
	s.mu.Lock()
	s.running = slices.DeleteFunc(s.running, func(other *Process) bool { return other == p })
	s.leaving = append(s.leaving, p)
	s.mu.Unlock()
	p.finish()
	return p.exit, nil
}

// Ended tells whether the program has ended, or could not be executed.
func (p *Process) Ended() bool { return p.over.Load() || p.held.conn.Pending() }

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
		if p.second && end.Status.Signaled() && end.Status.Signal() == unix.SIGKILL {
			p.exit.Cause = p.cause() // what joined outlives its program, and says so
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
	return false, p.sandbox.execError(err, p.held, p.program, p.steps)
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

// monotonic is the clock by which init says when the program ended.
func monotonic() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // does not fail
	return time.Duration(t.Nano())
}
