package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"judge/judge/queue"
	"judge/judge/serve/gojudge"
	"judge/judge/worker"
	"judge/limits"
)

// workFlags are the flags of `judge work`.
type workFlags struct {
	nats      string // URL
	natsCreds string // a file's name; empty: none
	name      string // empty: one that nobody else has
	jobs      int
	cache     string // a directory; empty: one in the user's cache directory
	cacheSize string
	degraded  bool
	log       logFormat
}

func newWork() *cobra.Command {
	f := workFlags{log: logText}
	cmd := &cobra.Command{
		Use:   "work [flags] --nats URL",
		Short: "Judge what a service has in its queue",
		Long: `Work takes submissions from the queue of judge serve, judges them as judge run does, and
stores their results. Any number of workers may take from one queue. Each takes only what
needs no language that it does not have; it tries them when it starts.

It may be killed at any time: what it had goes to another worker. On SIGTERM it takes
nothing new, lets what runs end within half a minute, and gives the rest back. What its host
is to blame for it gives back as well.

Tasks come from strangers: one that asks for files, directories or the network of this host
is not judged.

Exit status: 0 it was told to end; 2 the command line is wrong; 3 this host cannot judge
exactly (judge doctor says why), or the cache cannot be used.`,
		Example: `  judge work --nats "$(cat nats-url)"
  judge work --nats tls://nats1:4222,tls://nats2:4222 --nats-creds worker.creds --jobs 8`,
		Args: wantNothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.nats, "nats", "", "take from the queue at `URL`; several servers of a cluster are separated by commas")
	flags.StringVar(&f.natsCreds, "nats-creds", "", "connect to --nats with the credentials of `FILE`")
	flags.StringVar(&f.name, "name", "", "be called `NAME` where workers are listed; no two may have the same (default: host and process id)")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "judge `N` submissions at one time (default: the physical cores that judge may use)")
	flags.StringVar(&f.cache, "cache", "", "keep files of tasks in `DIR`, which no other worker may use (default: judge/worker in the user's cache directory)")
	flags.StringVar(&f.cacheSize, "cache-size", "10GiB", "keep at most `SIZE` of files of tasks")
	flags.BoolVar(&f.degraded, "degraded", false, "judge also where this host cannot hold every limit; records say which")
	flags.Var(&f.log, "log", "how to log to standard error: text or json")
	return cmd
}

// run judges until the context ends.
func (f workFlags) run(ctx context.Context, stderr io.Writer) error {
	size, err := limits.ParseSize(f.cacheSize)
	switch {
	case f.nats == "":
		return errors.New("work: want --nats URL, the queue to take from: judge serve --nats-listen writes it to a file, and its log says to which")
	case f.jobs < 0:
		return fmt.Errorf("--jobs %d: want 1 or more, or 0 for the physical cores that judge may use", f.jobs)
	case err != nil || size <= 0:
		return fmt.Errorf(`--cache-size %s: want a size such as "10GiB"`, f.cacheSize)
	}
	log := f.log.logger(stderr)
	q, err := queue.Open(ctx, queue.Options{URL: f.nats, Credentials: f.natsCreds, Name: f.name, Log: log})
	if err != nil {
		if errors.Is(err, queue.ErrInvalid) {
			return &failure{statusUsage, fmt.Errorf("--nats: %w", err)}
		}
		return &failure{statusHost, err}
	}
	defer q.Close()
	o := localWorkerOptions{dir: f.cache, bytes: size, jobs: f.jobs, degraded: f.degraded, log: log}
	w, err := openWorker(q, o)
	if err != nil {
		return &failure{statusHost, err}
	}
	if err := w.inexact(); err != nil && !f.degraded {
		return &failure{statusHost, errors.Join(err, w.close())}
	}
	log.Info("takes jobs", "name", q.Name(), "jobs", w.pool.Jobs(), "version", version())
	err = errors.Join(w.run(ctx), w.close())
	log.Info("has ended")
	if err != nil {
		return &failure{statusHost, err}
	}
	return nil
}

// mostWorkers of one user on one host find a cache directory without being told.
const mostWorkers = 64

// openWorker opens a worker; without a directory in the first that no other worker has.
func openWorker(q *queue.Queue, o localWorkerOptions) (*localWorker, error) {
	if o.dir != "" {
		w, err := openWorkerIn(q, o)
		if errors.Is(err, worker.ErrCacheInUse) {
			err = fmt.Errorf("--cache: %w", err)
		}
		return w, err
	}
	caches, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("--cache: want a directory for files of tasks: %w", err)
	}
	for i := 1; ; i++ {
		o.dir = filepath.Join(caches, "judge", "worker")
		if i > 1 {
			o.dir += fmt.Sprint("-", i)
		}
		w, err := openWorkerIn(q, o)
		if !errors.Is(err, worker.ErrCacheInUse) || i == mostWorkers {
			return w, err
		}
	}
}

func openWorkerIn(q *queue.Queue, o localWorkerOptions) (*localWorker, error) {
	w, err := openLocalWorker(q, &gojudge.Store{Buckets: q}, o)
	if err != nil {
		return nil, err
	}
	if w.temp, err = emptyDir(filepath.Join(o.dir, "temporary")); err != nil { // ours alone: the worker has locked dir
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// inexact says why what the worker measures is not exact, as far as it is the host's limits; nil: it is.
func (l *localWorker) inexact() error {
	problems := l.pool.Host().Problems()
	if i := slices.IndexFunc(problems, inexact); i >= 0 {
		return fmt.Errorf("%s\njudge doctor shows what this host can do; --degraded judges without", problems[i].Sentence)
	}
	return nil
}
