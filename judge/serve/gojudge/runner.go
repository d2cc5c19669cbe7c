package gojudge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"judge/isolate"
	"judge/limits"
)

// Host makes the groups that hold and measure commands; a *limits.Host is one.
type Host interface {
	NewGroup() (*limits.Group, error)
	NewShare() (*limits.Share, error)
	Lack() limits.Lack
}

// Runner executes commands, a worker's side of this door. Its methods may be called concurrently; close it
// when none is running.
type Runner struct {
	Host  Host
	Files Files // stored files; nil: a command that names or makes one gets a file error

	// Memory bounds what the commands of a request may have together, in bytes: what the host can give. 0: anything.
	Memory int64

	// Acquire waits until the commands of a request may run, and says on which CPUs; nil CPUs: any. The caller
	// calls release after them. Nil: at once, on any.
	Acquire func(ctx context.Context) (cpus []int, release func(), err error)

	once sync.Once
	mu   sync.Mutex
	idle []*seat
}

// tries is how often a request is executed when our own machinery fails: a fresh sandbox may do.
const tries = 3

// Execute executes a Command and returns the list of Results, both as JSON. An error says that it is no
// command, that our own machinery failed, or that the context is over; what a program does is none.
func (r *Runner) Execute(ctx context.Context, command json.RawMessage) (json.RawMessage, error) {
	c, err := parseCommand(command)
	if err != nil {
		return nil, err
	}
	results, err := r.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	return json.Marshal(results)
}

// Run executes a command whose request was checked.
func (r *Runner) Run(ctx context.Context, c Command) (results []Result, err error) {
	if results, err = r.beyond(c.Request); results != nil || err != nil {
		return results, err
	}
	var cpus []int
	if r.Acquire != nil {
		var release func()
		if cpus, release, err = r.Acquire(ctx); err != nil {
			return nil, err
		}
		defer release()
	}
	for range tries {
		results, err = r.try(ctx, c, cpus)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil {
			return results, nil
		}
	}
	return nil, err
}

// beyond is the results of a request whose commands may have more memory than there is; nil: they may not.
func (r *Runner) beyond(request Request) (results []Result, err error) {
	memory := int64(0)
	for i := range request.Cmd {
		l, err := request.Cmd[i].limits(fmt.Sprintf("cmd[%d]", i))
		if err != nil {
			return nil, err
		}
		memory += l.Memory
	}
	if r.Memory <= 0 || memory <= r.Memory {
		return nil, nil
	}
	why := fmt.Sprintf("memoryLimit: the commands have %d bytes together: this worker allows at most %d", memory, r.Memory)
	for range request.Cmd {
		results = append(results, Result{Status: StatusInternalError, Error: why})
	}
	return results, nil
}

// try executes all commands of a request at the same time.
func (r *Runner) try(ctx context.Context, c Command, cpus []int) ([]Result, error) {
	input, reply := &budget{left: MaxInput}, &budget{left: MaxReply}
	executions := make([]*execution, len(c.Request.Cmd))
	for i := range executions {
		executions[i] = newExecution(r, c, i, cpus, input, reply)
	}
	errs := make([]error, len(executions))
	proxies, err := connect(c.Request.PipeMapping, executions)
	if err == nil {
		var ready, running sync.WaitGroup
		ready.Add(len(executions))
		for i, e := range executions {
			running.Go(func() {
				errs[i] = e.execute(ctx, func() {
					ready.Done()
					ready.Wait()
				})
			})
		}
		running.Wait()
	}
	for _, e := range executions {
		e.close()
	}
	for _, p := range proxies {
		p.wait()
	}
	results := make([]Result, len(executions))
	for i, e := range executions {
		results[i] = e.result
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		for _, e := range executions {
			e.withdraw(ctx)
		}
		return nil, err
	}
	return results, nil
}

// maxIdle bounds the sandboxes that wait for a next command.
const maxIdle = 2 * MaxCommands

// seat is a sandbox, and the part of the CPUs that it has.
type seat struct {
	*isolate.Sandbox
	share *limits.Share
}

func (s *seat) Close() error { return errors.Join(s.Sandbox.Close(), s.share.Close()) }

// seat is one that nothing runs in.
func (r *Runner) seat() (*seat, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.idle); n > 0 {
		s := r.idle[n-1]
		r.idle = slices.Delete(r.idle, n-1, n)
		return s, nil
	}
	share, err := r.Host.NewShare()
	if err != nil {
		return nil, err
	}
	sandbox, err := isolate.New(share.Tasks()...)
	if err != nil {
		return nil, errors.Join(err, share.Close())
	}
	return &seat{sandbox, share}, nil
}

// giveBack keeps a sandbox for the next command, if it can be used again.
func (r *Runner) giveBack(s *seat) {
	r.mu.Lock()
	keep := s.Err() == nil && len(r.idle) < maxIdle
	if keep {
		r.idle = append(r.idle, s)
	}
	r.mu.Unlock()
	if !keep {
		s.Close()
	}
}

// Close ends the sandboxes.
func (r *Runner) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.idle {
		errs = append(errs, s.Close())
	}
	r.idle = nil
	return errors.Join(errs...)
}
