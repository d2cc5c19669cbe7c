package selftest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"judge/fixtures/hostile"
	"judge/judge"
	"judge/limits"
)

// Options change how programs are run. The zero value is what judge selftest does.
type Options struct {
	Version     string        // of the judge, for its records
	Slowness    int           // of this host, as Slowness finds it: programs get so much more time; 0: 1
	CompileTime time.Duration // that a compiler may take, CPU and real; 0: 10 s, or more on a slow host
}

// Runner runs hostile programs, one after the other. It is for one goroutine. Close removes what it
// planted on the host.
type Runner struct {
	options   Options
	dir       string
	host      *limits.Host // keeps this process and the canary out of the way of each batch's own Host
	languages languages
	canaries  *canaries
	before    snapshot
	grace     time.Duration // what starting a sandbox, and ending a run, may take here
}

// NewRunner plants the canaries and judges a harmless program. The error is a *judge.HostError if this
// host cannot isolate.
func NewRunner(ctx context.Context, o Options) (r *Runner, err error) {
	o.Slowness = max(o.Slowness, 1)
	o.CompileTime = cmp.Or(o.CompileTime, compileTimeOn(o.Slowness))
	made := &Runner{options: o}
	r = made
	defer func() {
		if err != nil {
			made.Close() // r is nil by now
		}
	}()
	// The Host of a batch may have to move this process to another cgroup, which it does only if no child
	// is left behind in the old one. The canary is such a child, so it is started where this Host moved us.
	if r.host, err = limits.Open(limits.Options{}); err != nil {
		return nil, &judge.HostError{Err: err}
	}
	if r.dir, err = os.MkdirTemp("", "judge-selftest-"); err != nil {
		return nil, err
	}
	// Whoever gets out of a sandbox can look into it: canaries are there to be found.
	if err := os.Chmod(r.dir, 0o755); err != nil {
		return nil, err
	}
	r.languages = languages{dir: r.dir, known: map[string]*judge.Language{}}
	if r.canaries, err = plant(r.dir); err != nil {
		return nil, err
	}
	begin := time.Now()
	records, err := r.judge(ctx, 1, r.control())
	if err != nil {
		return nil, err
	}
	r.grace = time.Since(begin) + time.Duration(o.Slowness-1)*allowance
	for _, record := range records {
		if record.Kind == judge.KindSubmission && record.Verdict != judge.Accepted {
			return nil, &judge.HostError{Err: fmt.Errorf("a harmless program: %s: %s", record.Verdict, record.Message)}
		}
	}
	r.before = r.look()
	return r, nil
}

// Close removes the canaries and all files. It is idempotent.
func (r *Runner) Close() error {
	var errs []error
	if r.canaries != nil {
		errs = append(errs, r.canaries.Close())
		r.canaries = nil
	}
	if r.host != nil {
		errs = append(errs, r.host.Close())
		r.host = nil
	}
	if r.dir != "" {
		errs = append(errs, os.RemoveAll(r.dir))
		r.dir = ""
	}
	return errors.Join(errs...)
}

// Run runs one program. The error is one of ours, or the context's.
func (r *Runner) Run(ctx context.Context, p hostile.Program) (Result, error) {
	needs, task, err := r.task(p)
	if err != nil || needs != "" {
		return Result{Program: p, Needs: needs}, err
	}
	begin := time.Now()
	result, err := r.attempt(ctx, p, task)
	for range pairRetries {
		if err != nil || !slices.Equal(result.Broken, []string{apart}) {
			break
		}
		result, err = r.attempt(ctx, p, task)
	}
	result.Took = time.Since(begin)
	return result, err
}

// pairRetries is how often a pair is run again whose runs missed one another, as they do on a busy host.
const pairRetries = 4

// attempt runs a program once.
func (r *Runner) attempt(ctx context.Context, p hostile.Program, task judge.Task) (Result, error) {
	e := evidence{grace: r.grace}
	jobs, tasks := 1, []judge.Task{task, r.control()}
	if p.Stage == hostile.StagePair {
		// While one slot is busy with the harmless program the other one starts as well.
		jobs, tasks = len(task.Tests), []judge.Task{r.control(), task, r.control()}
	}
	records, err := r.judge(ctx, jobs, tasks...)
	for _, record := range records {
		if record.Task == task.Name {
			e.records = append(e.records, record)
		} else {
			e.control = append(e.control, record)
		}
	}
	if err != nil {
		return Result{Program: p}, err
	}
	now := r.look()
	e.host, e.contacts = r.before.changes(now), r.canaries.contacts()
	r.before = now
	return conclude(p, e), nil
}

// task is what to judge, or what it needs that is not there.
func (r *Runner) task(p hostile.Program) (needs string, task judge.Task, err error) {
	language, needs, err := r.languages.of(p.Extension())
	if err != nil || needs != "" {
		return needs, task, err
	}
	shell, needs, err := r.languages.of(".sh")
	if err != nil || needs != "" {
		return needs, task, err
	}
	c, needs, err := r.languages.of(".c")
	if err != nil || needs != "" {
		return needs, task, err
	}
	if p.Stage == hostile.StageCompileNames {
		task = named(p, r.dir, c)
	} else if task, err = attack(p, language, r.dir, r.canaries); err != nil {
		return "", task, err
	}
	if p.Stage == hostile.StageInteractive {
		task = interactive(task, shell)
	}
	for i := range task.Submissions {
		l := &task.Submissions[i].Language.CompileLimits
		l.CPU, l.Wall = r.options.CompileTime, r.options.CompileTime
	}
	if !countsTime(p) {
		task = r.slowed(task)
	}
	return "", task, nil
}

// control is a harmless program.
func (r *Runner) control() judge.Task { return r.slowed(control()) }

// slowed gives the runs of a task the time that they take on this host.
func (r *Runner) slowed(task judge.Task) judge.Task {
	task.Limits = slower(task.Limits, r.options.Slowness)
	for i := range task.Tests {
		task.Tests[i].Limits = slower(task.Tests[i].Limits, r.options.Slowness)
	}
	return task
}

// judge runs tasks and returns their records. All tests are run, whatever becomes of the first.
func (r *Runner) judge(ctx context.Context, jobs int, tasks ...judge.Task) ([]timed, error) {
	sink := &watch{last: time.Now()}
	_, err := judge.Batch{Jobs: jobs, AllTests: true, Version: r.options.Version}.Run(ctx, tasks, sink)
	return sink.records, err
}

// watch is a judge.Sink that notes when records come.
type watch struct {
	records []timed
	last    time.Time
}

func (w *watch) Write(r *judge.Record) error {
	now := time.Now()
	w.records = append(w.records, timed{r, now.Sub(w.last)})
	w.last = now
	return nil
}

func (w *watch) Close() error { return nil }

// look takes a snapshot of the host, the canaries' state included.
func (r *Runner) look() snapshot { return takeSnapshot(r.canaries.pid()) }
