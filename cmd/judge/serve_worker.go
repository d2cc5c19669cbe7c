package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"judge/isolate"
	"judge/judge"
	"judge/judge/queue"
	"judge/judge/serve/gojudge"
	"judge/judge/worker"
)

// localWorker is the worker in the process of a service.
type localWorker struct {
	pool   *judge.Pool
	runner *gojudge.Runner
	worker *worker.Worker
	temp   string
	log    *slog.Logger
}

type localWorkerOptions struct {
	dir      string // of its own, below which it keeps what it can make again
	temp     string // directory for files that live as long as the process
	bytes    int64  // of files of tasks; 0: the worker's default
	jobs     int
	degraded bool
	log      *slog.Logger
}

// openLocalWorker makes a worker of the queue. The caller closes it after run. The error is a *judge.HostError
// where programs cannot be run.
func openLocalWorker(q *queue.Queue, files gojudge.Files, o localWorkerOptions) (_ *localWorker, err error) {
	if err := isolate.Probe(); err != nil {
		return nil, fmt.Errorf("%w\njudge doctor shows what this host can do", &judge.HostError{Err: err})
	}
	l := &localWorker{temp: o.temp, log: o.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.pool, err = judge.NewPool(judge.PoolOptions{Jobs: o.jobs, Degraded: o.degraded}); err != nil {
		return nil, fmt.Errorf("%w\njudge doctor shows what this host can do; --degraded judges without", err)
	}
	l.runner = &gojudge.Runner{Files: files}
	l.worker, err = worker.New(worker.Config{
		Queue: worker.FromQueue(q), Pool: l.pool, Name: q.Name(), Dir: o.dir, Bytes: o.bytes,
		Grace: jobsGrace, Commands: l.runner.Do, Version: version(), Log: o.log,
	})
	if err == nil {
		l.runner.Memory = l.worker.Most().Memory
	}
	return l, err
}

// start lets it judge until the context ends. The context that is returned ends as well when it judges no more, for
// a service without its worker is none; stop ends it, waits, and closes the worker.
func (l *localWorker) start(ctx context.Context) (_ context.Context, stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- l.run(ctx)
	}()
	return ctx, func() error {
		cancel()
		return errors.Join(<-ended, l.close())
	}
}

// run judges until the context ends. Languages are tried meanwhile: what needs one of them waits until it was.
func (l *localWorker) run(ctx context.Context) error {
	var trying sync.WaitGroup
	defer trying.Wait()
	trying.Go(func() {
		if err := offerLanguages(ctx, l.pool, l.worker, l.temp); err != nil && ctx.Err() == nil {
			l.log.Error("languages were not tried", "error", err)
		}
	})
	return l.worker.Run(ctx)
}

func (l *localWorker) close() error {
	var errs []error
	if l.worker != nil {
		errs = append(errs, l.worker.Close())
	}
	if l.runner != nil {
		errs = append(errs, l.runner.Close())
	}
	if l.pool != nil {
		errs = append(errs, l.pool.Close())
	}
	return errors.Join(errs...)
}

// offerLanguages lets a worker offer each language whose small program is judged as it should be. The programs are
// below temp meanwhile. They are run each time; that they compile is known from the start before, unless a compiler is
// another one now.
func offerLanguages(ctx context.Context, pool *judge.Pool, w *worker.Worker, temp string) error {
	task, remove, err := helloTaskBelow(temp)
	if err != nil {
		return err
	}
	defer remove()
	installed := task
	installed.Submissions = nil
	for _, s := range task.Submissions {
		if s.Language.Missing() == "" {
			installed.Submissions = append(installed.Submissions, s)
		}
	}
	// They are offered in this order.
	slices.SortStableFunc(installed.Submissions, func(a, b judge.Submission) int { return turn(a.Language) - turn(b.Language) })
	defer pool.Forget(&installed)
	// A batch each, for a batch has its slots to its end: jobs come in between.
	sink := &offers{worker: w, versions: map[string]string{}}
	for i := range installed.Submissions {
		one := installed
		one.Submissions = installed.Submissions[i : i+1]
		if _, err := (judge.Batch{Pool: pool, Cache: w.Compilations(), Version: version()}).Run(ctx, []judge.Task{one}, sink); err != nil {
			return err
		}
	}
	return nil
}

// turn says when a language is tried: what is common and quick comes first, what has to be prepared last.
func turn(l *judge.Language) int {
	switch {
	case slices.Contains([]string{"c", "cpp", "python", "bash"}, l.Name):
		return 0
	case len(l.Prepare) == 0:
		return 1
	}
	return 2
}

// offers is a judge.Sink that offers the languages of which a program was accepted.
type offers struct {
	worker   *worker.Worker
	versions map[string]string
}

func (o *offers) Write(r *judge.Record) error {
	switch {
	case r.Kind == judge.KindCompile:
		o.versions[r.Language] = judge.Visible(r.Compiler)
	case r.Kind == judge.KindSubmission && r.Verdict == judge.Accepted:
		o.worker.Offer(r.Language, o.versions[r.Language])
	}
	return nil
}

func (o *offers) Close() error { return nil }
