package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"judge/judge"
	"judge/judge/cache"
	"judge/judge/queue"
	"judge/limits"
)

// Config says how a worker works. Queue, Pool, Dir and Name are needed; the zero value of another field is a good
// choice.
type Config struct {
	Queue Queue       // not closed by the worker
	Pool  *judge.Pool // the same
	Name  string      // its own among all workers

	Jobs  int           // submissions at one time; 0: as many as the pool has runs
	Dir   string        // cache of files and compilations, for this worker alone
	Bytes int64         // what the files may take; 0: 10 GiB
	Most  limits.Limits // what tasks may ask for; zero: DefaultMost
	Grace time.Duration // how long what runs may go on when the worker is to end; 0: 30 s; negative: not at all

	// Longest is how long one job may be judged; 0: 12 h. A task of a stranger may have ten thousand tests that each
	// keep their limits, and be run again and again.
	Longest time.Duration

	// Attempts is how often a job whose judging failed is tried, by all workers together, before the failure is
	// its result; 0: 3.
	Attempts int

	// Commands does jobs of kind "command"; what it writes is their record. An error is this host's. Nil: such
	// jobs are given back.
	Commands func(ctx context.Context, pool *judge.Pool, job queue.Job, record io.Writer) error

	Version string       // of judge, for records and the advert
	Log     *slog.Logger // nil: nothing is logged
}

// Worker judges the jobs of a queue. Its methods may be called concurrently.
type Worker struct {
	config       Config
	log          *slog.Logger
	store        *store
	tasks        *tasks
	compilations *cache.Store
	since        time.Time
	busy         atomic.Int64

	mu        sync.Mutex
	languages map[string]string // that it may be given, with their versions
	changed   chan struct{}     // tells of another language; has room for one
}

// compilationsSize bounds what is kept of compilations, in bytes: rejudging finds them.
const compilationsSize = 2 << 30

// New returns a worker that knows no language yet: see Offer. The error is ErrCacheInUse when another process has
// its directory. Close it after Run.
func New(c Config) (*Worker, error) {
	if c.Queue == nil || c.Pool == nil || c.Dir == "" || c.Name == "" {
		return nil, errors.New("bug: a worker without queue, pool, directory or name")
	}
	if c.Jobs <= 0 {
		c.Jobs = c.Pool.Jobs()
	}
	if c.Bytes <= 0 {
		c.Bytes = 10 << 30
	}
	if c.Most == (limits.Limits{}) {
		c.Most = DefaultMost(hostMemory(), c.Pool.Jobs())
	}
	if c.Grace == 0 {
		c.Grace = 30 * time.Second
	}
	if c.Longest <= 0 {
		c.Longest = 12 * time.Hour
	}
	if c.Attempts <= 0 {
		c.Attempts = 3
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{config: c, log: c.Log, since: time.Now(), languages: map[string]string{}, changed: make(chan struct{}, 1)}
	var err error
	if w.store, err = openStore(c.Dir, c.Bytes, c.Queue.OpenFile); err != nil {
		return nil, err
	}
	w.tasks = newTasks(w.store, c.Pool)
	if w.compilations, err = cache.Open(filepath.Join(c.Dir, "compilations"), compilationsSize); err != nil {
		return nil, errors.Join(err, w.store.close())
	}
	return w, nil
}

// Close lets go of the tasks and of the cache directory. Run has returned, or was never called.
func (w *Worker) Close() error {
	w.tasks.close()
	return w.store.close()
}

// Compilations are those that the worker remembers, for who has programs of its own judged on its pool.
func (w *Worker) Compilations() *cache.Store { return w.compilations }

// Most is what tasks may ask for here.
func (w *Worker) Most() limits.Limits { return w.config.Most }

// Offer says that the worker can judge programs in a language, and which version it has; the version may be
// empty.
func (w *Worker) Offer(language, version string) {
	w.mu.Lock()
	w.languages[language] = version
	w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *Worker) can(language string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.languages[language]
	return ok
}

func (w *Worker) offered() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.languages)
}

// farewell is how long the queue is tried to be told of what became of the last jobs.
const farewell = 10 * time.Second

// Run takes jobs and judges them until the context ends. Then it takes no more; what is judged at that time may
// come to its end within Config.Grace, and is given back otherwise. It returns an error only when the queue
// gives no jobs any more.
func (w *Worker) Run(ctx context.Context) error {
	judging, endJudging := context.WithCancelCause(context.WithoutCancel(ctx))
	defer endJudging(nil)
	telling, endTelling := context.WithCancel(context.WithoutCancel(ctx))
	defer endTelling()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-ctx.Done():
		case <-over:
			return
		}
		w.log.Info("takes no more jobs", "busy", w.busy.Load())
		pause(over, max(w.config.Grace, 0))
		endJudging(errEnding)
		pause(over, farewell)
		endTelling()
	}()
	advertising := w.advertise(ctx)
	err := w.take(ctx, func(d Delivery, judged func()) { w.handle(judging, telling, d, judged) })
	<-advertising
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// errEnding is why a job is given up when the worker ends.
var errEnding = errors.New("the worker ends")

// pause waits until something is over, or for some time.
func pause(over <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	}
}

// take has jobs done until the context ends, and waits for the last. do calls judged when a job's place may be
// another's: while the queue has yet to take results, others are judged, but not more than as many again.
func (w *Worker) take(ctx context.Context, do func(d Delivery, judged func())) error {
	var jobs sync.WaitGroup
	defer jobs.Wait()
	places := newPlaces(w.config.Jobs)
	held := make(chan struct{}, 2*w.config.Jobs+1)
	for {
		select {
		case held <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		if !places.take(ctx) {
			return nil
		}
		d, err := w.config.Queue.Take(ctx, w.can)
		if err != nil {
			return fmt.Errorf("take a job: %w", err)
		}
		jobs.Go(func() {
			defer func() { <-held }()
			begin := time.Now()
			judged := sync.OnceFunc(func() { places.leave(time.Since(begin)) })
			defer judged()
			do(d, judged)
		})
	}
}
