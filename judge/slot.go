package judge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"judge/isolate"
	"judge/limits"
)

// slot runs one program at a time: a sandbox and the groups of its runs. What can be done ahead of a
// run, all but the program itself, is done while the result of the run before is being recorded.
type slot struct {
	host    *limits.Host
	sandbox *isolate.Sandbox
	group   *limits.Group // of the run that is prepared; nil: there is none
	ahead   chan error    // result of preparing, while it is under way
}

// execution is what a slot is asked to run.
type execution struct {
	program isolate.Program
	limits  limits.Limits
	stdout  *stream
	stderr  *stream // nil: standard error goes where standard output does
}

// tries is how often an execution is tried when our own machinery fails: whatever the cause was, a
// fresh sandbox may not have it.
const tries = 3

// run executes in a fresh sandbox. The error, and Facts.Err, say that it could not be done at all.
func (s *slot) run(ctx context.Context, e execution) (Facts, isolate.Exit, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.stdout.start(func() { cancel(stopError(StopStdout)) })
	if e.stderr != nil {
		e.stderr.start(func() { cancel(stopError(StopStderr)) })
	}
	if err := s.ready(e.program.Root); err != nil {
		return Facts{}, isolate.Exit{}, err
	}
	group := s.group
	var watch *limits.Watch
	var wall *time.Timer
	gate := func(int) error {
		if err := errors.Join(group.Limit(e.limits), group.Start()); err != nil {
			return err
		}
		if e.limits.Wall > 0 {
			wall = time.AfterFunc(e.limits.Wall, func() { cancel(stopError(StopWall)) })
		}
		watch = group.Watch(func(a limits.Alarm) { cancel(alarmCause(a)) })
		return nil
	}
	exit, err := s.sandbox.Run(ctx, e.program, gate)
	if wall != nil {
		wall.Stop()
	}
	if watch != nil {
		watch.Stop()
	}
	facts, err := s.facts(e, exit, err)
	err = errors.Join(err, group.Close())
	s.group = nil
	return facts, exit, err
}

// stopError is the cause with which a run is cancelled when it has exceeded something.
type stopError Stop

func (e stopError) Error() string { return "stopped: " + string(e) }

// errOutOfMemory ends a run after one of its processes was killed for memory.
var errOutOfMemory = errors.New("out of memory")

func alarmCause(a limits.Alarm) error {
	switch a {
	case limits.AlarmCPU:
		return stopError(StopCPU)
	case limits.AlarmMemory:
		return errOutOfMemory
	}
	return fmt.Errorf("watch: %s", a)
}

// facts puts together what is known of a run that is over.
func (s *slot) facts(e execution, exit isolate.Exit, runErr error) (Facts, error) {
	f := Facts{Limits: e.limits, Path: e.program.Path}
	var exec *isolate.ExecError
	if errors.As(runErr, &exec) {
		f.Exec = exec.Err
	} else if runErr != nil {
		// Memory may have run out under the program before it was executed, and taken with it what
		// shared its memory: that is the program's limit, not our failure.
		if usage, err := s.group.Usage(); err == nil && usage.OOM {
			f.OOM, f.Signal, f.Memory = true, "SIGKILL", usage.Memory
			return f, nil
		}
		return f, runErr
	}
	usage, err := s.group.Usage()
	if err != nil {
		return f, err
	}
	f.CPU, f.Wall, f.Memory = usage.CPU, exit.Wall, usage.Memory
	f.OOM, f.ForkRefused, f.Processes = usage.OOM, usage.ProcessLimit, usage.Processes
	f.DiskFull, f.Refused = exit.DiskFull, exit.Refused
	if !usage.HasCPU {
		f.CPU = time.Duration(exit.Rusage.Utime.Nano() + exit.Rusage.Stime.Nano())
	}
	if !usage.HasMemory {
		f.Memory = exit.Rusage.Maxrss << 10
	}
	if exit.Status.Signaled() {
		f.Signal = SignalName(exit.Status.Signal())
	} else {
		f.ExitCode = exit.Status.ExitStatus()
	}
	var stop stopError
	switch {
	case exit.Cause == nil:
	case errors.As(exit.Cause, &stop):
		f.Stop = Stop(stop)
	case errors.Is(exit.Cause, errOutOfMemory):
		f.OOM = true
	case errors.Is(exit.Cause, context.Canceled):
		f.Stop = StopCancelled
	default:
		return f, exit.Cause
	}
	if usage.HostOOM {
		return f, errors.New("the host ran out of memory and killed a process of the run")
	}
	return f, nil
}

// prepare begins to make the sandbox of the next run with the root. The slot may not be used for
// anything else before ready or close.
func (s *slot) prepare(root *isolate.Root) {
	if s.ahead != nil || s.group != nil {
		return
	}
	s.ahead = make(chan error, 1)
	go func() { s.ahead <- s.makeReady(root) }()
}

// ready waits until a sandbox with the root is at the gate.
func (s *slot) ready(root *isolate.Root) error {
	if s.ahead != nil {
		err := <-s.ahead
		s.ahead = nil
		if err == nil && s.sandbox.Prepared(root) {
			return nil
		}
		if err := s.drop(); err != nil {
			return err
		}
	}
	return s.makeReady(root)
}

// makeReady makes the group and the sandbox of a run, and puts the process that will become the
// program into the group: while nobody waits for it, because the kernel can take milliseconds.
func (s *slot) makeReady(root *isolate.Root) (err error) {
	if s.sandbox == nil {
		if s.sandbox, err = isolate.New(); err != nil {
			return err
		}
	}
	if s.group, err = s.host.NewGroup(); err != nil {
		return err
	}
	return s.sandbox.Prepare(root, s.group.Admit)
}

// drop forgets a prepared run.
func (s *slot) drop() error {
	var err error
	if s.sandbox != nil {
		err = s.sandbox.Discard()
	}
	if s.group != nil {
		err = errors.Join(err, s.group.Close())
		s.group = nil
	}
	return err
}

// reset gives the slot a new sandbox after a failure.
func (s *slot) reset() {
	if s.sandbox != nil {
		s.sandbox.Close()
		s.sandbox = nil
	}
	if s.group != nil {
		s.group.Close()
		s.group = nil
	}
}

// close ends the sandbox, with whatever is prepared in it.
func (s *slot) close() {
	if s.ahead != nil {
		<-s.ahead
		s.ahead = nil
	}
	s.reset()
}
