package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"judge/isolate"
	"judge/limits"
)

// slot runs one program at a time: a sandbox and the groups of its runs. While a program runs, the next
// sandbox is made, all but the program itself, so that a run waits for little more than execve.
type slot struct {
	host    *limits.Host
	cpus    []int          // that programs may run on; nil: any
	spare   bool           // there are two CPUs for each slot: one beside the program's, to prepare the next run on
	config  isolate.Config // of the sandbox
	sandbox *isolate.Sandbox
	share   *limits.Share    // of the CPUs, that the sandbox is in
	next    *preparation     // what is prepared; nil: nothing
	leaving *isolate.Process // the last run, whose sandbox the kernel takes down while the next one runs; nil: it is gone
	ended   time.Time        // when the last run did
	retired chan error       // tells when the last run's group is removed; nil: it is
	err     error            // groups that could not be removed
}

// preparation is what is done ahead of a run.
type preparation struct {
	group *limits.Group  // of the run
	err   error          // why it is not ready
	made  sync.WaitGroup // for the above
}

// execution is what a slot is asked to run.
type execution struct {
	config  isolate.Config
	program isolate.Program
	limits  limits.Limits
	stdout  *stream       // nil: standard output is nobody's, or a relay's
	stderr  *stream       // nil: standard error goes where standard output does
	next    *isolate.Root // of the run that will follow in this slot; nil: not known

	// For interactions; nil: nobody wants to know.
	started func()              // called when the program has its own copies of all descriptors
	look    func(*limits.Group) // gets the group at the gate, and nil when it may not be looked at any more
	expired func() Stop         // says what it is that the wall clock has run out
	said    *phrases            // what the runtime said on standard error
}

// overtime is why the run ends when its wall clock has run out.
func (e *execution) overtime(group *limits.Group) Stop {
	if e.expired != nil && e.expired() == StopDeadlock {
		return StopDeadlock
	}
	if t, err := threadsOf(group, nil); err == nil && t.awake {
		return StopBusy
	}
	return StopWall
}

// read reads what the program writes from now on.
func (e *execution) read() {
	for _, s := range e.streams() {
		s.start()
	}
}

// streams are what the run's output goes through.
func (e *execution) streams() []*stream {
	return slices.DeleteFunc([]*stream{e.stdout, e.stderr}, func(s *stream) bool { return s == nil })
}

// tries is how often an execution is tried when our own machinery fails: whatever the cause was, a
// fresh sandbox may not have it.
const tries = 5

// run executes in a fresh sandbox. The error, and Facts.Err, say that it could not be done at all.
func (s *slot) run(ctx context.Context, e execution) (Facts, isolate.Exit, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, s := range e.streams() {
		reason := StopStdout
		if s == e.stderr {
			reason = StopStderr
		}
		s.over = func() { cancel(stopError(reason)) }
	}
	group, err := s.ready(e.config, e.program.Root)
	if err != nil {
		return Facts{}, isolate.Exit{}, err
	}
	var watch *limits.Watch
	var wall *timeout
	gate := func(pid int) error {
		if _, tasks := group.Entrance(); tasks != nil && s.spare && e.next != nil && !s.sandbox.Serves(e.next) {
			s.next = s.prepare(e.next)
		}
		if err := errors.Join(group.Limit(e.limits), group.Start(pid)); err != nil {
			return err
		}
		if e.limits.Wall > 0 {
			wall = after(e.limits.Wall, func() { cancel(stopError(e.overtime(group))) })
		}
		watch = group.Watch(func(a limits.Alarm) {
			cancel(alarmCause(a))
			// At once, where the kernel can: init may have to wait for a CPU that the program does not give up.
			_ = group.Kill()
		})
		if e.look != nil {
			e.look(group)
		}
		return nil
	}
	exit, err := s.await(ctx, e, group, gate)
	wall.stop() // it looks at the group, which is another run's then
	if watch != nil {
		watch.Stop()
	}
	if e.look != nil {
		e.look(nil)
	}
	facts, err := facts(e, group, exit, err)
	s.retire(group)
	return facts, exit, err
}

// retire gives a group back that is read, or removes it behind the next run's back: the kernel may be busy for
// milliseconds with putting that one into its own.
func (s *slot) retire(group *limits.Group) {
	s.awaitRetired()
	if group.Recycle() {
		return
	}
	done := make(chan error, 1)
	s.retired = done
	go func() { done <- group.Close() }()
}

func (s *slot) awaitRetired() {
	if s.retired != nil {
		s.err = errors.Join(s.err, <-s.retired)
		s.retired = nil
	}
}

// await starts the program and waits for its end; meanwhile it prepares the next run. At first the program's output is
// left in its pipes: most programs end soon or do not fill them.
func (s *slot) await(ctx context.Context, e execution, group *limits.Group, gate isolate.Gate) (isolate.Exit, error) {
	e.program.CPUs = s.cpus
	e.program.Attended, e.program.Late = true, e.read
	process, err := s.sandbox.Start(ctx, e.program, gate)
	if err != nil {
		return isolate.Exit{}, err
	}
	for _, stream := range e.streams() {
		stream.release()
	}
	if e.started != nil {
		e.started()
	}
	// After a pause the kernel takes milliseconds to put a process into its groups, if that does not do it itself, and
	// holds up others with that: the next run is then prepared when this one is over.
	_, tasks := group.Entrance()
	busy := tasks != nil || time.Since(s.ended) < 20*time.Millisecond
	if e.next != nil && busy && s.next == nil {
		s.next = s.prepare(e.next)
	}
	s.settle()
	exit, err := s.wait(process, e, group)
	s.ended = time.Now()
	if e.next != nil && !busy && err == nil {
		next := &preparation{} // it is made while the result is on its way
		next.made.Go(func() { s.make(next, e.next) })
		s.next = next
	}
	return exit, err
}

// wait waits for a run's end. When its group is empty nothing that the run could do is left, and its figures are final:
// if another run follows, the kernel takes the sandbox down beside that.
func (s *slot) wait(process *isolate.Process, e execution, group *limits.Group) (isolate.Exit, error) {
	if e.next == nil || e.started != nil || e.program.Root.Upper != nil {
		return process.Wait()
	}
	exit, err := process.WaitProcesses(group.Empty)
	if err == nil {
		s.leaving = process
	}
	return exit, err
}

// settle waits until nothing is left of the run before this one.
func (s *slot) settle() {
	if s.leaving == nil {
		return
	}
	if _, err := s.leaving.Wait(); err != nil {
		s.err = errors.Join(s.err, err)
	}
	s.leaving = nil
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
func facts(e execution, group *limits.Group, exit isolate.Exit, runErr error) (Facts, error) {
	f := Facts{Limits: e.limits, Path: e.program.Path}
	var exec *isolate.ExecError
	if errors.As(runErr, &exec) {
		f.Exec = exec.Err
	} else if runErr != nil {
		// Memory may have run out under the program before it was executed, and taken with it what
		// shared its memory: that is the program's limit, not our failure.
		if usage, err := group.Usage(); err == nil && usage.OOM {
			f.OOM, f.Signal, f.Memory = true, "SIGKILL", usage.Memory
			return f, nil
		}
		return f, runErr
	}
	usage, err := group.Usage()
	if err != nil {
		return f, err
	}
	f.CPU, f.Wall, f.Memory = usage.CPU, exit.Wall, usage.Memory
	f.OOM, f.ForkRefused, f.ForkFlood, f.Processes = usage.OOM, usage.ProcessLimit, usage.ForkFlood, usage.Processes
	f.DiskFull, f.Refused, f.Waits = exit.DiskFull, exit.Refused, exit.Rusage.Nvcsw
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

// open starts the slot's sandbox, as often as it takes: that it can be started at all is what a host
// must be able to do.
func (s *slot) open() error {
	var err error
	for range tries {
		if err = s.start(); err == nil {
			return nil
		}
	}
	return err
}

// start starts the slot's sandbox if it has none.
func (s *slot) start() (err error) {
	if s.sandbox != nil {
		return nil
	}
	if s.share == nil {
		if s.share, err = s.host.NewShare(); err != nil {
			return err
		}
	}
	s.sandbox, err = s.config.New(s.share.Tasks()...)
	return err
}

// prepare makes the sandbox of a run, and the group that the process that will become the program is put into, or puts
// itself. The former can take the kernel milliseconds, so it is done while a program runs: nothing that is measured
// waits for it. The latter only has to be told, and that just before the program of the run before starts if there is a
// CPU for each: the program then begins at once on the CPU that we leave, and the kernel need not move it to another.
func (s *slot) prepare(root *isolate.Root) *preparation {
	a := &preparation{}
	s.make(a, root)
	return a
}

// awaitMade waits until what is prepared is, if that was left to itself.
func (s *slot) awaitMade() {
	if s.next != nil {
		s.next.made.Wait()
	}
}

func (s *slot) make(a *preparation, root *isolate.Root) {
	if a.group, a.err = s.host.NewGroup(); a.err == nil {
		admit, tasks := a.group.Entrance()
		a.err = s.sandbox.Prepare(root, admit, tasks...)
	}
}

// ready waits until a sandbox with the root is at the gate, and returns its group, which the caller
// closes.
func (s *slot) ready(config isolate.Config, root *isolate.Root) (*limits.Group, error) {
	if !s.config.Equal(config) {
		s.reset()
		s.config = config
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	s.awaitMade()
	if s.next != nil && s.next.err == nil && s.sandbox.Prepared(root) {
		group := s.next.group
		s.next = nil
		return group, nil
	}
	if err := s.drop(); err != nil {
		return nil, err
	}
	s.next = s.prepare(root)
	if err := s.next.err; err != nil {
		return nil, errors.Join(err, s.drop())
	}
	group := s.next.group
	s.next = nil
	return group, nil
}

// drop forgets a prepared run, and waits until nothing is left of the last one.
func (s *slot) drop() error {
	s.settle()
	s.awaitMade()
	a := s.next
	if a == nil {
		return nil
	}
	s.next = nil
	err := s.sandbox.Discard()
	if a.group != nil {
		err = errors.Join(err, a.group.Close())
	}
	return err
}

// reset gives the slot a new sandbox after a failure.
func (s *slot) reset() {
	s.settle()
	s.awaitMade()
	a := s.next
	s.next = nil
	if s.sandbox != nil {
		s.sandbox.Close()
		s.sandbox = nil
	}
	if a != nil && a.group != nil {
		a.group.Close()
	}
}

// close ends the sandbox, with whatever is prepared in it. It tells what could not be removed.
func (s *slot) close() error {
	s.reset()
	s.awaitRetired()
	return errors.Join(s.err, s.share.Close())
}
