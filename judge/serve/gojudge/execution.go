package gojudge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"
	"syscall"
	"time"

	"judge/isolate"
	"judge/limits"
)

// execution is one command of a request being executed.
type execution struct {
	runner  *Runner
	command Command
	index   int
	cmd     *Cmd
	cpus    []int
	limits  limits.Limits
	input   *budget // what the files of the request may still have, which the host's memory holds
	reply   *budget

	scratch     *isolate.Scratch // what is below /w and /tmp; nil: not made yet
	descriptors descriptors
	collectors  []*collector
	proxied     []*collector   // of what goes through a proxy
	typing      sync.WaitGroup // at its terminal
	ending      ending
	result      Result
}

func newExecution(r *Runner, c Command, index int, cpus []int, input, reply *budget) *execution {
	return &execution{runner: r, command: c, index: index, cmd: &c.Request.Cmd[index], cpus: cpus, input: input, reply: reply}
}

// execute runs the command and takes from the sandbox what is asked for. Ready returns when all commands of
// the request are ready to run; it is called once. The error is one of our machinery, or of the context.
func (e *execution) execute(ctx context.Context, ready func()) (err error) {
	var once sync.Once
	defer once.Do(ready)
	defer e.close()
	if e.limits, err = e.cmd.limits("cmd"); err != nil {
		return err
	}
	if err := e.open(ctx); err != nil || e.failed() {
		return err
	}
	seat, err := e.runner.seat()
	if err != nil {
		return err
	}
	defer e.runner.giveBack(seat)
	sandbox := seat.Sandbox
	group, err := e.runner.Host.NewGroup()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.Discard(), group.Close()) }()
	root := &isolate.Root{Upper: e.scratch}
	admit, tasks := group.Entrance()
	if err := sandbox.Prepare(root, admit, tasks...); err != nil {
		return err
	}
	once.Do(ready)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if e.ending, err = e.run(ctx, sandbox, group, root); err != nil {
		return err
	}
	return e.collect(ctx)
}

// close gives back what open has made.
func (e *execution) close() {
	e.descriptors.close()
	for _, c := range e.collectors {
		c.wait()
	}
	e.typing.Wait()
	if e.scratch != nil {
		e.scratch.Close()
	}
}

// open makes what the command finds: its files and descriptors. What is wrong with them is in the result.
func (e *execution) open(ctx context.Context) error {
	cpus, err := parseCPUs(e.cmd.CPUSetLimit)
	if err != nil {
		return err
	}
	if err := checkCPUs(cpus); err != nil {
		e.result.Status, e.result.Error = StatusInternalError, err.Error()
		return nil
	}
	if cpus != nil {
		e.cpus = cpus
	}
	if err := e.copyIn(ctx); err != nil || e.failed() {
		return err
	}
	return e.openDescriptors(ctx)
}

// failed tells whether the command is over before it has begun.
func (e *execution) failed() bool { return e.result.Status != "" }

// run runs the program until it ends or a limit is exceeded.
func (e *execution) run(ctx context.Context, sandbox *isolate.Sandbox, group *limits.Group, root *isolate.Root) (ending, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, c := range e.collectors {
		c.start(func() { cancel(errOutput) })
	}
	var wall *time.Timer
	var watch *limits.Watch
	tooSmall := false
	gate := func(pid int) error {
		if err := errors.Join(group.Limit(e.limits), group.Start(pid)); err != nil {
			tooSmall = errors.Is(err, syscall.EBUSY) // no program fits into the memory limit
			return err
		}
		wall = time.AfterFunc(e.limits.Wall, func() { cancel(errTime) })
		watch = group.Watch(func(a limits.Alarm) { cancel(causeOf(a)) })
		return nil
	}
	exit, err := e.await(ctx, sandbox, root, gate)
	if wall != nil {
		wall.Stop()
	}
	if watch != nil {
		watch.Stop()
	}
	if tooSmall {
		return ending{signal: syscall.SIGKILL, outOf: errMemory}, nil
	}
	usage, usageErr := group.Usage()
	return newEnding(exit, err, usage, usageErr)
}

// await starts the program and waits for its end.
func (e *execution) await(ctx context.Context, sandbox *isolate.Sandbox, root *isolate.Root, gate isolate.Gate) (isolate.Exit, error) {
	process, err := sandbox.Start(ctx, e.program(root), gate)
	e.descriptors.close() // the program has its own by now, or none will
	if err != nil {
		return isolate.Exit{}, err
	}
	return process.Wait()
}

func (e *execution) program(root *isolate.Root) isolate.Program {
	p := isolate.Program{
		Path: e.path(), Args: e.cmd.Args, Env: e.cmd.Env, Dir: workDir, Root: root,
		Rlimits:  e.cmd.rlimits(e.limits, e.runner.Host.Lack()),
		Terminal: e.cmd.TTY,
		CPUs:     e.cpus,
	}
	files := e.descriptors.files
	p.Stdin = files[0]
	if files[1] != nil { // or it would be an interface that holds nil
		p.Stdout = files[1]
	}
	if files[2] != nil {
		p.Stderr = files[2]
	}
	p.Files = files[3:]
	return p
}

// path is of the program in the sandbox: what copyIn has brought is found under its bare name.
func (e *execution) path() string {
	name := e.cmd.Args[0]
	if path.Base(name) != name {
		return name
	}
	for copied := range e.cmd.CopyIn {
		if at, err := place(copied); err == nil && at == workDir+"/"+name {
			return at
		}
	}
	return name
}

// fault notes what is wrong with a file; it does not end the command.
func (e *execution) fault(name string, kind FileErrorType, format string, args ...any) {
	e.result.FileError = append(e.result.FileError, FileError{Name: name, Type: kind, Message: fmt.Sprintf(format, args...)})
}

// fail ends the command before it has begun, because of a file.
func (e *execution) fail(name string, kind FileErrorType, err error) {
	e.fault(name, kind, "%v", err)
	e.result.Status = StatusFileError
	e.result.Error = e.result.FileError[len(e.result.FileError)-1].Message
}

// admit takes the bytes of a file from those that the request's files may have. Without enough left the command
// ends, and it returns false.
func (e *execution) admit(name string, size int64) bool {
	if e.input.take(size) < size {
		e.fail(name, CopyInCopyContent, fmt.Errorf("files of a request have more than %d bytes together", MaxInput))
		return false
	}
	return true
}

// source opens a content or a stored file, which the caller closes.
func (e *execution) source(ctx context.Context, f *CmdFile) (content io.ReadCloser, size int64, err error) {
	if f.Content != nil {
		return contentOf(*f.Content), int64(len(*f.Content)), nil
	}
	if e.runner.Files == nil {
		return nil, 0, fmt.Errorf("%w: there is no store", ErrUnknownFile)
	}
	owner := e.command.Owner
	if slices.Contains(e.command.Moved, *f.FileID) {
		owner = movedOwner(owner)
	}
	file, content, err := e.runner.Files.Open(ctx, owner, *f.FileID)
	if err != nil {
		return nil, 0, fmt.Errorf("fileId %.40q: %w", *f.FileID, err)
	}
	return content, file.Bytes, nil
}
