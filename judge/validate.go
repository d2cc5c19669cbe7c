package judge

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"judge/isolate"
)

// validatorValid is the exit code with which a validator takes an input, by its protocol.
var validatorValid = map[string]int{Kattis: 42, Testlib: 0}

// validation is an input to be looked at by a validator.
type validation struct {
	task *Task
	test *TestCase
	tool *Tool
}

// Validate runs the validators of all tasks on the inputs of their tests, each pair once. The error is an
// *InputErrors when inputs are not valid or a validator does not do its work, a *HostError if nothing can be
// run, and the context's cause if it was cancelled.
func (b Batch) Validate(ctx context.Context, tasks []Task) error {
	work := validations(tasks)
	if len(work) == 0 {
		return nil
	}
	pool, closePool, err := b.pool(len(work))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	shared := b.newShared(pool)
	jobs := b.jobs(pool, len(work))
	found := make([]*InputError, len(work))
	errs := make([]error, jobs)
	var next atomic.Int64
	b.Monitor.watch(func() Progress {
		return Progress{Runs: int(min(next.Load(), int64(len(work)))), AllRuns: len(work)}
	})
	var workers sync.WaitGroup
	for i := range jobs {
		workers.Go(func() {
			if errs[i] = shared.validate(ctx, work, found, &next); errs[i] != nil {
				cancel()
			}
		})
	}
	workers.Wait()
	if err := errors.Join(append(errs, closePool())...); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return inputErrors(found)
}

// validations are all pairs of a validator and an input, in the order of the tasks. A plan can have a task in
// several parts.
func validations(tasks []Task) []validation {
	type pair struct {
		tool  *Tool
		input Data
	}
	var work []validation
	seen := map[pair]bool{}
	for i := range tasks {
		t := &tasks[i]
		for k := range t.Tests {
			for _, tool := range t.Validators {
				if p := (pair{tool, t.Tests[k].Input}); !seen[p] && tool.looksAt(t.Tests[k].Name) {
					seen[p] = true
					work = append(work, validation{t, &t.Tests[k], tool})
				}
			}
		}
	}
	return work
}

func inputErrors(found []*InputError) error {
	all := &InputErrors{}
	for _, e := range found {
		switch {
		case e == nil:
		case len(all.Errors) == maxKept:
			all.More++
		default:
			all.Errors = append(all.Errors, e)
		}
	}
	if len(all.Errors) == 0 {
		return nil
	}
	return all
}

// validate does work until there is none.
func (s *shared) validate(ctx context.Context, work []validation, found []*InputError, next *atomic.Int64) (err error) {
	w := &worker{shared: s}
	if w.seat, err = s.enter(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, s.leave(w.seat)) }()
	for {
		i := int(next.Add(1)) - 1
		if i >= len(work) || ctx.Err() != nil {
			return nil
		}
		v := work[i]
		if problem := w.validateInput(ctx, v); problem != "" {
			found[i] = &InputError{File: v.file(), Where: "task " + quoted(v.task.Name) + ": test " + quoted(v.test.Name), Message: problem}
		}
	}
}

// file is what the message is about: the input, or the task file that it stands in.
func (v validation) file() string {
	at := v.test.Input.File
	if at == "" {
		return v.task.File
	}
	if name, err := filepath.Rel(v.task.Dir, at); err == nil && filepath.IsLocal(name) {
		return filepath.Join(filepath.Dir(v.task.File), name)
	}
	return at
}

// validateInput says what is wrong with an input, or with its validator; empty: nothing.
func (w *worker) validateInput(ctx context.Context, v validation) string {
	p, err := w.tool(ctx, v.task, v.tool)
	if err != nil {
		return Visible(err.Error())
	}
	var said []string
	facts := w.retry(ctx, func() (Facts, error) {
		facts, stdout, stderr, err := w.runValidator(ctx, p, v)
		if err == nil {
			said = []string{string(stderr.head), string(stdout.head)}
		}
		return facts, err
	})
	return v.tool.invalid(facts, said)
}

// invalid concludes from how a validator ended and what it said.
func (t *Tool) invalid(f Facts, said []string) string {
	problem := f.toolFailure()
	switch {
	case f.Err != nil:
		return Visible(fmt.Sprintf("%s: %v", t, f.Err))
	case f.Stop == StopCancelled || problem == "" && f.ExitCode == validatorValid[t.Protocol]:
		return ""
	case problem != "":
		return t.failure(problem, said...).Failure
	}
	return t.failure(fmt.Sprintf("refuses the input with exit code %d", f.ExitCode), said...).Failure
}

func (w *worker) runValidator(ctx context.Context, p *program, v validation) (facts Facts, stdout, stderr *stream, err error) {
	input, err := w.openInput(v.test)
	if err != nil {
		return Facts{}, nil, nil, err
	}
	defer input.release()
	return w.runSetters(ctx, v.tool, p, isolate.Program{Args: v.tool.Args, Root: p.root, Stdin: input.File}, nil)
}
