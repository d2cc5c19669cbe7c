package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"judge/judge/queue"
	"judge/judge/serve"
	"judge/judge/serve/gojudge"
	"judge/judge/serve/piston"
	"judge/judge/serve/web"
	"judge/limits"
)

// serveFlags are the flags of `judge serve`.
type serveFlags struct {
	addr       string
	store      string // a directory; empty: serveDir
	nats       string // URL of outside servers; empty: the server is embedded, and a worker with it
	natsCreds  string // a file's name; empty: none
	natsListen string // an address for workers of other machines; empty: none
	filesSize  string // bound of all files of tasks together; empty: as it is, none at first
	filesAge   string // of files of tasks that nobody needs; empty: as it is, 30 days at first
	tokenFile  string // a file's name; empty: no tokens
	jobs       int
	degraded   bool
	log        logFormat
}

func newServe() *cobra.Command {
	f := serveFlags{log: logText}
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "Judge what comes over HTTP",
		Long: `Serve takes submissions over HTTP and judges them. It needs nothing else: the queue is in
the process, and so is a worker. What it has accepted it judges, even when it is killed
and started again: both are kept in --store.

Other machines help when --nats-listen gives them an address: start judge work there. With
--nats this process is a front of an outside NATS cluster, keeps nothing, and judges
nothing itself; any number of them can run.

Who may use it: users of this host, until --token-file names a file with a name and a token
in each line, as in "site 2pYvNqE8sWk4LrTz". An address that is not loopback needs one. A
line may go on with admin, priority=normal (the highest that it may give), rate=100,
concurrent=1000, streams=100, open=10000 and bytes=1GiB. The file is read again on SIGHUP.

/openapi.json describes the API, /metrics is for Prometheus, /healthz and /readyz for what
watches over services. Clients of go-judge and of Piston are understood as well.

SIGTERM drains: nothing new is taken, what runs may end within half a minute, and the rest
is judged after the next start.`,
		Example: `  judge serve
  judge serve --addr :8077 --token-file tokens
  judge serve --nats nats://judge:secret@nats1:4222,nats2:4222 --token-file tokens --addr :8077

  curl -s --json @- 'http://127.0.0.1:8077/v1/submissions?wait=60s' <<'END'
  { "task": { "files": {
      "tasks.toml": "[[task]]\nname = \"sum\"\ntests = [\"*.in\"]",
      "1.in": "1 2", "1.ans": "3" } },
    "sources": { "main.py": "print(sum(map(int, input().split())))" } }
  END`,
		Args: wantNothing,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.addr, "addr", "127.0.0.1:8077", "listen on `ADDRESS`; port 0 takes a free one, and the log says which")
	flags.StringVar(&f.tokenFile, "token-file", "", "let in only who has a token of `FILE`")
	flags.StringVar(&f.store, "store", "", "keep the queue in `DIR` (default: judge/serve in the user's state directory)")
	flags.StringVar(&f.filesSize, "files-size", "", "refuse new files of tasks when those in the queue take `SIZE`, such as 20GiB (default: as before, at first no bound)")
	flags.StringVar(&f.filesAge, "files-age", "", "forget files of tasks for which nobody has asked in `DAYS`, such as 90d; never: keep them (default: as before, at first 30d, and only when room gets short)")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "run `N` programs at one time (default: the physical cores that judge may use)")
	flags.BoolVar(&f.degraded, "degraded", false, "judge also where this host cannot hold every limit; records say which")
	flags.StringVar(&f.natsListen, "nats-listen", "", "let workers of other machines connect to `ADDRESS`, such as 10.0.0.1:4222")
	flags.StringVar(&f.nats, "nats", "", "be a front of the NATS servers at `URL`, separated by commas; judge work judges")
	flags.StringVar(&f.natsCreds, "nats-creds", "", "connect to --nats with the credentials of `FILE`")
	flags.Var(&f.log, "log", "how to log to standard error: text or json")
	return cmd
}

// How long what is under way may take when the service ends.
const (
	requestsGrace = 20 * time.Second
	jobsGrace     = 30 * time.Second
)

// run serves until the context ends. What is wrong with the command line is found before anything is begun.
func (f serveFlags) run(ctx context.Context, stderr io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	var tokens *serve.Tokens
	if f.tokenFile != "" {
		var err error
		if tokens, err = serve.ReadTokens(f.tokenFile); err != nil {
			return &failure{statusUsage, fmt.Errorf("--token-file: %w", err)}
		}
	}
	listener, err := serve.Listen(f.addr, tokens)
	if err != nil {
		return &failure{statusUsage, fmt.Errorf("--addr: %w", err)}
	}
	defer listener.Close()
	log := f.log.logger(stderr)
	if err := f.serve(ctx, listener, tokens, log); err != nil {
		return &failure{statusHost, err}
	}
	return nil
}

func (f serveFlags) check() error {
	if size, err := limits.ParseSize(f.filesSize); f.filesSize != "" && (err != nil || size <= 0) {
		return fmt.Errorf(`--files-size %s: want a size such as "20GiB"`, f.filesSize)
	}
	if _, err := parseAge(f.filesAge); err != nil {
		return fmt.Errorf("--files-age %s: %w", f.filesAge, err)
	}
	switch {
	case f.jobs < 0:
		return fmt.Errorf("--jobs %d: want 1 or more, or 0 for the physical cores that judge may use", f.jobs)
	case f.nats == "" && f.natsCreds != "":
		return errors.New("--nats-creds: want --nats URL, the servers that they are for")
	case f.nats != "" && f.natsListen != "":
		return errors.New("--nats and --nats-listen: want one of them: an outside server, or the one in this process")
	case f.nats != "" && (f.store != "" || f.jobs != 0 || f.degraded):
		return errors.New("--nats: does not go with --store, --jobs and --degraded: a front keeps nothing and judges nothing; judge work does")
	}
	return nil
}

// serve opens the queue, and a worker where the queue is embedded, and answers requests until the context ends.
func (f serveFlags) serve(ctx context.Context, listener net.Listener, tokens *serve.Tokens, log *slog.Logger) (err error) {
	options := queue.Options{URL: f.nats, Credentials: f.natsCreds, Log: log}
	if f.filesSize != "" {
		options.FileBytes, _ = limits.ParseSize(f.filesSize) // check has done it
	}
	options.FileAge, _ = parseAge(f.filesAge)
	dir, temp := f.store, ""
	if f.nats == "" {
		if dir, err = serveDir(dir); err != nil {
			return err
		}
		if options.Server, err = f.startServer(dir, log); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, options.Server.Close()) }()
		if temp, err = emptyDir(filepath.Join(dir, "temporary")); err != nil { // ours alone: the server has locked dir
			return err
		}
	}
	q, err := queue.Open(ctx, options)
	if err != nil {
		return fmt.Errorf("open queue: %w", err)
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	files := &gojudge.Store{Buckets: q}
	stopWorker := func() error { return nil }
	if f.nats == "" {
		worker, err := openLocalWorker(q, files, localWorkerOptions{
			dir: filepath.Join(dir, "worker"), temp: temp, jobs: f.jobs, degraded: f.degraded, log: log,
		})
		if err != nil {
			return err
		}
		var stop func() error
		ctx, stop = worker.start(ctx)
		stopWorker = sync.OnceValue(stop)
	}
	defer func() { err = errors.Join(err, stopWorker()) }()
	service := serve.New(serve.Options{Queue: q, Tokens: tokens, Version: version(), Log: log, Doors: doors(doorQueue{q}, files, log), Page: web.Handler(), Temp: temp})
	defer func() { err = errors.Join(err, service.Close()) }()
	defer f.rereadTokens(service, log)()
	// While the worker's last jobs end their results are answered, and what is new is told to try again.
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	defer endServing()
	defer context.AfterFunc(ctx, func() {
		service.Drain()
		stopWorker() // which returns the same again
		endServing()
	})()
	log.Info("listens", "address", listener.Addr().String(), "url", "http://"+listener.Addr().String(), "version", version())
	err = service.Serve(serving, listener, requestsGrace)
	log.Info("has ended")
	return err
}

// doorQueue is the queue as doors have it: in the name of clients, who do not choose a priority.
type doorQueue struct{ *queue.Queue }

func (q doorQueue) Submit(ctx context.Context, j queue.Job) (queue.Job, error) {
	j.Priority = serve.Priority(ctx, j.Priority)
	return q.Queue.Submit(ctx, j)
}

// doors are for clients of other judges.
func doors(q doorQueue, files gojudge.Files, log *slog.Logger) (doors []serve.Door) {
	run := gojudge.NewHandler(gojudge.Options{
		Jobs: gojudge.QueueJobs{Queue: q}, Files: files, Owner: serve.Owner, Version: version(), Log: log,
	})
	for _, pattern := range gojudge.Patterns {
		doors = append(doors, serve.Door{Pattern: pattern, Handler: run, Stores: pattern == "POST /file"})
	}
	execute := piston.NewHandler(piston.Options{Queue: q, Owner: serve.Owner, Log: log})
	for _, pattern := range piston.Patterns {
		doors = append(doors, serve.Door{Pattern: pattern, Handler: execute})
	}
	return doors
}

// rereadTokens replaces the tokens on SIGHUP, until the result is called. A file with mistakes changes nothing.
func (f serveFlags) rereadTokens(service *serve.Service, log *slog.Logger) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	var reading sync.WaitGroup
	reading.Go(func() {
		for range hangups {
			if f.tokenFile == "" {
				continue
			}
			tokens, err := serve.ReadTokens(f.tokenFile)
			if err == nil {
				err = service.SetTokens(tokens)
			}
			if err != nil {
				log.Error("tokens stay as they were", "error", err)
				continue
			}
			log.Info("tokens were read again")
		}
	})
	return func() {
		signal.Stop(hangups)
		close(hangups)
		reading.Wait()
	}
}
