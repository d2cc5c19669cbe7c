package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// Process is a program that was started in a sandbox. Signal, Kill and Wait may be called by any goroutine
// at any time.
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
	waiting sync.Mutex            // of what follows
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
	h := &held{root: p.held.root, spec: p.held.spec, gate: gate, timeout: p.held.timeout, first: p.held}
	if p.held.first != nil {
		h.first = p.held.first
	}
	spec, err := json.Marshal(h.spec) // the intermediate may have the next run's root by now
	if err != nil {
		return nil, err
	}
	if err := s.request(h, handshake.Message{Kind: handshake.Join, Args: [][]byte{spec}, Files: []*os.File{p.held.pidfd}}); err != nil {
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
	release := p.sandbox.release
	if p.second || !release.isFor(p.program) {
		release = newRelease(p.program)
	}
	if !p.second {
		p.sandbox.release = release
	}
	p.steps = release.steps
	message, err := release.message(h.address)
	if err != nil {
		return err
	}
	if p.streams, err = openStreams(p.program); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			p.streams.close()
		}
	}()
	if gate != nil {
		p.sandbox.opening = true
		err := gate(h.pid)
		p.sandbox.opening = false
		if err != nil {
			return fmt.Errorf("admit pid %d: %w", h.pid, err)
		}
	}
	if err := pin(h.pid, p.program.CPUs); err != nil {
		return err
	}
	if err := h.answer(p.attended(), &p.sandbox.beside); err != nil {
		return err
	}
	p.startClocks()
	err = h.conn.Send(handshake.Message{Kind: handshake.Go, Args: [][]byte{message}, Files: p.streams.files})
	if err != nil && !errors.Is(err, unix.EPIPE) {
		p.stopClocks()
		return err
	}
	p.streams.copy(p.killFor)
	return nil // when init is dead already, Wait finds out why
}

// lateAfter is when Program.Late is called: most trivial programs have ended.
const lateAfter = 2 * time.Millisecond

// attended tells whether what waits for the sandbox serves the program, too. That is for one program at a time.
func (p *Process) attended() bool { return p.program.Attended && !p.second }

// startClocks lets time pass for the program.
func (p *Process) startClocks() {
	p.stop = context.AfterFunc(p.ctx, func() { p.killFor(context.Cause(p.ctx)) })
	if p.program.Timeout != 0 {
		p.timer = time.AfterFunc(p.program.Timeout, func() { p.killFor(ErrTimeout) })
	}
	p.exit.Started, p.clock = time.Now(), monotonic()
	if p.attended() && p.program.Late != nil {
		p.sandbox.beside.Late(p.exit.Started.Add(lateAfter), p.program.Late)
	}
}

func (p *Process) stopClocks() {
	p.stop()
	if p.attended() && p.program.Late != nil {
		p.sandbox.beside.Late(time.Time{}, nil)
	}
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

// monotonic is the clock by which init says when the program ended.
func monotonic() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // does not fail
	return time.Duration(t.Nano())
}
