package judge

import (
	"context"
	"errors"
	"sync"
	"time"

	"judge/judge/cache"
)

// Batch judges the submissions of tasks and writes a record of everything that it does. The zero value makes
// DefaultJobs runs at one time and stops a submission at its first failed test case.
type Batch struct {
	Jobs     int      // runs at one time; 0: DefaultJobs
	AllTests bool     // skip no test but those of groups that depend on one without all its points
	Pin      bool     // bind each run to a physical core of its own and leave its siblings idle; Jobs is at most the cores
	Degraded bool     // accept a host that cannot enforce or measure every limit
	Pool     *Pool    // shared with other batches: Pin and Degraded are then its own, Jobs at most its; nil: the batch has its own
	Earlier  *Earlier // records that a batch of the same tasks has left, to go on after; nil: begin

	KeepOutput int // bytes of standard output, and of standard error, that the record of a run has; 0: KeepOutput

	Cache *cache.Store // keeps compilations for later batches; nil: nothing is kept

	Excerpts    bool         // records of runs have the beginnings of input and answer
	Transcripts bool         // records of interactions have their transcripts
	Replay      ReplaySource // plays the interactors' part from transcripts; nil: they are run
	Version     string       // of the judge, for the records
	Monitor     *Monitor     // can be asked where the batch stands; nil: nobody asks
}

// HostError says that this host cannot isolate programs or limit them.
type HostError struct{ Err error }

func (e *HostError) Error() string { return e.Err.Error() }
func (e *HostError) Unwrap() error { return e.Err }

// Run judges all tasks and gives their records, in plan order, to the sink, which it closes. It
// returns a *HostError if nothing could be run, the sink's error if records could not be written,
// and the context's cause if it was cancelled; the totals say what was done until then.
//
// Programs run in parallel, the test cases of one submission as well. Records are the same as if
// they had not: a test that cannot change the outcome any more is skipped, even if it was run.
func (b Batch) Run(ctx context.Context, tasks []Task, sink Sink) (Totals, error) {
	begin := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var resumed *resumedSink
	if b.Earlier != nil {
		resumed = newResumedSink(b.Earlier, sink)
		sink = resumed
	}
	out := NewOrdered(sink)
	q := newQueue(tasks, b.AllTests, nil, out, cancel)
	if resumed != nil {
		if complete, err := q.resume(ctx, resumed); complete || err != nil {
			q.close()
			return q.totals, errors.Join(err, out.Close())
		}
	}
	b.Monitor.watch(q.progress)
	pool, closePool, err := b.pool(q.size())
	if err != nil {
		q.close()
		return Totals{}, errors.Join(err, out.Close())
	}
	info := pool.info()
	info.Version = b.Version
	info.encode()
	q.info = &info
	err = b.work(ctx, q, pool)
	if cause := context.Cause(ctx); err == nil && cause != nil {
		err = cause
	}
	if err == nil {
		err = q.summarize(time.Since(begin))
	}
	var closed error
	var closing sync.WaitGroup
	closing.Go(func() { closed = closePool() }) // while the last records get to the disk
	err = errors.Join(err, out.Close())
	closing.Wait()
	return q.totals, errors.Join(err, closed)
}

// work runs the queue with as many workers as there can be runs at one time.
func (b Batch) work(ctx context.Context, q *queue, pool *Pool) error {
	jobs := b.jobs(pool, q.size())
	var workers sync.WaitGroup
	errs := make([]error, jobs)
	stop := context.AfterFunc(ctx, q.stop)
	defer stop()
	open, over := context.WithCancel(ctx)
	defer over()
	shared := b.newShared(pool)
	for i := range jobs {
		workers.Go(func() {
			if errs[i] = shared.work(ctx, open, q); errs[i] != nil {
				q.stop()
			}
			over() // when one has nothing to do, nobody has
		})
	}
	workers.Wait()
	q.close()
	return errors.Join(errs...)
}
